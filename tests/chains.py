# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small networks of convolutions, poolings and sums, whose images can stay in planes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from convolutions import DENSE, Pruning, prune_convolution_

PATTERNS = Pruning(patterns=6, kept=0.6)
GROUPS = Pruning(form="group")
PRUNINGS = (PATTERNS, GROUPS, DENSE)


@dataclass(frozen=True, kw_only=True)
class Node:
    """One image of a chain: activation(layer(image `reads`) + image `adds`).

    Images are counted from 0, the input; node *i* makes image *i* + 1. `reads` may be negative:
    -1 is the image before.
    """

    layer: nn.Module
    reads: int = -1
    adds: int | None = None
    relu: bool = False


class Chain(nn.Module):
    """Nodes one after the other; returns the last image and those in `outputs`."""

    def __init__(
        self,
        nodes: Sequence[Node],
        *,
        outputs: Sequence[int] = (),
        pruning: Pruning = PATTERNS,
        seed: int = 0,
    ):
        super().__init__()
        self.nodes = tuple(nodes)
        self.outputs = tuple(outputs)
        self.layers = nn.ModuleList(node.layer for node in nodes)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for part in self.modules():
                if isinstance(part, nn.Conv2d):
                    # Outputs are about as large as inputs, however many weights there are.
                    scale = part.weight[0].numel() ** -0.5
                    part.weight.normal_(std=scale, generator=generator)
                    if part.bias is not None:
                        part.bias.normal_(generator=generator)
                    prune_convolution_(part, pruning, generator)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        images = [x]
        for node, layer in zip(self.nodes, self.layers, strict=True):
            y = layer(images[node.reads])
            if node.adds is not None:
                y = y + images[node.adds]
            images.append(nn.functional.relu(y) if node.relu else y)
        return (images[-1], *(images[i] for i in self.outputs))


