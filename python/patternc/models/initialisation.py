# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random weights for networks of convolutions with batch norm and a linear classifier."""

import math

import torch
from torch import nn


def initialise_(model: nn.Module, seed: int) -> None:
    """Gives every Conv2d, BatchNorm2d and Linear of a model its starting weights, in place.

    The usual recipe for networks with batch norm: convolutions normal with the variance of
    He et al. (ICCV 2015), counted over what a channel feeds (fan out), batch norms the identity,
    linear layers normal with deviation 0.01, zero biases.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            # nn.init.kaiming_normal_ ignores groups, and a depthwise convolution would come out
            # so small that nothing of the image reaches the output.
            fan_out = module.weight.numel() / module.weight.shape[1] / module.groups
            nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out), generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01, generator=generator)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
