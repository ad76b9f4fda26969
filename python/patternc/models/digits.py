# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A classifier of 8x8 handwritten digits, the example of the demo."""

from torch import Tensor, nn


class DigitsNet(nn.Module):
    """Four 3x3 convolutions with batch norm and ReLU, a max pool, a linear classifier.

    Wide for its task, so that groups of four filters still fit when it is pruned 8 times.

    Shapes: input [n, 1, 8, 8] float32 (pixels in 0 to 1), output [n, classes] logits.
    """

    def __init__(self, classes: int = 10):
        super().__init__()
        self.features = nn.Sequential(
            *_convolution(1, 64),
            *_convolution(64, 64),
            nn.MaxPool2d(2),
            *_convolution(64, 128),
            *_convolution(128, 128),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))


def _convolution(channels: int, filters: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels, filters, 3, padding=1, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
    )
