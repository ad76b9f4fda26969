# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Projections: nearest point, idempotent, and the constraint of each set."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from patternc.errors import PruningError
from patternc.prune import (
    EIGHT_PATTERNS,
    BlockColumns,
    BlockRows,
    Connectivity,
    Filters,
    Patterns,
    PatternSet,
    TwoOfFour,
    Unstructured,
    all_positions,
    filter_groups,
    project_on_all,
)
from patternc.prune.constraint_sets import kept

SQUARE_2X2 = PatternSet((2, 2), [(0, 1), (0, 3), (2,)])


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def distance(weight: torch.Tensor, mask: torch.Tensor) -> float:
    return weight[~mask].double().square().sum().item()


@st.composite
def kernels(draw):
    """Weights of a convolution, and the sets that they take, by any form."""
    kernel = draw(st.sampled_from([(1, 1), (2, 2), (3, 3), (1, 3), (5, 5), (7, 7)]))
    positions = range(kernel[0] * kernel[1])
    pattern = st.sets(st.sampled_from(positions), min_size=1).map(lambda p: tuple(sorted(p)))
    patterns = draw(st.lists(pattern, min_size=1, max_size=4, unique=True))
    groups = draw(st.integers(1, 3))
    filters = groups * draw(st.integers(1, 9))
    weight = randn(filters, draw(st.integers(1, 8)), *kernel, seed=draw(st.integers(0, 999)))
    form = draw(st.sampled_from(["layer", "filter", "group"]))
    size = draw(st.sampled_from([1, 2, 3, 4, 8]))
    group = filter_groups(weight, form=form, group_size=size, groups=groups)
    rate = draw(st.floats(1, 9))
    sets = (
        Connectivity(rate, None if form == "layer" else group),
        Patterns(PatternSet(kernel, patterns), group),
    )
    return weight, sets, group


@st.composite
def any_weights(draw):
    """Weights and one set, of every kind."""
    rate = draw(st.floats(1, 9))
    kind = draw(st.sampled_from(["kernels", "unstructured", "filters", "2:4", "matrix"]))
    seed = draw(st.integers(0, 999))
    if kind == "kernels":
        weight, sets, _ = draw(kernels())
        return weight, draw(st.sampled_from(sets))
    if kind == "matrix":
        weight = randn(draw(st.integers(1, 12)), draw(st.integers(1, 12)), seed=seed)
        columns = draw(st.none() | st.integers(1, 5))
        block = draw(st.sampled_from([BlockColumns, BlockRows]))
        return weight, block(rate, draw(st.integers(1, 5)), columns)
    rest = draw(st.sampled_from([(), (3,), (3, 3)]))
    weight = randn(draw(st.integers(1, 9)), 4 * draw(st.integers(1, 3)), *rest, seed=seed)
    sets = {"unstructured": Unstructured(rate), "filters": Filters(rate), "2:4": TwoOfFour()}
    return weight, sets[kind]


@given(any_weights())
@settings(deadline=None)
def test_idempotent(case):
    weight, constraint_set = case
    once = weight * constraint_set.project(weight)
    assert torch.equal(once * constraint_set.project(once), once)


@given(kernels())
@settings(deadline=None)
def test_connectivity_and_patterns_together(case):
    weight, sets, group = case
    mask = project_on_all(weight, sets)
    again = project_on_all(weight * mask, sets)
    assert torch.equal(weight * mask, weight * mask * again)

    supports = mask.flatten(2)
    connected = supports.any(dim=2)
    connectivity, patterns = sets
    filters, channels = connected.shape
    if connectivity.group is None:
        assert connected.sum() == kept(filters * channels, connectivity.rate)
    else:
        assert (connected.sum(dim=1) == kept(channels, connectivity.rate)).all()
    allowed = {tuple(row) for row in patterns.pattern_set.masks().tolist()}
    assert {tuple(row) for row in supports[connected].tolist()} <= allowed
    for members in (torch.nonzero(group == g).flatten() for g in group.unique()):
        assert (supports[members] == supports[members[0]]).all()


@given(kernels())
@settings(deadline=None)
def test_all_positions_at_rate_1_keep_everything(case):
    weight, (connectivity, patterns), group = case
    everything = all_positions(patterns.pattern_set.kernel)
    group = None if connectivity.group is None else group
    assert project_on_all(
        weight, (Connectivity(1, group), Patterns(everything, patterns.group))
    ).all()


def masks_of_patterns(group: list[int]) -> list[torch.Tensor]:
    """Every mask of two filters of three 2x2 kernels, a choice for each group and channel."""
    patterns = SQUARE_2X2.masks().reshape(-1, 2, 2)
    choices = itertools.product(patterns, repeat=3 * (max(group) + 1))
    return [torch.stack(choice).reshape(-1, 3, 2, 2)[group] for choice in choices]


def masks_that_keep(shape: tuple[int, ...], count: int) -> list[torch.Tensor]:
    """Every mask of a shape that keeps so many positions."""
    size = int(torch.Size(shape).numel())
    rows = []
    for positions in itertools.combinations(range(size), count):
        rows.append(torch.zeros(size, dtype=torch.bool))
        rows[-1][list(positions)] = True
    return [row.reshape(shape) for row in rows]


