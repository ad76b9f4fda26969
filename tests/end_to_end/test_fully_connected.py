"""Fully connected layers: compiled for this machine, and what is left to IREE."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from oracle import assert_close_convolution, assert_close_network
from patternc import compile

pytestmark = [pytest.mark.iree, pytest.mark.torch]


def _linear(channels: int, filters: int, *, bias: bool, kept: float, block: int) -> nn.Linear:
    """Random weights of which each block of so many filters keeps a share of its channels."""
    layer = nn.Linear(channels, filters, bias=bias)
    with torch.no_grad():
        blocks = torch.rand(-(-filters // block), channels) < kept
        layer.weight *= blocks.repeat_interleave(block, dim=0)[:filters]
    return layer


def _as_convolution(layer: nn.Linear) -> nn.Conv2d:
    conv = nn.Conv2d(layer.in_features, layer.out_features, 1, bias=layer.bias is not None)
    conv.load_state_dict(
        {
            name: value[:, :, None, None] if name == "weight" else value
            for name, value in layer.state_dict().items()
        }
    )
    return conv


@given(
    channels=st.integers(2, 70),
    filters=st.integers(1, 300),
    bias=st.booleans(),
    kept=st.sampled_from([1.0, 1.0, 0.4, 0.0]),
    block=st.sampled_from([1, 4, 16]),
    relu=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_random_layers(channels, filters, bias, kept, block, relu, seed):
    torch.manual_seed(seed)
    layer = _linear(channels, filters, bias=bias, kept=kept, block=block)
    activation = nn.ReLU() if relu else nn.Identity()
    x = torch.randn(1, channels)
    module = compile(nn.Sequential(layer, activation), (x,))
    assert len(module.report().layers) == 1
    result = torch.as_tensor(module(x))
    assert_close_convolution(
        result[:, :, None, None],
        nn.Sequential(_as_convolution(layer), activation),
        x[:, :, None, None],
    )


def test_classifier_reads_and_writes_no_copies():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 40),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(40, 10),
    ).eval()
    x = torch.randn(1, 3, 8, 8)
    module = compile(model, (x,))
    text = module.mlir("planes")
    assert text.count("pattern.packed_conv2d") == 3
    assert text.count("pattern.pack ") == 1  # of the argument
    assert "linalg.generic" not in text
    torch.testing.assert_close(torch.as_tensor(module(x)), model(x), rtol=1e-5, atol=1e-6)


def test_products_of_more_rows_are_left_to_iree():
    torch.manual_seed(0)
    model, x = nn.Linear(8, 6), torch.randn(4, 8)
    module = compile(model, (x,))
    assert not module.report().layers
    assert_close_network(module(x), model, x)
