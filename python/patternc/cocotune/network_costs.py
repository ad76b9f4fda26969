# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the networks of a subspace cost, before any of them is trained."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from patternc.cocotune.multiplexing import MultiplexingModel
from patternc.cocotune.pattern_pruning import masked_layers
from patternc.cocotune.subspace import Configuration
from patternc.prune.masks import mask_of
from patternc.search.layer_calls import record_calls, weight_key
from patternc.search.layer_storage import stored_weights


def model_size(network: nn.Module) -> int:
    """Weights that are left: all parameters, without those that masks remove."""
    removed = sum(int((~mask_of(layer)).sum()) for layer in masked_layers(network))
    return sum(parameter.numel() for parameter in network.parameters()) - removed


def multiply_adds(network: nn.Module, example_input: Tensor) -> int:
    """Multiply-adds of convolutions and linear layers for one input, as the compiler counts them.

    Args:
      network: in eval mode.
      example_input: a batch, of which the first input is taken.
    """
    masks = {weight_key(layer.module): mask_of(layer) for layer in masked_layers(network)}
    total = 0
    for key, calls in record_calls(network, (example_input[:1],)).items():
        for call in calls:
            weight = call.module.weight
            assert isinstance(weight, Tensor)
            computed = stored_weights(masks[key]) if key in masks else weight.numel()
            total += computed * call.positions
    return total


@torch.no_grad()
def additive_costs(
    model: MultiplexingModel,
    configurations: Sequence[Configuration],
    cost: Callable[[nn.Module], float],
) -> list[float]:
    """Costs of configurations, for a cost to which each module contributes on its own.

    That is true of weights and of multiply-adds, because a pruned module reads and gives what the
    full one does. So each module is pruned once at each ratio, and not each network.
    """
    none = (0.0,) * len(model.module_names)
    full = cost(model.network_of(none))
    changes: dict[tuple[int, float], float] = {}
    for place in sorted({place for ratios in configurations for place in enumerate(ratios)}):
        module, ratio = place
        alone = (*none[:module], ratio, *none[module + 1 :])
        changes[place] = cost(model.network_of(alone)) - full
    return [full + math.fsum(changes[p] for p in enumerate(ratios)) for ratios in configurations]
