# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small networks with random weights through which an image still shows at the output."""

from typing import Any

import torch
from torch import nn

from patternc import prune_
from patternc.models import randomise_batch_norm_


def random_network(
    network: type[nn.Module], *, pruning: dict | None, **arguments: Any
) -> nn.Module:
    """A network, pruned by `prune_` with the arguments in `pruning`, in evaluation mode."""
    torch.manual_seed(0)
    model = network(**arguments)
    randomise_batch_norm_(model)
    if pruning is not None:
        prune_(model, **pruning)
    # Weights of the variance of He et al. (ICCV 2015), counted over those that are left. With
    # PyTorch's own the image fades from layer to layer, and the biases are what comes out.
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                energy = part.weight.square().sum() / part.weight.shape[0]
                part.weight *= (2 / energy).sqrt()
    return model.eval()
