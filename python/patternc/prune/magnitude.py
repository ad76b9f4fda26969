# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Magnitude pruning of a whole model at once, in place."""

from typing import Any

import torch
from torch import nn

from patternc.prune.config import PruningConfig
from patternc.prune.plan import plan
from patternc.prune.report import PruningReport, describe


def analyze(model: nn.Module, config: PruningConfig | None = None, **fields: Any) -> PruningReport:
    """What `prune_` would do; the model is not changed. Arguments and errors as there."""
    layers = plan(model, (config or PruningConfig()).replaced(**fields))
    return PruningReport(
        tuple(describe(layer, layer.mask() if layer.pruned else None) for layer in layers)
    )


@torch.no_grad()
def prune_(model: nn.Module, config: PruningConfig | None = None, **fields: Any) -> PruningReport:
    """Prunes a model by magnitude.

    With the defaults each convolution takes a pattern per kernel and connectivity, except that a
    1x1 convolution takes connectivity only, a depthwise one patterns only, and so does the first
    convolution of the model if it reads an image of 1 to 3 channels ([PatDNN], ASPLOS 2020).
    3.6 times connectivity and four of nine positions remove all but one weight in 8.1.

    Nothing is changed when an error is raised.

    Args:
      model: the model; its weights may be on any device.
      config: what to prune; its method and epochs do not matter here.
      fields: fields of `PruningConfig` that replace those of `config`.

    Returns:
      What was done to each layer, with the masks.

    Raises:
      PruningError: for a field out of range, and as `patternc.prune.plan.plan`.
    """
    layers = plan(model, (config or PruningConfig()).replaced(**fields))
    masks = [layer.mask() if layer.pruned else None for layer in layers]
    for layer, mask in zip(layers, masks, strict=True):
        if mask is not None:
            layer.weight.masked_fill_(~mask, 0)
    return PruningReport(tuple(map(describe, layers, masks)))
