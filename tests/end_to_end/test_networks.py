"""Networks on this machine against PyTorch, pruned in each form and dense."""

import pytest
import torch
from torch import nn

from networks import random_network
from oracle import assert_close_network
from patternc import compile
from patternc.models import VGG16, DigitsNet, SmallMobileNet, SmallResNet, SmallVGG

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
    module = compile(model, (x[:1],))
    layers = sum(isinstance(part, nn.Conv2d | nn.Linear) for part in model.modules())
    assert len(module.report().layers) == layers
    assert "linalg" not in module.mlir("egress")
    result = torch.cat([module(image) for image in x.split(1)])
    assert_close_network(result, model, x)


def test_vgg16_for_cifar():
    """Its last stages are images of 2x2 and of one pixel."""
    pruning = {"form": "group", "group_size": 4}
    model = random_network(VGG16, pruning=pruning, variant="cifar", width=16, classes=10)
    x = torch.randn(2, 3, 32, 32)
    module = compile(model, (x[:1],))
    assert len(module.report().layers) == 14
    assert_close_network(torch.cat([module(image) for image in x.split(1)]), model, x)