def every_two(masks: list[torch.Tensor], dim: int = 0) -> list[torch.Tensor]:
    return [torch.cat(pair, dim) for pair in itertools.product(masks, repeat=2)]


def kernels_of(masks: list[torch.Tensor]) -> list[torch.Tensor]:
    return [mask[:, :, None, None].expand(-1, -1, 2, 2) for mask in masks]


two_filters = (2, 3, 2, 2)
alone, together = torch.tensor([0, 1]), torch.tensor([0, 0])
EVERY_POINT = {
    "patterns of filters": (two_filters, Patterns(SQUARE_2X2, alone), masks_of_patterns([0, 1])),
    "patterns of a group": (two_filters, Patterns(SQUARE_2X2, together), masks_of_patterns([0, 0])),
    "kernels of a layer": (
        two_filters,
        Connectivity(2, None),
        kernels_of(masks_that_keep((2, 3), 3)),
    ),
    "kernels of filters": (
        two_filters,
        Connectivity(1.5, alone),
        kernels_of(every_two(masks_that_keep((1, 3), 2))),
    ),
    "kernels of a group": (
        two_filters,
        Connectivity(1.5, together),
        kernels_of([mask.expand(2, 3) for mask in masks_that_keep((1, 3), 2)]),
    ),
    "unstructured": ((2, 2, 2), Unstructured(2.7), masks_that_keep((2, 2, 2), 3)),
    "filters": (
        (5, 2, 2),
        Filters(2.5),
        [mask[:, None, None].expand(5, 2, 2) for mask in masks_that_keep((5,), 2)],
    ),
    "2:4": (
        (2, 4, 2),
        TwoOfFour(),
        [
            torch.stack(four, dim=1).reshape(4, 2, 2).permute(1, 0, 2)
            for four in itertools.product(masks_that_keep((4,), 2), repeat=4)
        ],
    ),
    "columns of blocks": (
        (4, 4),
        BlockColumns(2, 2, None),
        every_two([mask.expand(2, 4) for mask in masks_that_keep((1, 4), 2)]),
    ),
    "columns of small blocks": (
        (2, 4),
        BlockColumns(2, 2, 2),
        every_two([mask.expand(2, 2) for mask in masks_that_keep((1, 2), 1)], dim=1),
    ),
    "rows of blocks": (
        (4, 4),
        BlockRows(4, 4, 2),
        every_two([mask.expand(4, 2) for mask in masks_that_keep((4, 1), 1)], dim=1),
    ),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("shape", "constraint_set", "points"), EVERY_POINT.values(), ids=EVERY_POINT
)
def test_nearest_point(shape, constraint_set, points, seed):
    """Against every point of the set."""
    weight = randn(*shape, seed=seed)
    mask = constraint_set.project(weight)
    assert any(torch.equal(mask, point) for point in points)
    assert distance(weight, mask) == pytest.approx(min(distance(weight, p) for p in points))


def test_pattern_ids_are_of_the_nearest_pattern():
    weight = randn(4, 5, 3, 3)
    patterns = Patterns(EIGHT_PATTERNS, torch.arange(4))
    ids = patterns.choose(weight)
    masks = EIGHT_PATTERNS.masks().reshape(-1, 3, 3)
    for o, i in itertools.product(range(4), range(5)):
        distances = [distance(weight[o, i], mask) for mask in masks]
        assert ids[o, i] == 1 + distances.index(min(distances))


@pytest.mark.parametrize("weight", [randn(8, 4, 3, 3), randn(8, 4, 3)])
def test_what_was_found_makes_the_same_set_again(weight):
    kernel = (3, 3) if weight.dim() == 4 else (1, 3)
    group = filter_groups(weight, form="group", group_size=2)
    sets = (
        Connectivity(2, group),
        Patterns(PatternSet(kernel, [(0, 1), (1, 2)]), group),
    )
    other = filter_groups(randn(*weight.shape, seed=1), form="group", group_size=2)
    fresh = (Connectivity(2, other), Patterns(PatternSet(kernel, [(2,)]), other))
    again = [a.with_found(b.found()) for a, b in zip(fresh, sets, strict=True)]
    assert torch.equal(project_on_all(weight, again), project_on_all(weight, sets))
    assert Unstructured(2).with_found(Unstructured(2).found()) == Unstructured(2)


@pytest.mark.parametrize(
    ("channels", "rate", "left"),
    [(256, 3.6, 71), (64, 3.6, 18), (3, 100, 1), (7, 1, 7), (4, 1.6, 3)],
)
def test_how_many_are_kept(channels, rate, left):
    assert kept(channels, rate) == left


def test_errors():
    weight = randn(4, 4, 3, 3)
    with pytest.raises(PruningError, match="but the pattern set is for 2x2 kernels"):
        Patterns(SQUARE_2X2, torch.arange(4)).project(weight)
    with pytest.raises(PruningError, match=r"weight is torch\.int32, expected floating point"):
        Filters(2).project(weight.int())
    with pytest.raises(PruningError, match="a multiple of 4 channels, found 3"):
        TwoOfFour().project(weight[:, :3])
    weight[1, 2, 0, 0] = float("nan")
    with pytest.raises(PruningError, match="NaN or infinite"):
        Unstructured(2).project(weight)