class Chains(nn.Module):
    """Chains side by side, each on an image of its own."""

    def __init__(self, chains: Sequence[Chain]):
        super().__init__()
        self.chains = nn.ModuleList(chains)

    def forward(self, *images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(y for chain, x in zip(self.chains, images, strict=True) for y in chain(x))


def conv(
    channels: int,
    filters: int,
    kernel: int | tuple[int, int] = 3,
    *,
    padding: int | tuple[int, int] | None = None,
    **arguments,
) -> nn.Conv2d:
    """A convolution; without `padding`, that which keeps the size of an image."""
    if padding is None:
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (height // 2, width // 2)
    return nn.Conv2d(channels, filters, kernel, padding=padding, **arguments)


@dataclass(frozen=True, kw_only=True)
class Network:
    """A chain by name, and the shape of its input.

    Attributes:
      outputs: images that are returned beside the last one.
      packs, unpacks: the copies that its convolutions and poolings need.
    """

    name: str
    nodes: tuple[Node, ...]
    input: tuple[int, int, int, int]
    outputs: tuple[int, ...] = ()
    pruning: Pruning = PATTERNS
    packs: int
    unpacks: int

    def chain(self) -> Chain:
        return Chain(self.nodes, outputs=self.outputs, pruning=self.pruning)

    def x(self) -> torch.Tensor:
        return torch.randn(self.input, generator=torch.Generator().manual_seed(1))


NETWORKS = (
    # Rows of 7 + 1: shorter than a vector.
    Network(
        name="residual",
        pruning=GROUPS,
        input=(2, 8, 7, 7),
        nodes=(
            Node(layer=conv(8, 8), relu=True),
            Node(layer=conv(8, 8), adds=0, relu=True),
            Node(layer=conv(8, 8), relu=True),
            Node(layer=conv(8, 8), adds=2, relu=True),
        ),
        packs=1,
        unpacks=1,
    ),
    # The convolution and its shortcut share the phases of an image of odd size.
    Network(
        name="stride and shortcut",
        input=(2, 3, 13, 11),
        nodes=(
            Node(layer=conv(3, 8), relu=True),
            Node(layer=conv(8, 16, stride=2), relu=True),
            Node(layer=conv(8, 16, 1, stride=2), reads=1),
            Node(layer=conv(16, 16), reads=2, adds=3, relu=True),
        ),
        packs=2,
        unpacks=1,
    ),
    Network(
        name="stem",
        pruning=DENSE,
        input=(1, 3, 23, 21),
        nodes=(
            Node(layer=conv(3, 8, 7, stride=2), relu=True),
            Node(layer=nn.MaxPool2d(3, 2, padding=1)),
            Node(layer=conv(8, 8)),
            Node(layer=nn.AdaptiveAvgPool2d(1)),
        ),
        packs=1,
        unpacks=0,
    ),
    # Windows that reach beyond the image on every side, and in ceil mode behind it only.
    Network(
        name="poolings",
        input=(2, 4, 16, 21),
        nodes=(
            Node(layer=nn.AvgPool2d(3, 1, padding=1)),
            Node(layer=conv(4, 8)),
            Node(layer=nn.MaxPool2d((2, 3), (1, 2), padding=(1, 1))),
            Node(layer=nn.MaxPool2d(2, ceil_mode=True)),
            Node(layer=conv(8, 4, 2, padding=0)),
            Node(layer=nn.AvgPool2d((4, 5), 1)),
        ),
        packs=0,
        unpacks=0,
    ),
    # The 1x1 convolution makes the phases that the strided one reads, for each image of the batch.
    Network(
        name="phases",
        input=(2, 4, 20, 36),
        nodes=(
            Node(layer=conv(4, 8)),
            Node(layer=conv(8, 32, 1), relu=True),
            Node(layer=conv(32, 32, stride=2, groups=32), relu=True),
            Node(layer=conv(32, 8, 1)),
        ),
        packs=2,
        unpacks=0,
    ),
    # One layout for convolutions that want different ones.
    Network(
        name="kernels",
        input=(1, 4, 10, 6),
        nodes=(
            Node(layer=conv(4, 6, (1, 5)), relu=True),
            Node(layer=conv(6, 4, padding=3, dilation=3)),
            Node(layer=conv(4, 4, groups=4), adds=0),
            Node(layer=conv(4, 6, 2, padding=0)),
            Node(layer=conv(6, 4, 2, padding=1), adds=3),
        ),
        packs=1,
        unpacks=1,
    ),
    # A block of MobileNet-V3 with stride, and an activation behind a sum.
    Network(
        name="hard-swish",
        input=(2, 8, 12, 18),
        nodes=(
            Node(layer=conv(8, 24, 1)),
            Node(layer=nn.Hardswish()),
            Node(layer=conv(24, 24, 5, stride=2, groups=24)),
            Node(layer=nn.Hardswish()),
            Node(layer=conv(24, 16, 1)),
            Node(layer=conv(16, 16), adds=5),
            Node(layer=nn.Hardswish()),
        ),
        packs=1,
        unpacks=1,
    ),
    # Blocks of EfficientNet.
    Network(
        name="SiLU",
        pruning=GROUPS,
        input=(2, 3, 17, 14),
        nodes=(
            Node(layer=conv(3, 8, stride=2)),
            Node(layer=nn.SiLU()),
            Node(layer=conv(8, 8, groups=8)),
            Node(layer=nn.SiLU()),
            Node(layer=conv(8, 8, 1)),
            Node(layer=conv(8, 32, 1)),
            Node(layer=nn.SiLU()),
            Node(layer=conv(32, 32, groups=32)),
            Node(layer=nn.SiLU()),
            Node(layer=conv(32, 8, 1), adds=5),
            Node(layer=nn.SiLU()),
        ),
        packs=1,
        unpacks=1,
    ),
    # The first depthwise convolution computes what it reads; the second cannot, as its input does.
    Network(
        name="depthwise behind depthwise",
        pruning=GROUPS,
        input=(2, 8, 12, 14),
        nodes=(
            Node(layer=conv(8, 24, 1), relu=True),
            Node(layer=conv(24, 24, groups=24), relu=True),
            Node(layer=conv(24, 24, 5, stride=2, groups=24), relu=True),
            Node(layer=conv(24, 8, 1)),
        ),
        packs=2,
        unpacks=0,
    ),
    # What is added lies in memory, so the sum does as well.
    Network(
        name="depthwise behind a sum",
        pruning=GROUPS,
        input=(2, 8, 10, 13),
        nodes=(
            Node(layer=conv(8, 16), relu=True),
            Node(layer=conv(16, 16, 1), adds=1, relu=True),
            Node(layer=conv(16, 16, groups=16)),
        ),
        packs=1,
        unpacks=0,
    ),
    # An image that convolutions and others read, one that is returned, and a sum of poolings.
    Network(
        name="mixed readers",
        input=(2, 5, 9, 9),
        nodes=(
            Node(layer=conv(5, 5), relu=True),
            Node(layer=nn.MaxPool2d(3, 1, padding=1), adds=1, relu=True),
            Node(layer=conv(5, 5), adds=1),
            Node(layer=nn.Sigmoid()),
            Node(layer=conv(5, 3, 1)),
        ),
        outputs=(1, 3),
        packs=3,
        unpacks=2,
    ),
    # Channels stay in registers; their sums are biased, added to, and written into planes.
    Network(
        name="free patterns",
        pruning=Pruning(form="filter"),
        input=(2, 8, 9, 10),
        nodes=(
            Node(layer=conv(8, 100), relu=True),
            Node(layer=conv(100, 100, bias=False), adds=1, relu=True),
            Node(layer=conv(100, 4, stride=2)),
        ),
        packs=2,
        unpacks=0,
    ),
    # Images of one position: vectors over filters, on planes of one element.
    Network(
        name="fully connected",
        pruning=DENSE,
        input=(2, 20, 5, 5),
        nodes=(
            Node(layer=nn.AdaptiveAvgPool2d(1)),
            Node(layer=conv(20, 45, 1), relu=True),
            Node(layer=conv(45, 20, 1), adds=1),
            Node(layer=conv(20, 130, 1, groups=5), relu=True),
            Node(layer=conv(130, 7, 1)),
        ),
        packs=0,
        unpacks=0,
    ),
    # The last convolution finds zeros around the position, which the others have to write.
    Network(
        name="one position with a halo",
        pruning=GROUPS,
        input=(1, 16, 1, 1),
        nodes=(
            Node(layer=conv(16, 32, 1), relu=True),
            Node(layer=conv(32, 24, 1), relu=True),
            Node(layer=conv(24, 8)),
        ),
        packs=1,
        unpacks=0,
    ),
    # Vectors of positions write a whole line, also for one position.
    Network(
        name="stride to one position",
        pruning=DENSE,
        input=(1, 8, 2, 2),
        nodes=(Node(layer=conv(8, 16, 1, stride=2), relu=True), Node(layer=conv(16, 8, 1))),
        packs=1,
        unpacks=0,
    ),
)
