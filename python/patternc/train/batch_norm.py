# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Statistics of batch norms, for weights that have changed."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # the base of all batch norms, nowhere public

from patternc.errors import TrainingError


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """The batch norms of a model that keep running statistics."""
    return [
        module
        for module in model.modules()
        if isinstance(module, _BatchNorm) and module.track_running_stats
    ]


@torch.no_grad()
def reestimate_batch_norm_(model: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Takes the running mean and variance of every batch norm from inputs, in place.

    Each is the plain average over the batches. All but batch norms compute in eval mode, and
    every module is left in the mode in which it was. A model without batch norm is not changed.

    Args:
      model: on any device.
      inputs: batches of inputs, of at least two values a channel.

    Raises:
      TrainingError: when there is no batch.
    """
    norms = batch_norms(model)
    modes = {module: module.training for module in model.modules()}
    momenta = {norm: norm.momentum for norm in norms}
    device = next(model.parameters()).device
    model.eval()
    batches = 0
    try:
        for batch in inputs:
            if not batches:
                for norm in norms:
                    norm.reset_running_stats()
                    norm.momentum = None  # the average of all batches
                    norm.train()
            batches += 1
            model(batch.to(device))
    finally:
        for norm, momentum in momenta.items():
            norm.momentum = momentum
        for module, training in modes.items():
            module.training = training
    if not batches:
        raise TrainingError("no batch to estimate batch norm statistics from")
