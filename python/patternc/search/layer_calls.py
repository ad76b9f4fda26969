# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Where a model uses each of its layers, and with which shapes."""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# The layers whose cost is known.
LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear)


@dataclass(frozen=True, eq=False)
class LayerCall:
    """One call of a convolution or linear layer.

    Attributes:
      module: the layer.
      input, output: shapes of the images or rows that it reads and gives.
    """

    module: nn.Module
    input: tuple[int, ...]
    output: tuple[int, ...]

    @property
    def positions(self) -> int:
        """How often each weight is multiplied."""
        weight = self.module.weight
        assert isinstance(weight, Tensor)
        return math.prod(self.output) // weight.shape[0]


def weight_key(module: nn.Module) -> int:
    """The same for all modules that share a weight."""
    weight = module._parameters.get("weight")
    return id(module if weight is None else weight)


@torch.no_grad()
def record_calls(model: nn.Module, example_args: tuple[Any, ...]) -> dict[int, list[LayerCall]]:
    """Runs a model and returns the calls of each layer, by its `weight_key`."""
    calls: dict[int, list[LayerCall]] = defaultdict(list)

    def record(
        module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        values = (*args, *kwargs.values())
        images = next((value for value in values if isinstance(value, Tensor)), None)
        if images is None or not isinstance(output, Tensor):
            return  # a subclass may take and give anything
        call = LayerCall(module, tuple(images.shape), tuple(output.shape))
        calls[weight_key(module)].append(call)

    hooks = [
        module.register_forward_hook(record, with_kwargs=True)
        for module in model.modules()
        if isinstance(module, LAYERS)
    ]
    try:
        model(*example_args)
    finally:
        for hook in hooks:
            hook.remove()
    return dict(calls)
