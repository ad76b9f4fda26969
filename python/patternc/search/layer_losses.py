# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a model loses when one of its layers is pruned alone."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from tqdm import tqdm

from patternc.errors import SearchError
from patternc.prune.plan import LayerPlan

Evaluate = Callable[[nn.Module], float]
"""A metric of a model, larger when it is better."""


@dataclass(frozen=True, eq=False)
class MaskedWeight:
    """A weight, and what pruning would keep of it.

    Attributes:
      layer: the layer, at some rate.
      mask: the weights to keep, bool; where nothing is pruned, those that are not zero.
    """

    layer: LayerPlan
    mask: Tensor

    @classmethod
    def of(cls, layer: LayerPlan) -> "MaskedWeight":
        return cls(layer, layer.mask() if layer.pruned else layer.weight.ne(0))


def layer_losses(
    model: nn.Module,
    layers: Sequence[Sequence[MaskedWeight]],
    evaluate: Evaluate | None,
    *,
    progress: bool,
) -> list[list[float]]:
    """The loss of each option of each layer: the part of its energy (sum of squares) that the mask
    removes or, with a metric, how much that falls. The weights are the same again afterwards.

    Raises:
      SearchError: when the metric is not finite.
    """
    whole = _metric(evaluate, model, "the model as it is") if evaluate else 0.0
    losses = []
    with tqdm(
        total=sum(map(len, layers)), desc="losses", disable=None if progress else True
    ) as bar:
        for options in layers:
            losses.append([])
            for option in options:
                losses[-1].append(
                    whole - _metric_without(option, evaluate, model)
                    if evaluate
                    else _energy_lost(option)
                )
                bar.update()
    return losses


def _energy_lost(option: MaskedWeight) -> float:
    energy = option.layer.weight.detach().double().square()
    lost, whole = energy[~option.mask].sum(), energy.sum()
    return float(lost / whole) if whole else 0.0


@torch.no_grad()
def _metric_without(option: MaskedWeight, evaluate: Evaluate, model: nn.Module) -> float:
    weight = option.layer.weight
    before = weight.clone()
    weight.masked_fill_(~option.mask, 0)
    try:
        return _metric(evaluate, model, f"the model with '{option.layer.name}' pruned")
    finally:
        weight.copy_(before)


def _metric(evaluate: Evaluate, model: nn.Module, what: str) -> float:
    value = float(evaluate(model))
    if not math.isfinite(value):
        raise SearchError(f"evaluate gives {value} for {what}, expected a finite number")
    return value
