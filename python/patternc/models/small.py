# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small networks in the shape of VGG, ResNet, Inception and MobileNet-V2, quick to compile.

All take [n, channels, h, w] float32, meant for 1x3x32x32, and return [n, classes]
logits. `width` is the number of filters of the first stage and scales the others.
"""

import torch
from torch import Tensor, nn


class SmallVGG(nn.Sequential):
    """Six 3x3 convolutions with bias and ReLU in three stages, each closed by a max pool."""

    def __init__(self, *, channels: int = 3, width: int = 16, classes: int = 10):
        layers: list[nn.Module] = []
        for filters in (width, 2 * width, 4 * width):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            layers += [nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            channels = filters
        super().__init__(*layers, *_classifier(channels, classes))


class SmallResNet(nn.Sequential):
    """A stem and three stages of two residual blocks; the later stages halve the image."""

    def __init__(self, *, channels: int = 3, width: int = 16, classes: int = 10):
        super().__init__(
            *_convolution(channels, width, 3, nn.ReLU()),
            ResidualBlock(width, width),
            ResidualBlock(width, width),
            ResidualBlock(width, 2 * width, stride=2),
            ResidualBlock(2 * width, 2 * width),
            ResidualBlock(2 * width, 4 * width, stride=2),
            ResidualBlock(4 * width, 4 * width),
            *_classifier(4 * width, classes),
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a skip, by a 1x1 convolution where the shape changes."""

    def __init__(self, channels: int, filters: int, *, stride: int = 1):
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(channels, filters, 3, nn.ReLU(), stride=stride),
            *_convolution(filters, filters, 3),
        )
        same = stride == 1 and channels == filters
        self.downsample = nn.Sequential(
            *(() if same else _convolution(channels, filters, 1, stride=stride))
        )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.body(x) + self.downsample(x))


class SmallInception(nn.Sequential):
    """A stem and three stages of two Inception modules, with a max pool between stages."""

    def __init__(self, *, channels: int = 3, width: int = 16, classes: int = 10):
        super().__init__(
            *_convolution(channels, width, 3, nn.ReLU()),
            InceptionModule(width, width),
            InceptionModule(width, width),
            nn.MaxPool2d(2),
            InceptionModule(width, 2 * width),
            InceptionModule(2 * width, 2 * width),
            nn.MaxPool2d(2),
            InceptionModule(2 * width, 4 * width),
            InceptionModule(4 * width, 4 * width),
            *_classifier(4 * width, classes),
        )


class InceptionModule(nn.Module):
    """Four branches side by side, each of a quarter of the filters: a 1x1 convolution, a 1x1 before
    a 3x3, a 1x1 before two 3x3, and a 1x1 behind an average pool (Szegedy et al., CVPR 2016).

    Inside a branch there are twice as many filters as it gives. `filters` is a multiple of 4.
    """

    def __init__(self, channels: int, filters: int):
        super().__init__()
        given, inside = filters // 4, filters // 2
        self.branch1x1 = nn.Sequential(*_convolution(channels, given, 1, nn.ReLU()))
        self.branch3x3 = nn.Sequential(
            *_convolution(channels, inside, 1, nn.ReLU()),
            *_convolution(inside, given, 3, nn.ReLU()),
        )
        self.branch_double = nn.Sequential(
            *_convolution(channels, inside, 1, nn.ReLU()),
            *_convolution(inside, inside, 3, nn.ReLU()),
            *_convolution(inside, given, 3, nn.ReLU()),
        )
        self.branch_pool = nn.Sequential(
            nn.AvgPool2d(3, stride=1, padding=1), *_convolution(channels, given, 1, nn.ReLU())
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = self.branch1x1, self.branch3x3, self.branch_double, self.branch_pool
        return torch.cat([branch(x) for branch in branches], dim=1)


class SmallMobileNet(nn.Sequential):
    """A strided stem, five inverted residuals, and a 1x1 convolution."""

    def __init__(self, *, channels: int = 3, width: int = 16, classes: int = 10):
        super().__init__(
            *_convolution(channels, width, 3, nn.ReLU6(), stride=2),
            InvertedResidual(width, width, expansion=1),
            InvertedResidual(width, 2 * width, stride=2),
            InvertedResidual(2 * width, 2 * width),
            InvertedResidual(2 * width, 4 * width, stride=2),
            InvertedResidual(4 * width, 4 * width),
            *_convolution(4 * width, 8 * width, 1, nn.ReLU6()),
            *_classifier(8 * width, classes),
        )


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise 3x3, linear 1x1, and a skip where the shape stays."""

    def __init__(self, channels: int, filters: int, *, stride: int = 1, expansion: int = 4):
        super().__init__()
        hidden = channels * expansion
        self.body = nn.Sequential(
            *(() if expansion == 1 else _convolution(channels, hidden, 1, nn.ReLU6())),
            *_convolution(hidden, hidden, 3, nn.ReLU6(), stride=stride, groups=hidden),
            *_convolution(hidden, filters, 1),
        )
        self.has_skip = stride == 1 and channels == filters

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.has_skip else self.body(x)


def randomise_batch_norm_(model: nn.Module, seed: int = 0) -> None:
    """Gives every BatchNorm2d random statistics and affine parameters, in place.

    A fresh batch norm is nearly the identity, so that a mistake in folding it would not show.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for tensor in (module.running_mean, module.bias):
                    if tensor is not None:
                        tensor.normal_(std=0.2, generator=generator)
                for tensor in (module.running_var, module.weight):
                    if tensor is not None:
                        tensor.uniform_(0.5, 1.5, generator=generator)


def _convolution(
    channels: int,
    filters: int,
    kernel: int,
    activation: nn.Module | None = None,
    *,
    stride: int = 1,
    groups: int = 1,
) -> list[nn.Module]:
    convolution = nn.Conv2d(
        channels, filters, kernel, stride, padding=kernel // 2, groups=groups, bias=False
    )
    layers: list[nn.Module] = [convolution, nn.BatchNorm2d(filters)]
    return layers if activation is None else [*layers, activation]


def _classifier(channels: int, classes: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]
