# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The sets that pruning moves weights into, each with its Euclidean projection.

The nearest weights of each set are the weights themselves with the positions of least energy
(sum of squares) at zero, so that a projection is a mask. A layer that has to lie in several sets
is projected on one after the other, see `project_on_all`; ADMM projects on each by itself.

Weights are floating point on any device, [filters, channels, ...] or, for a matrix,
[rows, columns]. Sums are taken in float64, and of equal energies the first stay.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from patternc.errors import PruningError
from patternc.prune.pattern_sets import PatternSet


class ConstraintSet(Protocol):
    """A set of weights.

    Attributes:
      name: short, unique among the sets of a layer.
    """

    name: ClassVar[str]

    def project(self, weight: Tensor) -> Tensor:
        """The weights to keep, bool of the shape of `weight`.

        Raises:
          PruningError: for weights that are not floating point, NaN or infinite.
        """
        ...

    def found(self) -> dict[str, Tensor]:
        """What of the set was found from the weights of a model and not given by its config."""
        ...

    def with_found(self, found: Mapping[str, Tensor]) -> "ConstraintSet":
        """The same set with what `found` of another one returned."""
        ...


class _Given:
    """A set that its config describes wholly."""

    def found(self) -> dict[str, Tensor]:
        return {}

    def with_found(self, found: Mapping[str, Tensor]):
        return self


@dataclass(frozen=True, eq=False)
class Patterns:
    """Each kernel keeps the positions of a pattern, in a group of filters the same one.

    Z step of the extended ADMM of [PatDNN] (ASPLOS 2020).

    Attributes:
      pattern_set: the patterns.
      group: group of each filter, int64 [filters], as from `filter_groups`.
    """

    name: ClassVar[str] = "patterns"
    pattern_set: PatternSet
    group: Tensor

    def choose(self, weight: Tensor) -> Tensor:
        """Pattern ids, int64 [filters, channels], from 1."""
        energy = _energy(weight).flatten(2)
        masks = self.pattern_set.masks().to(energy)
        if energy.shape[2] != masks.shape[1]:
            height, width = self.pattern_set.kernel
            raise PruningError(
                f"weight has shape {list(weight.shape)}, but the pattern set is for "
                f"{height}x{width} kernels"
            )
        return _sums(energy @ masks.T, self.group).argmax(dim=2)[self.group] + 1

    def project(self, weight: Tensor) -> Tensor:
        masks = self.pattern_set.masks().to(weight.device)
        return masks[self.choose(weight) - 1].reshape(weight.shape)

    def found(self) -> dict[str, Tensor]:
        return {"group": self.group, "patterns": self.pattern_set.masks()}

    def with_found(self, found: Mapping[str, Tensor]) -> "Patterns":
        rows = found["patterns"].cpu().tolist()
        patterns = tuple(tuple(p for p, kept in enumerate(row) if kept) for row in rows)
        return Patterns(
            PatternSet(self.pattern_set.kernel, patterns), found["group"].to(self.group)
        )


@dataclass(frozen=True, eq=False)
class Connectivity:
    """The kernels of largest norm stay, as many in every filter; in a group the same ones.

    Y step of the extended ADMM of [PatDNN] (ASPLOS 2020), with balanced filters.

    Attributes:
      rate: kernels before over kernels after, at least 1.
      group: group of each filter, int64 [filters], as from `filter_groups`; None for the form
        'layer', where the kernels of a whole layer compete.
    """

    name: ClassVar[str] = "connectivity"
    rate: float
    group: Tensor | None

    def project(self, weight: Tensor) -> Tensor:
        norms = _energy(weight).flatten(2).sum(dim=2)
        if self.group is None:
            keep = _largest(norms.flatten(), kept(norms.numel(), self.rate)).reshape(norms.shape)
        else:
            keep = _largest(_sums(norms, self.group), kept(norms.shape[1], self.rate))[self.group]
        return keep.reshape(*keep.shape, *[1] * (weight.dim() - 2)).expand(weight.shape).clone()

    def found(self) -> dict[str, Tensor]:
        return {} if self.group is None else {"group": self.group}

    def with_found(self, found: Mapping[str, Tensor]) -> "Connectivity":
        return self if self.group is None else replace(self, group=found["group"].to(self.group))


