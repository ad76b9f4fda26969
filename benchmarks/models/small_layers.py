# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small layers, one for each kind of inner loop that the compiler makes."""

import torch
from torch import Tensor, nn

import patternc


class Layers(nn.ModuleDict):
    """Convolutions side by side, each of its own image."""

    def forward(self, *images: Tensor) -> tuple[Tensor, ...]:
        return tuple(layer(x) for layer, x in zip(self.values(), images, strict=True))


def make_layers() -> tuple[Layers, tuple[Tensor, ...]]:
    """The layers, called by what they stand for, and images of 28x28 for them.

    Of 3x3 kernels four positions are kept, or all of them where they are dense.
    """
    layers = Layers(
        {
            "groups_of_8": nn.Conv2d(32, 32, 3, padding=1),
            "groups_of_4": nn.Conv2d(32, 32, 3, padding=1),
            "groups_of_1": nn.Conv2d(32, 32, 3, padding=1),
            "wide_groups_of_1": nn.Conv2d(32, 128, 3, padding=1),
            "strided_groups_of_8": nn.Conv2d(32, 32, 3, stride=2, padding=1),
            "dense": nn.Conv2d(32, 32, 3, padding=1),
            "pointwise_groups_of_8": nn.Conv2d(32, 32, 1),
            "pointwise_groups_of_4": nn.Conv2d(32, 32, 1),
            "pointwise_groups_of_1": nn.Conv2d(32, 32, 1),
            "pointwise_dense": nn.Conv2d(32, 32, 1),
            "depthwise": nn.Conv2d(32, 32, 3, padding=1, groups=32),
            "depthwise_dense": nn.Conv2d(32, 32, 3, padding=1, groups=32),
            "stem_3x3": nn.Conv2d(3, 32, 3, stride=2, padding=1),
            "stem_7x7": nn.Conv2d(3, 32, 7, stride=2, padding=3),
        }
    ).requires_grad_(False)
    for size in (8, 4):
        patternc.prune_(layers, form="group", group_size=size, targets=f"*groups_of_{size}")
    patternc.prune_(layers, form="filter", targets=("*groups_of_1", "depthwise"))
    images = (torch.randn(1, layer.in_channels, 28, 28) for layer in layers.values())
    return layers, tuple(images)
