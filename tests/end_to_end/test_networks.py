# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Networks on this machine against PyTorch, pruned in each form and dense."""

import pytest
import torch
from torch import nn

from networks import random_network
from oracle import assert_close_network
from patternc import compile
from patternc.cocotune import FilterPruning
from patternc.models import VGG16, DigitsNet, SmallMobileNet, SmallResNet, SmallVGG
from patternc.models.small import InceptionModule
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]


@pytest.mark.parametrize(
    "pruning",
    [None, {"form": "filter"}, {"form": "group", "group_size": 8}],
    ids=["dense", "filter", "group"],
)
@pytest.mark.parametrize("network", [SmallVGG, SmallResNet, SmallMobileNet, DigitsNet])
def test_network(network, pruning):
    model = random_network(network, pruning=pruning)
    x = torch.randn(4, 1, 8, 8) if network is DigitsNet else torch.randn(4, 3, 32, 32)
    module = compile(model, (x[:1],), settings=Settings(keep_stages=True))
    layers = sum(isinstance(part, nn.Conv2d | nn.Linear) for part in model.modules())
    assert len(module.report().layers) == layers
    assert "linalg" not in module.mlir("egress")
    result = torch.cat([module(image) for image in x.split(1)])
    assert_close_network(result, model, x)


class Pruned(nn.Sequential):
    """Inception modules: concatenations, and layers of as many filters as are left, 1, 3, 5."""

    def __init__(self):
        super().__init__(InceptionModule(8, 8), InceptionModule(8, 16))
        for place, rate in enumerate((0.3, 0.9)):
            x = torch.randn(1, 8, 4, 4)
            self[place] = FilterPruning().prune(self[place].eval(), rate, x)


def test_modules_without_filters():
    model = random_network(Pruned, pruning=None)
    x = torch.randn(4, 8, 8, 8)
    module = compile(model, (x[:1],))
    assert_close_network(torch.cat([module(image) for image in x.split(1)]), model, x)


def test_vgg16_for_cifar():
    """Its last stages are images of 2x2 and of one pixel."""
    pruning = {"form": "group", "group_size": 4}
    model = random_network(VGG16, pruning=pruning, variant="cifar", width=16, classes=10)
    x = torch.randn(2, 3, 32, 32)
    module = compile(model, (x[:1],))
    assert len(module.report().layers) == 14
    assert_close_network(torch.cat([module(image) for image in x.split(1)]), model, x)
