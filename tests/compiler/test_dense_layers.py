# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is pruned and compiled dense all the same is said, with the cause."""

import logging

import pytest
import torch
from torch import nn

from patternc import compile, prune_

pytestmark = [pytest.mark.iree, pytest.mark.torch]


class Standardised(nn.Conv2d):
    def forward(self, x):
        mean = self.weight.mean((1, 2, 3), keepdim=True)
        deviation = self.weight.std((1, 2, 3), keepdim=True)
        return self._conv_forward(x, (self.weight - mean) / deviation, self.bias)


def warnings_of(caplog, model: nn.Module, *shape: int) -> list[str]:
    with caplog.at_level(logging.WARNING, "patternc"):
        compile(model, (torch.randn(shape),))
    return [record.getMessage() for record in caplog.records]


def test_weights_that_are_made_of_pruned_ones(caplog):
    model = nn.Sequential(Standardised(16, 16, 3), nn.Conv2d(16, 16, 3))
    prune_(model)
    (message,) = warnings_of(caplog, model, 1, 16, 8, 8)
    assert message.startswith("'0.weight' is pruned 9.0x, but compiled dense: the model makes its")


def test_a_name_is_that_of_the_layer():
    model = nn.Sequential(Standardised(16, 16, 3))
    assert [
        layer.name for layer in compile(model, (torch.randn(1, 16, 8, 8),)).report().layers
    ] == ["0"]


def test_zeros_that_are_no_patterns(caplog):
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 16, 3)
    layer.weight.data *= torch.rand_like(layer.weight) < 0.4
    (message,) = warnings_of(caplog, layer, 1, 16, 8, 8)
    assert message.startswith("'weight' is pruned 2.") and "not those of a pattern set" in message


def test_operations_that_are_left_to_iree(caplog):
    layer = nn.Conv3d(8, 8, 3)
    layer.weight.data[:6] = 0
    (message,) = warnings_of(caplog, nn.Sequential(layer), 1, 8, 4, 8, 8)
    assert message.startswith("'0.weight' is pruned 4.0x") and "IREE computes it" in message


def test_nothing_is_said_of_what_is_compiled_pruned(caplog):
    model = nn.Sequential(nn.Conv2d(16, 16, 3), nn.BatchNorm2d(16), nn.Conv2d(16, 4, 1))
    prune_(model, targets="0")
    assert warnings_of(caplog, model, 1, 16, 8, 8) == []
