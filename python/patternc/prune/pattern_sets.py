# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pattern sets: which positions of a kernel keep their weight.

Positions count row-major from 0, so the centre of a 3x3 kernel is 4. The id of a
pattern is its place in the set counted from 1; id 0 is a removed kernel.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from patternc.errors import PruningError


@dataclass(frozen=True)
class PatternSet:
    """The patterns that the kernels of a layer may take, in the order of their ids.

    Attributes:
      kernel: (height, width) of the kernels.
      patterns: the kept positions of each pattern, sorted.

    Raises:
      PruningError: when the kernel is empty, or a pattern is empty, repeats a position,
        leaves the kernel or appears twice.
    """

    kernel: tuple[int, int]
    patterns: tuple[tuple[int, ...], ...]

    def __post_init__(self):
        object.__setattr__(self, "kernel", tuple(self.kernel))
        object.__setattr__(self, "patterns", tuple(tuple(sorted(p)) for p in self.patterns))
        if len(self.kernel) != 2 or min(self.kernel) < 1:
            raise PruningError(
                f"kernel is {self.kernel}, expected (height, width), both at least 1"
            )
        if not self.patterns:
            raise PruningError("pattern set is empty, expected at least one pattern")
        height, width = self.kernel
        for pattern in self.patterns:
            if not pattern:
                raise PruningError("pattern () keeps no position, expected at least one")
            if len(set(pattern)) != len(pattern):
                raise PruningError(f"pattern {pattern} repeats a position")
            if pattern[0] < 0 or pattern[-1] >= height * width:
                raise PruningError(
                    f"pattern {pattern} leaves the {height}x{width} kernel, "
                    f"expected positions from 0 to {height * width - 1}"
                )
        if len(set(self.patterns)) != len(self.patterns):
            raise PruningError("pattern set holds the same pattern twice")

    def __len__(self) -> int:
        return len(self.patterns)

    def masks(self) -> Tensor:
        """The patterns as a boolean tensor [patterns, height * width]."""
        masks = torch.zeros(len(self), self.kernel[0] * self.kernel[1], dtype=torch.bool)
        for row, pattern in zip(masks, self.patterns, strict=True):
            row[list(pattern)] = True
        return masks

    def to_plain(self) -> list[list[int]]:
        """The kept positions of each pattern, as configs have them in YAML."""
        return [list(pattern) for pattern in self.patterns]


FOUR_SQUARES = PatternSet((3, 3), ((0, 1, 3, 4), (1, 2, 4, 5), (3, 4, 6, 7), (4, 5, 7, 8)))
"""The four 2x2 squares that hold the centre of a 3x3 kernel."""

EIGHT_PATTERNS = PatternSet(
    (3, 3), (*FOUR_SQUARES.patterns, (1, 3, 4, 5), (3, 4, 5, 7), (1, 4, 5, 7), (1, 3, 4, 7))
)
"""The squares and the four T shapes; closed under rotation and reflection. The default."""

TWELVE_PATTERNS = PatternSet(
    (3, 3), (*EIGHT_PATTERNS.patterns, (0, 1, 2, 4), (2, 4, 5, 8), (4, 6, 7, 8), (0, 3, 4, 6))
)
"""The eight, and the centre with a whole side; closed under rotation and reflection, too.

Of the ten classes of natural patterns that rotation and reflection leave, this is the most frequent
outside the eight in five trained `DigitsNet`s.
"""

NAMED_SETS = {"four": FOUR_SQUARES, "eight": EIGHT_PATTERNS, "twelve": TWELVE_PATTERNS}
"""The published sets by the names that a config gives them."""


def all_positions(kernel: tuple[int, int]) -> PatternSet:
    """The set of one pattern that keeps everything: a dense kernel."""
    return PatternSet(kernel, (tuple(range(kernel[0] * kernel[1])),))


def natural_patterns(
    weights: nn.Module | Iterable[Tensor],
    *,
    kernel: tuple[int, int] = (3, 3),
    entries: int | None = None,
) -> Counter[tuple[int, ...]]:
    """Counts the natural pattern of every kernel that is not empty.

    The natural pattern of a kernel is its centre and its other positions of largest
    magnitude ([PatDNN], ASPLOS 2020): one of 56 for four entries of a 3x3 kernel.

    Args:
      weights: a model, whose Conv2d layers with this kernel are counted, or the weight
        tensors themselves, each [filters, channels, height, width].
      kernel: (height, width).
      entries: positions in a pattern; 4/9 of the kernel, rounded, when not given.

    Raises:
      PruningError: when `entries` does not fit the kernel, or a tensor has another kernel.
    """
    height, width = kernel
    positions = height * width
    if entries is None:
        entries = max(1, round(positions * 4 / 9))
    if not 1 <= entries <= positions:
        raise PruningError(
            f"entries is {entries}, expected 1 to {positions} for a {height}x{width} kernel"
        )
    if isinstance(weights, nn.Module):
        convolutions = (m for m in weights.modules() if isinstance(m, nn.Conv2d))
        weights = [m.weight for m in convolutions if m.kernel_size == kernel]

    counts: Counter[bytes] = Counter()
    for weight in weights:
        if tuple(weight.shape[2:]) != kernel:
            raise PruningError(
                f"weight has shape {list(weight.shape)}, expected {height}x{width} kernels"
            )
        magnitude = weight.detach().abs().reshape(-1, positions)
        magnitude = magnitude[magnitude.any(dim=1)]
        magnitude[:, height // 2 * width + width // 2] = torch.inf
        kept = magnitude.topk(entries, dim=1).indices.sort(dim=1).values
        counts.update(row.tobytes() for row in kept.short().cpu().numpy())
    return Counter(
        {tuple(np.frombuffer(row, dtype=np.int16).tolist()): count for row, count in counts.items()}
    )


def natural_set(
    weights: nn.Module | Iterable[Tensor],
    *,
    kernel: tuple[int, int] = (3, 3),
    entries: int | None = None,
    size: int = 8,
) -> PatternSet:
    """The `size` most frequent natural patterns of the weights, most frequent first.

    Fewer when the kernels show fewer. Arguments as in `natural_patterns`.

    Raises:
      PruningError: as `natural_patterns`; when `size` is not positive; when no kernel has
        a weight to count.
    """
    if size < 1:
        raise PruningError(f"size of the pattern set is {size}, expected at least 1")
    counts = natural_patterns(weights, kernel=kernel, entries=entries)
    if not counts:
        raise PruningError(
            f"no natural pattern: the weights hold no {kernel[0]}x{kernel[1]} kernel that is "
            "not empty; give a pattern set"
        )
    ranked = sorted(counts, key=lambda pattern: (-counts[pattern], pattern))
    return PatternSet(kernel, tuple(ranked[:size]))


def default_for(kernel: tuple[int, int], weights: nn.Module | Iterable[Tensor] = ()) -> PatternSet:
    """The set that pruning uses for a kernel size when none is given.

    `EIGHT_PATTERNS` for 3x3, the one pattern for 1x1, and for any other size the eight
    most frequent natural patterns of `weights` (as in `natural_set`).
    """
    if kernel == EIGHT_PATTERNS.kernel:
        return EIGHT_PATTERNS
    if kernel == (1, 1):
        return all_positions(kernel)
    return natural_set(weights, kernel=kernel)
