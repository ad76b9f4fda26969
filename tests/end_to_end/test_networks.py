"""Networks on this machine against PyTorch, pruned in each form and dense."""

import pytest
import torch
from oracle import assert_close_network

from patternc import compile, prune_
from patternc.models import (
    DigitsNet,
    SmallMobileNet,
    SmallResNet,
    SmallVGG,
    randomise_batch_norm_,
)

pytestmark = [pytest.mark.iree, pytest.mark.torch]


@pytest.mark.parametrize(
    "prune",
    [
        None,
        {"form": "filter"},
        {"form": "group", "group_size": 8},
        {"form": "group", "group_size": 4, "connectivity": 2.0},
    ],
    ids=["dense", "filter", "group 8", "group 4"],
)
@pytest.mark.parametrize("network", [SmallVGG, SmallResNet, SmallMobileNet, DigitsNet])
def test_network(network, prune):
    torch.manual_seed(0)
    model = network()
    randomise_batch_norm_(model)
    if prune is not None:
        prune_(model, **prune)
    x = torch.randn(4, 1, 8, 8) if network is DigitsNet else torch.randn(4, 3, 32, 32)
    module = compile(model, (x[:1],))
    convolutions = sum(isinstance(part, torch.nn.Conv2d) for part in model.modules())
    assert len(module.report().layers) == convolutions
    assert "linalg.conv" not in module.mlir("egress")
    result = torch.cat([module(image) for image in x.split(1)])
    assert_close_network(result, model, x)
