# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""VGG-16 (Simonyan and Zisserman, ICLR 2015) with the public parameter names."""

import math

import torch
from torch import Tensor, nn

from patternc.models.initialisation import initialise_
from patternc.models.variant import Variant, is_for_cifar

# Filters of a convolution, as multiples of the first one's.
_FILTERS = (1, 1, "M", 2, 2, "M", 4, 4, 4, "M", 8, 8, 8, "M", 8, 8, 8, "M")


class VGG16(nn.Module):
    """Thirteen 3x3 convolutions in five stages, and a classifier.

    `variant="imagenet"` is torchvision's `vgg16`: convolutions with bias, three linear layers,
    138 M parameters. `variant="cifar"` is the VGG-16 of https://github.com/kuangliu/pytorch-cifar:
    a batch norm behind each convolution and one linear layer, which sees one pixel of an image of
    32x32; 14.7 M parameters. Modules are `features.N` and `classifier.N`, or `classifier`, as
    there, so that public state dicts load by key (`load_weights_`).

    Weights are random until then. Without batch norm they are uniform with the variance of He et
    al. (ICCV 2015), which keeps the size of the activations; with it see `initialise_`.

    Shapes: input [n, channels, h, w] float32, output [n, classes] logits. For ImageNet h and w are
    at least 32 (224 in the paper), for CIFAR 32 to 63.

    Args:
      variant: for the images of which data set.
      channels: of the input.
      classes: outputs.
      width: filters of the first stage, which scales the others; 64 in the paper.
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
        width: int = 64,
        seed: int = 0,
    ):
        super().__init__()
        cifar = is_for_cifar(variant)
        layers: list[nn.Module] = []
        with torch.device("meta"):  # without torch's own initialisation, which would be wasted
            for multiple in _FILTERS:
                if isinstance(multiple, str):
                    layers.append(nn.MaxPool2d(2))
                    continue
                filters = multiple * width
                layers.append(nn.Conv2d(channels, filters, 3, padding=1))
                layers += [nn.BatchNorm2d(filters), nn.ReLU()] if cifar else [nn.ReLU()]
                channels = filters
            self.features = nn.Sequential(*layers)
            self.avgpool = nn.AdaptiveAvgPool2d(1 if cifar else 7)
            self.classifier = (
                nn.Linear(channels, classes)
                if cifar
                else nn.Sequential(
                    nn.Linear(channels * 7 * 7, 4096),
                    nn.ReLU(),
                    nn.Dropout(),
                    nn.Linear(4096, 4096),
                    nn.ReLU(),
                    nn.Dropout(),
                    nn.Linear(4096, classes),
                )
            )
        self.to_empty(device="cpu")
        if cifar:
            initialise_(self, seed)
        else:
            _initialise_without_batch_norm_(self, seed)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def _initialise_without_batch_norm_(model: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.zero_()
            else:
                bound = math.sqrt(6 / parameter[0].numel())
                parameter.uniform_(-bound, bound, generator=generator)
