"""The networks: shapes, public parameter names, and batch norms that are not the identity."""

import pytest
import torch
from torch import nn

from patternc.models import (
    VGG16,
    DigitsNet,
    SmallMobileNet,
    SmallResNet,
    SmallVGG,
    randomise_batch_norm_,
)

SMALL = [SmallVGG, SmallResNet, SmallMobileNet]


def test_digits_net():
    assert DigitsNet()(torch.rand(2, 1, 8, 8)).shape == (2, 10)


@pytest.mark.parametrize("network", SMALL)
def test_small_networks(network):
    assert network()(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    model = network(channels=1, width=8, classes=4)
    assert model(torch.rand(2, 1, 31, 33)).shape == (2, 4)


@pytest.mark.parametrize("network", [DigitsNet, SmallResNet, SmallMobileNet])
def test_randomised_batch_norm_changes_the_output(network):
    torch.manual_seed(0)
    model = network().eval()
    x = torch.rand(1, 1, 8, 8) if network is DigitsNet else torch.rand(1, 3, 32, 32)
    before = model(x)
    randomise_batch_norm_(model, seed=1)
    first = model(x)
    randomise_batch_norm_(model, seed=1)
    assert torch.equal(model(x), first)
    assert not torch.allclose(first, before, rtol=0.05)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_var.min() >= 0.5
            assert module.running_mean.abs().max() > 0


def test_vgg16_has_the_public_parameter_names():
    model = VGG16()
    convolutions = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    names = [f"features.{i}" for i in convolutions] + [f"classifier.{i}" for i in (0, 3, 6)]
    state = model.state_dict()
    assert list(state) == [f"{n}.{p}" for n in names for p in ("weight", "bias")]
    assert sum(tensor.numel() for tensor in state.values()) == 138_357_544
    assert state["features.28.weight"].shape == (512, 512, 3, 3)
    assert state["classifier.0.weight"].shape == (4096, 25088)


def test_vgg16_runs_and_is_reproducible():
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        first, second = (VGG16(classes=10, seed=3).eval()(x) for _ in range(2))
    assert first.shape == (1, 10)
    assert first.std() > 0.1
    assert torch.equal(first, second)