@dataclass(frozen=True)
class Unstructured(_Given):
    """The weights of largest magnitude stay, wherever they are.

    Attributes:
      rate: weights before over weights after, at least 1.
    """

    name: ClassVar[str] = "unstructured"
    rate: float

    def project(self, weight: Tensor) -> Tensor:
        energy = _energy(weight).flatten()
        return _largest(energy, kept(len(energy), self.rate)).reshape(weight.shape)


@dataclass(frozen=True)
class Filters(_Given):
    """The filters of largest norm stay.

    Attributes:
      rate: filters before over filters after, at least 1.
    """

    name: ClassVar[str] = "filters"
    rate: float

    def project(self, weight: Tensor) -> Tensor:
        norms = _energy(weight).flatten(1).sum(dim=1)
        keep = _largest(norms, kept(len(norms), self.rate))
        return keep.reshape(-1, *[1] * (weight.dim() - 1)).expand(weight.shape).clone()


@dataclass(frozen=True)
class TwoOfFour(_Given):
    """Of four neighbouring input channels, at every position, the two largest weights stay.

    Attributes:
      axis: of the input channels.
    """

    name: ClassVar[str] = "2:4"
    axis: int = 1

    def project(self, weight: Tensor) -> Tensor:
        channels = weight.shape[self.axis]
        if channels % 4:
            raise PruningError(f"2:4 needs a multiple of 4 channels, found {channels}")
        fours = _energy(weight).movedim(self.axis, -1).unflatten(-1, (-1, 4))
        return _largest(fours, 2).flatten(-2).movedim(-1, self.axis).contiguous()


@dataclass(frozen=True)
class BlockColumns(_Given):
    """A matrix in blocks, each with its columns of largest norm.

    With `BlockRows` the block-based column-row form of GRIM (arXiv 2108.11033).

    Attributes:
      rate: columns of a block before over after, at least 1.
      rows: rows in a block; the last blocks of a matrix may be smaller.
      columns: columns in a block, None for all of the matrix.
    """

    name: ClassVar[str] = "block columns"
    rate: float
    rows: int
    columns: int | None

    def project(self, weight: Tensor) -> Tensor:
        energy = _energy(weight)
        block = torch.arange(len(energy), device=energy.device) // self.rows
        norms = _sums(energy, block)
        blocks = norms.split(self.columns or norms.shape[1], dim=1)
        keep = [_largest(norms, kept(norms.shape[1], self.rate)) for norms in blocks]
        return torch.cat(keep, dim=1)[block]


@dataclass(frozen=True)
class BlockRows(_Given):
    """A matrix in blocks, each with its rows of largest norm; attributes as `BlockColumns`.

    Also the rows may be None, for all of the matrix.
    """

    name: ClassVar[str] = "block rows"
    rate: float
    rows: int | None
    columns: int | None

    def project(self, weight: Tensor) -> Tensor:
        turned = BlockColumns(self.rate, self.columns or weight.shape[1], self.rows)
        return turned.project(weight.T).T.contiguous()


def project_on_all(weight: Tensor, sets: Iterable[ConstraintSet]) -> Tensor:
    """The weights to keep, bool, after projecting on each set in turn.

    With connectivity before patterns this is the hard pruning of [PatDNN] (ASPLOS 2020).
    """
    mask = torch.ones_like(weight, dtype=torch.bool)
    for constraint_set in sets:
        mask &= constraint_set.project(weight.detach().masked_fill(~mask, 0))
    return mask


def kept(count: int, rate: float) -> int:
    """How many of `count` things are left at a rate: at least one."""
    return max(1, math.floor(count / rate + 0.5))


def _energy(weight: Tensor) -> Tensor:
    if not weight.is_floating_point():
        raise PruningError(f"weight is {weight.dtype}, expected floating point")
    if not weight.isfinite().all():
        raise PruningError("weight holds NaN or infinite values")
    return weight.detach().double().square()


def _sums(values: Tensor, group: Tensor) -> Tensor:
    """Sums over the members of each group along the first dimension."""
    return values.new_zeros(int(group.max()) + 1, *values.shape[1:]).index_add_(0, group, values)


def _largest(values: Tensor, count: int) -> Tensor:
    """Mask of the `count` largest along the last dimension."""
    order = values.argsort(dim=-1, descending=True, stable=True)[..., :count]
    return torch.zeros_like(values, dtype=torch.bool).scatter_(-1, order, True)
