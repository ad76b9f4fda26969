# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pruned convolutions of every kind, and modules of many of them, to be compiled as one."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from patternc import prune_


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """How the weights of a convolution are pruned.

    Attributes:
      patterns: random patterns to choose from, each with a random number of positions; 0 leaves
        the kernels dense.
      kept: share of the kernels that are left.
      empty_filter: whether the first filter loses all its kernels.
      form, group_size: instead of all this, those of `prune_`.
    """

    patterns: int = 0
    kept: float = 1.0
    empty_filter: bool = False
    form: Literal["", "filter", "group"] = ""
    group_size: int = 4


DENSE = Pruning()
EMPTY = Pruning(kept=0.0)

ACTIVATIONS = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "hard_swish": nn.Hardswish,
    "silu": nn.SiLU,
}


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """A convolution of random weights, what is before and behind it, and its image.

    Attributes:
      channels, filters: of one group.
      zero_pad: left, right, top and bottom of a layer in front that pads with zeros.
      activation: one of `ACTIVATIONS`, or empty.
    """

    batch: int = 1
    channels: int = 3
    filters: int = 4
    groups: int = 1
    image: tuple[int, int] = (8, 8)
    kernel: tuple[int, int] = (3, 3)
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    zero_pad: tuple[int, int, int, int] = (0, 0, 0, 0)
    bias: bool = True
    activation: str = ""
    pruning: Pruning = DENSE
    seed: int = 0

    def layer(self) -> nn.Sequential:
        generator = torch.Generator().manual_seed(self.seed)
        conv = nn.Conv2d(
            self.groups * self.channels,
            self.groups * self.filters,
            self.kernel,
            self.strides,
            self.padding,
            self.dilations,
            self.groups,
            self.bias,
        )
        with torch.no_grad():
            for parameter in conv.parameters():
                parameter.normal_(generator=generator)
            prune_convolution_(conv, self.pruning, generator)
        layers: list[nn.Module] = [conv]
        if any(self.zero_pad):
            layers.insert(0, nn.ZeroPad2d(self.zero_pad))
        if self.activation:
            layers.append(ACTIVATIONS[self.activation]())
        return nn.Sequential(*layers)

    def input(self) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.seed + 1)
        return torch.randn(
            self.batch, self.groups * self.channels, *self.image, generator=generator
        )


def prune_convolution_(conv: nn.Conv2d, pruning: Pruning, generator: torch.Generator) -> None:
    """Sets weights of a convolution to zero."""
    if pruning.form:
        prune_(
            conv,
            connectivity=2.0,
            form=pruning.form,
            group_size=pruning.group_size,
            skip_first=False,
        )
        return
    filters, channels, height, width = conv.weight.shape
    if pruning.patterns:
        masks = torch.rand(pruning.patterns, height * width, generator=generator) < 0.5
        masks[:, torch.randint(height * width, (1,), generator=generator)] = True
        choice = torch.randint(pruning.patterns, (filters, channels), generator=generator)
        conv.weight *= masks[choice].reshape(conv.weight.shape)
    keep = torch.rand(filters, channels, generator=generator) < pruning.kept
    keep[0] &= not pruning.empty_filter
    conv.weight *= keep[:, :, None, None]


_PATTERNS = Pruning(patterns=6, kept=0.6)

# Their taps lie in every kind of padding: of a phase of odd rows and columns, around a kernel of
# one position or an even number, on one side only, wider than the kernel, and around phases that
# hold none of the image.
PADDED = [
    Convolution(image=(9, 8), strides=(2, 2), padding=(1, 1), pruning=_PATTERNS),
    Convolution(image=(8, 11), strides=(3, 2), dilations=(2, 3), padding=(2, 3)),
    Convolution(kernel=(1, 1), padding=(1, 1), activation="relu"),
    Convolution(kernel=(1, 1), image=(3, 3), strides=(4, 4), padding=(2, 2)),
    Convolution(kernel=(2, 2), image=(7, 9), padding=(1, 1), pruning=_PATTERNS, batch=2),
    Convolution(kernel=(4, 4), zero_pad=(1, 2, 1, 2), pruning=Pruning(form="group")),
    Convolution(kernel=(1, 5), zero_pad=(3, 1, 0, 0)),
    Convolution(zero_pad=(0, 2, 0, 2), pruning=_PATTERNS),
    Convolution(zero_pad=(5, 0, 4, 0), strides=(1, 2)),
    Convolution(kernel=(2, 2), image=(1, 1), strides=(2, 2), zero_pad=(0, 1, 0, 1)),
]


class Convolutions(nn.Module):
    """Convolutions side by side, each on an image of its own."""

    def __init__(self, cases: list[Convolution]):
        super().__init__()
        self.layers = nn.ModuleList(case.layer() for case in cases)

    def forward(self, *images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(layer(x) for layer, x in zip(self.layers, images, strict=True))
