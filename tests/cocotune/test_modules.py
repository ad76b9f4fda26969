# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is a module of a network, found or marked, and what cannot be one."""

import pytest
import torch
from torch import nn

from patternc.cocotune import find_modules
from patternc.errors import CocoTuneError
from patternc.models import (
    MobileNetV2,
    ResNet50,
    SmallInception,
    SmallMobileNet,
    SmallResNet,
    SmallVGG,
)
from patternc.models.small import ResidualBlock


def image(channels=3):
    return torch.rand(1, channels, 32, 32)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (SmallResNet, "3 4 5 6 7 8"),
        (SmallInception, "3 4 6 7 9 10"),
        (SmallMobileNet, "4 5 6 7"),  # the first block has no 1x1 before its depthwise convolution
        (lambda: MobileNetV2(variant="cifar"), " ".join(f"features.{i}" for i in range(2, 18))),
        (
            lambda: ResNet50(variant="cifar"),
            " ".join(
                f"layer{stage}.{block}"
                for stage, blocks in zip((1, 2, 3, 4), (3, 4, 6, 3), strict=True)
                for block in range(blocks)
            ),
        ),
    ],
    ids=["SmallResNet", "SmallInception", "SmallMobileNet", "MobileNetV2", "ResNet50"],
)
def test_found(network, expected):
    model = network()
    modes = [module.training for module in model.modules()]
    assert find_modules(model, image()) == tuple(expected.split())
    assert [module.training for module in model.modules()] == modes


def convolution(channels, filters):
    return nn.Sequential(nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU())


class Gate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, 4, 1),
            nn.ReLU(),
            nn.Conv2d(4, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return x * self.layers(x)


class GatedBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = convolution(channels, 6)
        self.gate = Gate(6)
        self.second = convolution(6, channels)

    def forward(self, x):
        return x + self.second(self.gate(self.first(x)))


class Stage(nn.Module):
    """Out of order: what is executed first is registered last."""

    def __init__(self, *blocks):
        super().__init__()
        self.last, self.first = reversed(blocks)

    def forward(self, x):
        return self.last(self.first(x))


def test_a_block_with_a_gate_is_whole_and_a_stage_is_not():
    model = nn.Sequential(
        convolution(3, 4), Stage(GatedBlock(4), GatedBlock(4)), convolution(4, 4), GatedBlock(4)
    )
    assert find_modules(model, image()) == ("1.first", "1.last", "3")


def test_containers_of_torch_where_there_are_no_classes():
    model = nn.Sequential(
        nn.Sequential(convolution(3, 4), convolution(4, 4)),
        nn.Sequential(convolution(4, 4)),
        nn.Sequential(convolution(4, 4), convolution(4, 4)),
    )
    assert find_modules(model, image()) == ("0", "2")


def test_marked_by_name_glob_and_expression():
    model = SmallResNet()
    assert find_modules(model, image(), marked=["5", "3.body"]) == ("3.body", "5")
    model = ResNet50(variant="cifar")
    assert find_modules(model, image(), marked=["layer2.*", "re:layer[34].0"]) == (
        *(f"layer2.{block}" for block in range(4)),
        "layer3.0",
        "layer4.0",
    )


class Odd(nn.Module):
    """One block that is used twice, one that is not used, and one of two tensors."""

    def __init__(self):
        super().__init__()
        self.twice = ResidualBlock(3, 3)
        self.unused = ResidualBlock(3, 3)
        self.pair = nn.Bilinear(4, 4, 4)
        self.parts = nn.AdaptiveMaxPool2d(2, return_indices=True)
        self.flatten = nn.Flatten()

    def forward(self, x):
        x, _ = self.parts(self.twice(self.twice(x)))
        x = x.flatten(1)[:, :4]
        return self.flatten(self.pair(x, x))


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (["twicce"], "Odd has no module 'twicce'; did you mean 'twice'?"),
        (["completely.different"], "Odd has no module 'completely.different'$"),
        (["twice", "twice.body"], "modules 'twice' and 'twice.body' overlap; name one of them"),
        (["flatten", "flatten"], "modules 'flatten' and 'flatten' overlap"),
        (["twice"], "module 'twice' is called 2 times, expected one call with one tensor"),
        (["unused"], "module 'unused' is not called, expected one call"),
        (["pair"], "module 'pair' is called with Tensor, Tensor, expected one call"),
        (["parts"], "module 'parts' gives tuple, expected one call with one tensor that gives one"),
    ],
)
def test_what_cannot_be_a_module(marked, message):
    with pytest.raises(CocoTuneError, match=message.replace("?", r"\?")):
        find_modules(Odd(), image(), marked=marked)


def test_no_module():
    with pytest.raises(CocoTuneError, match="SmallVGG has no module with filters that can be remo"):
        find_modules(SmallVGG(), image())


def test_wrong_input():
    with pytest.raises(CocoTuneError, match=r"not take the example input of shape \[1, 4, 32, 32"):
        find_modules(SmallResNet(), image(4))


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = ResidualBlock(3, 3)

    def forward(self, x):
        return self.block(x) if x.mean() > 0 else x


def test_untraceable_network():
    with pytest.raises(CocoTuneError, match="cannot trace Branching around its modules: symbol"):
        find_modules(Branching(), image())


class Bypassing(nn.Module):
    """Calls its block in a way that torch.fx looks through."""

    def __init__(self):
        super().__init__()
        self.block = ResidualBlock(3, 3)

    def forward(self, x):
        return nn.Module.__call__(self.block, x) if isinstance(x, torch.Tensor) else x + 1


def test_module_that_is_not_in_the_trace():
    with pytest.raises(CocoTuneError, match="traces Bypassing without its module 'block'; a mod"):
        find_modules(Bypassing(), image())
