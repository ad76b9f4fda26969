# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""MobileNet-V2 (Sandler et al., CVPR 2018) with torchvision's parameter names."""

import torch
from torch import Tensor, nn

from patternc.models.initialisation import initialise_
from patternc.models.variant import Variant, is_for_cifar

_STEM, _LAST = 32, 1280  # filters
# Table 2 of the paper: expansion, filters, blocks, stride of the first block.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class MobileNetV2(nn.Module):
    """A stem, seventeen inverted residuals, a 1x1 and a linear layer; 3.5 M parameters.

    Modules are `features.N.conv.M`, ... and `classifier.1` as in torchvision, so that a public
    state dict loads by key. Weights are random until then, see `initialise_`.

    `variant="cifar"` is for small images: neither the stem nor the stage of 24 filters halves the
    image, as in https://github.com/kuangliu/pytorch-cifar. Keys and shapes are the same.

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
            layers: list[nn.Module] = [_convolution(channels, _STEM, 3, stride=1 if cifar else 2)]
            channels = _STEM
            for number, (expansion, filters, blocks, stride) in enumerate(_STAGES):
                if cifar and number == 1:  # the first that halves the image
                    stride = 1
                for block in range(blocks):
                    layers.append(
                        InvertedResidual(
                            channels,
                            filters,
                            stride=1 if block else stride,
                            expansion=expansion,
                        )
                    )
                    channels = filters
            layers.append(_convolution(channels, _LAST, 1))
            self.features = nn.Sequential(*layers)
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(_LAST, classes))
        self.to_empty(device="cpu")
        initialise_(self, seed)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise 3x3, linear 1x1, and a skip where the shape stays.

    Shapes: input [n, channels, h, w], output [n, filters, h / stride, w / stride].
    """

    def __init__(self, channels: int, filters: int, *, stride: int, expansion: int):
        super().__init__()
        hidden = channels * expansion
        self.conv = nn.Sequential(
            *(() if expansion == 1 else (_convolution(channels, hidden, 1),)),
            _convolution(hidden, hidden, 3, stride=stride, groups=hidden),
            nn.Conv2d(hidden, filters, 1, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.has_skip = stride == 1 and channels == filters

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.has_skip else self.conv(x)


def _convolution(
    channels: int, filters: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(
            channels, filters, kernel, stride, padding=kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(filters),
        nn.ReLU6(),
    )
