# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The work in a network."""

from typing import Any

import torch
from torch import Tensor, nn


@torch.inference_mode()
def multiply_adds(model: nn.Module, image: Tensor) -> int:
    """Multiply-adds of a direct computation that skips the weights that are zero.

    Of convolutions and linear layers; the rest of a network has next to none.
    """
    total = 0

    def count(layer: Any, arguments: object, output: Tensor) -> None:
        nonlocal total
        filters = layer.weight.shape[0]
        total += int(layer.weight.count_nonzero()) * (output.numel() // filters)

    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        model(image)
    finally:
        for hook in hooks:
            hook.remove()
    return total
