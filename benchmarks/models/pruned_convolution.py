# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One convolution, and how patternc prunes it."""

import copy

import torch
from torch import Tensor, nn

import patternc

CHANNELS, SIZE = 256, 56


def make_layer(
    channels: int = CHANNELS, filters: int = CHANNELS, size: int = SIZE
) -> tuple[nn.Sequential, Tensor]:
    """A dense layer with random weights, and an image for it."""
    generator = torch.Generator().manual_seed(0)
    convolution = nn.Conv2d(channels, filters, 3, padding=1)
    for parameter in convolution.parameters():
        nn.init.normal_(parameter, std=0.02, generator=generator)
    image = torch.randn(1, channels, size, size, generator=generator)
    return nn.Sequential(convolution, nn.ReLU()).eval().requires_grad_(False), image


def make_pruned(layer: nn.Sequential, group_size: int) -> nn.Sequential:
    """A copy of the layer, pruned 8.1 times; filters of a group keep the same weights."""
    pruned = copy.deepcopy(layer)
    if group_size == 1:
        patternc.prune_(pruned, form="filter")
    else:
        patternc.prune_(pruned, form="group", group_size=group_size)
    return pruned
