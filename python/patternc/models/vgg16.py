"""VGG-16 (Simonyan and Zisserman, ICLR 2015) with torchvision's parameter names."""

import math

import torch
from torch import Tensor, nn

_FILTERS = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")


class VGG16(nn.Module):
    """Thirteen 3x3 convolutions and three linear layers; 138 M parameters.

    Modules are `features.N` and `classifier.N` as in torchvision, so that a public state
    dict loads by key. Weights are random until then: uniform with the variance of He et al.
    (ICCV 2015), which keeps the size of the activations, and zero biases.

    Shapes: input [n, channels, h, w] float32 with h, w at least 32 (224 in the paper),
    output [n, classes] logits.
    """

    def __init__(self, *, channels: int = 3, classes: int = 1000, seed: int = 0):
        super().__init__()
        layers: list[nn.Module] = []
        with torch.device("meta"):  # without torch's own initialisation, which would be wasted
            for filters in _FILTERS:
                if isinstance(filters, str):
                    layers.append(nn.MaxPool2d(2))
                else:
                    layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
                    channels = filters
            self.features = nn.Sequential(*layers)
            self.avgpool = nn.AdaptiveAvgPool2d(7)
            self.classifier = nn.Sequential(
                nn.Linear(512 * 7 * 7, 4096),
                nn.ReLU(),
                nn.Dropout(),
                nn.Linear(4096, 4096),
                nn.ReLU(),
                nn.Dropout(),
                nn.Linear(4096, classes),
            )
        self.to_empty(device="cpu")
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in self.parameters():
                if parameter.dim() == 1:
                    parameter.zero_()
                else:
                    bound = math.sqrt(6 / parameter[0].numel())
                    parameter.uniform_(-bound, bound, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))
