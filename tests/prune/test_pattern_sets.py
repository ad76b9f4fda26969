# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pattern sets: the published ones, natural patterns, and what is refused."""

import math

import pytest
import torch
from torch import nn

from patternc.errors import PruningError
from patternc.prune import (
    EIGHT_PATTERNS,
    FOUR_SQUARES,
    TWELVE_PATTERNS,
    PatternSet,
    all_positions,
    default_for,
    natural_patterns,
    natural_set,
)


def kernel_of(**values: float) -> torch.Tensor:
    """A 3x3 kernel from positions, `kernel_of(p0=1, p4=2)`."""
    kernel = torch.zeros(9)
    for position, value in values.items():
        kernel[int(position[1:])] = value
    return kernel.reshape(3, 3)


def test_published_sets():
    assert FOUR_SQUARES.patterns == EIGHT_PATTERNS.patterns[:4]
    assert EIGHT_PATTERNS.patterns == TWELVE_PATTERNS.patterns[:8]
    assert EIGHT_PATTERNS.patterns[4:] == ((1, 3, 4, 5), (3, 4, 5, 7), (1, 4, 5, 7), (1, 3, 4, 7))
    assert all(len(pattern) == 4 and 4 in pattern for pattern in TWELVE_PATTERNS.patterns)


@pytest.mark.parametrize("pattern_set", [FOUR_SQUARES, EIGHT_PATTERNS, TWELVE_PATTERNS])
@pytest.mark.parametrize("move", [torch.rot90, torch.fliplr])
def test_published_sets_are_closed_under_symmetry(pattern_set, move):
    grid = torch.arange(9).reshape(3, 3)
    moved = {
        tuple(sorted(move(grid).flatten()[list(pattern)].tolist()))
        for pattern in pattern_set.patterns
    }
    assert moved == set(pattern_set.patterns)


def test_patterns_are_sorted_and_keep_their_order():
    patterns = PatternSet((1, 5), [[4, 2], [1, 0]])
    assert patterns.patterns == ((2, 4), (0, 1))
    assert patterns.masks().tolist() == [
        [False, False, True, False, True],
        [True, True, False, False, False],
    ]


@pytest.mark.parametrize(
    ("kernel", "patterns", "message"),
    [
        ((3, 0), [[0]], "both at least 1"),
        ((3,), [[0]], "both at least 1"),
        ((3, 3), [], "pattern set is empty"),
        ((3, 3), [[4], []], "keeps no position"),
        ((3, 3), [[4, 4]], "repeats a position"),
        ((3, 3), [[4, 9]], "leaves the 3x3 kernel"),
        ((3, 3), [[-1, 4]], "leaves the 3x3 kernel"),
        ((3, 3), [[4, 5], [5, 4]], "same pattern twice"),
    ],
)
def test_invalid_set(kernel, patterns, message):
    with pytest.raises(PruningError, match=message):
        PatternSet(kernel, patterns)


def test_natural_patterns_keep_the_centre_and_the_largest():
    weight = torch.stack(
        [
            kernel_of(p0=5, p1=-4, p2=1, p3=3),
            kernel_of(p0=1, p1=2, p2=0.5, p3=-9, p4=7),
            kernel_of(p6=3, p7=3, p8=3),
            kernel_of(),
        ]
    ).reshape(2, 2, 3, 3)
    assert natural_patterns([weight]) == {(0, 1, 3, 4): 2, (4, 6, 7, 8): 1}
    assert natural_set([weight], size=1) == PatternSet((3, 3), [(0, 1, 3, 4)])


def test_a_dense_model_shows_all_56_natural_patterns():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Conv2d(64, 8, 1))
    counts = natural_patterns(model)
    assert len(counts) == math.comb(8, 3)
    assert counts.total() == 64 * 64
    ranked = natural_set(model, size=12).patterns
    assert [counts[p] for p in ranked] == sorted(counts.values(), reverse=True)[:12]


def test_defaults():
    assert default_for((3, 3)) == EIGHT_PATTERNS
    assert default_for((1, 1)) == all_positions((1, 1)) == PatternSet((1, 1), [(0,)])
    assert all_positions((2, 3)).patterns == ((0, 1, 2, 3, 4, 5),)


@pytest.mark.parametrize("kernel", [(5, 5), (7, 7), (2, 2), (1, 3), (11, 11)])
def test_default_for_other_sizes_comes_from_the_weights(kernel):
    torch.manual_seed(0)
    height, width = kernel
    patterns = default_for(kernel, [torch.randn(32, 8, *kernel)])
    assert 1 <= len(patterns) <= 8
    centre = height // 2 * width + width // 2
    for pattern in patterns.patterns:
        assert len(pattern) == round(height * width * 4 / 9)
        assert centre in pattern


def test_natural_pattern_errors():
    weight = torch.ones(1, 1, 3, 3)
    with pytest.raises(PruningError, match="entries is 10, expected 1 to 9"):
        natural_patterns([weight], entries=10)
    with pytest.raises(PruningError, match="expected 5x5 kernels"):
        natural_patterns([weight], kernel=(5, 5))
    with pytest.raises(PruningError, match="size of the pattern set is 0"):
        natural_set([weight], size=0)
    with pytest.raises(PruningError, match="no 3x3 kernel that is not empty"):
        natural_set([torch.zeros(4, 4, 3, 3)])
