# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ResNet-50 (He et al., CVPR 2016) with torchvision's parameter names."""

import torch
from torch import Tensor, nn

from patternc.models.initialisation import initialise_
from patternc.models.variant import Variant, is_for_cifar

_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))  # filters of the 3x3 convolutions, blocks
_EXPANSION = 4


class ResNet50(nn.Module):
    """A 7x7 stem, sixteen bottleneck blocks in four stages, one linear layer; 25.6 M parameters.

    Modules are `conv1`, `bn1`, `layerN.M.convK`, ... and `fc` as in torchvision, so that a public
    state dict loads by key. As there, a block halves the image in its 3x3 convolution, not in its
    first 1x1 (the variant known as v1.5). Weights are random until then, see `initialise_`.

    `variant="cifar"` is for small images: the stem is 3x3, and neither it nor a pool behind it
    halves the image, as in https://github.com/kuangliu/pytorch-cifar. Keys are the same.

    Shapes: input [n, channels, h, w] float32 (224x224 in the paper, 32x32 of CIFAR), output
    [n, classes] logits.

    Args:
      variant: for the images of which data set.
      channels: of the input.
      classes: outputs.
      seed: of the weights.

    Raises:
      ModelError: for an unknown variant.
    """

    def __init__(
        self,
        *,
        variant: Variant = "imagenet",
        channels: int = 3,
        classes: int = 1000,
        seed: int = 0,
    ):
        super().__init__()
        cifar = is_for_cifar(variant)
        with torch.device("meta"):  # without torch's own initialisation, which would be wasted
            filters = _STAGES[0][0]
            kernel, stride = (3, 1) if cifar else (7, 2)
            self.conv1 = nn.Conv2d(
                channels, filters, kernel, stride, padding=kernel // 2, bias=False
            )
            self.bn1 = nn.BatchNorm2d(filters)
            self.relu = nn.ReLU()
            self.maxpool = nn.Identity() if cifar else nn.MaxPool2d(3, stride=2, padding=1)
            channels = filters
            stages = []
            for filters, blocks in _STAGES:
                stride = 1 if filters == channels else 2
                stage: list[nn.Module] = [Bottleneck(channels, filters, stride=stride)]
                channels = filters * _EXPANSION
                stage += [Bottleneck(channels, filters) for _ in range(1, blocks)]
                stages.append(nn.Sequential(*stage))
            self.layer1, self.layer2, self.layer3, self.layer4 = stages
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Linear(channels, classes)
        self.to_empty(device="cpu")
        initialise_(self, seed)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 with four times the filters, and a skip, by a 1x1 where the shape changes.

    Shapes: input [n, channels, h, w], output [n, 4 * filters, h / stride, w / stride].
    """

    def __init__(self, channels: int, filters: int, *, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        widened = filters * _EXPANSION
        self.conv3 = nn.Conv2d(filters, widened, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(widened)
        self.relu = nn.ReLU()
        same = stride == 1 and channels == widened
        self.downsample = nn.Sequential(
            *(() if same else _projection(channels, widened, stride=stride))
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + self.downsample(x))


def _projection(channels: int, filters: int, *, stride: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, filters, 1, stride=stride, bias=False)
    return convolution, nn.BatchNorm2d(filters)
