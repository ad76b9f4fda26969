# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Masks of pruned weights, as buffers of the modules that have the weights.

The mask of a parameter `weight` is the buffer `weight_mask`, bool, True where the weight is kept.
No forward pass reads it: removed weights are zero, and masks only tell training to leave them so.
They are therefore saved, loaded, copied, moved and broadcast with the model, and leave no trace
in what is exported of it.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from patternc.prune.plan import LayerPlan


def add_mask(layer: LayerPlan) -> None:
    """Registers the mask of a layer, which keeps everything, unless it has one already."""
    if not hasattr(layer.module, _name(layer)):
        keep = torch.ones_like(layer.weight, dtype=torch.bool)
        layer.module.register_buffer(_name(layer), keep)


def mask_of(layer: LayerPlan) -> Tensor:
    """The mask itself, to read or to write into."""
    return getattr(layer.module, _name(layer))


@torch.no_grad()
def apply_masks(layers: Iterable[LayerPlan]) -> None:
    """Sets the weights that masks remove to positive zero."""
    for layer in layers:
        layer.weight.masked_fill_(~mask_of(layer), 0)


def remove_mask(layer: LayerPlan) -> None:
    """Takes the mask away; the weight stays as it is."""
    delattr(layer.module, _name(layer))


def _name(layer: LayerPlan) -> str:
    return f"{layer.parameter}_mask"
