# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What pruning did, or would do, to each weight of a model."""

import math
from dataclasses import dataclass, field

from tabulate import tabulate
from torch import Tensor

from patternc.prune.pattern_sets import PatternSet
from patternc.prune.plan import LayerPlan


@dataclass(frozen=True, eq=False)
class LayerPruning:
    """What pruning did to one weight.

    Attributes:
      name: module name; for a parameter that is not called `weight`, its own full name.
      shape: shape of the weight.
      kept_kernels: kernels that are not removed, of `kernels`; where the layer was skipped,
        those that are not zero.
      kept_weights: likewise of `weights`.
      structure: the sets that the weight lies in, by name; empty for a layer that was skipped.
      patterns: the pattern set used, None where there are no patterns.
      note: why the layer was skipped, or which part of pruning left it alone; else empty.
      mask: the weights to keep, bool, of `shape`; None for a layer that was skipped.
    """

    name: str
    shape: tuple[int, ...]
    kept_kernels: int
    kept_weights: int
    structure: tuple[str, ...] = ()
    patterns: PatternSet | None = None
    note: str = ""
    mask: Tensor | None = field(default=None, repr=False)

    @property
    def kernels(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def weights(self) -> int:
        return math.prod(self.shape)

    @property
    def rate(self) -> float:
        """Weights before over weights after."""
        return self.weights / self.kept_weights if self.kept_weights else math.inf


@dataclass(frozen=True, eq=False)
class PruningReport:
    """Result of `prune_`, `analyze` and `Pruner.finalize`.

    Attributes:
      layers: every weight with two or more dimensions, in the order of the model, whether
        it was pruned or skipped.
    """

    layers: tuple[LayerPruning, ...]

    @property
    def masks(self) -> dict[str, Tensor]:
        """Mask of each pruned layer by name, bool, True where the weight is kept."""
        return {layer.name: layer.mask for layer in self.layers if layer.mask is not None}

    @property
    def rate(self) -> float:
        """Weights before over weights after, over the layers that were pruned."""
        pruned = [layer for layer in self.layers if layer.mask is not None]
        return sum(layer.weights for layer in pruned) / sum(layer.kept_weights for layer in pruned)

    def report(self) -> str:
        """A table of the layers, and the overall rate."""
        rows = [
            (
                layer.name or "(model)",
                "x".join(map(str, layer.shape)),
                len(layer.patterns) if layer.patterns else "-",
                f"{layer.kept_kernels}/{layer.kernels}",
                f"{layer.kept_weights}/{layer.weights}",
                f"{layer.rate:.2f}x",
                layer.note,
            )
            for layer in self.layers
        ]
        headers = ("layer", "shape", "patterns", "kernels", "weights", "rate", "note")
        table = tabulate(rows, headers, disable_numparse=True)
        return f"{table}\n\npruned layers together: {self.rate:.2f}x"


def describe(layer: LayerPlan, mask: Tensor | None) -> LayerPruning:
    """The entry of one layer, with the mask of what it keeps, None if it was skipped."""
    shape = tuple(layer.weight.shape)
    kept = layer.weight.ne(0) if mask is None else mask
    kernels = kept.reshape(shape[0], shape[1], math.prod(shape[2:]))
    return LayerPruning(
        layer.name,
        shape,
        int(kernels.any(dim=2).sum()),
        int(kernels.sum()),
        tuple(constraint_set.name for constraint_set in layer.sets),
        layer.patterns,
        layer.note,
        mask,
    )
