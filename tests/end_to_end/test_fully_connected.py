# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Products with matrices: compiled for this machine, and what is left to IREE."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from machines import (
    EVERY_PROCESSOR_BUT_THE_HOST,
    FLOAT16_TARGETS,
    require_float16,
    require_machine,
    run,
)
from oracle import FLOAT16_ROUNDOFF, assert_close_convolution, assert_close_network
from patternc import compile, prune_
from patternc.compiler import get_target
from patternc.settings import Settings

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


def _assert_right(result, layer: nn.Linear, activation: nn.Module, x: torch.Tensor, **options):
    """Every row is an image of one position."""
    assert_close_convolution(
        torch.as_tensor(result)[:, :, None, None],
        nn.Sequential(_as_convolution(layer), activation),
        x[:, :, None, None],
        **options,
    )


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
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_random_layers(channels, filters, bias, kept, block, relu, seed):
    torch.manual_seed(seed)
    layer = _linear(channels, filters, bias=bias, kept=kept, block=block)
    activation = nn.ReLU() if relu else nn.Identity()
    x = torch.randn(1, channels)
    module = compile(nn.Sequential(layer, activation), (x,))
    assert len(module.report().layers) == 1
    _assert_right(module(x), layer, activation, x)


@given(
    rows=st.integers(2, 70),
    channels=st.integers(8, 70),
    blocks=st.integers(1, 5),
    block=st.sampled_from([8, 16, 24, 32, 128]),
    bias=st.booleans(),
    relu=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_random_layers_of_more_rows(rows, channels, blocks, block, bias, relu, seed):
    torch.manual_seed(seed)
    layer = nn.Linear(channels, blocks * block, bias=bias)
    prune_(layer, linear=True, connectivity=5, block_rows=block)
    activation = nn.ReLU() if relu else nn.Identity()
    x = torch.randn(rows, channels)
    module = compile(nn.Sequential(layer, activation), (x,))
    assert len(module.report().layers) == 1
    _assert_right(module(x), layer, activation, x)


@pytest.mark.parametrize("row_rate", [1, 2])
def test_column_and_row_blocks(row_rate):
    torch.manual_seed(0)
    layer = nn.Linear(48, 64)
    prune_(layer, linear=True, connectivity=4, row_rate=row_rate, block_columns=16)
    x = torch.randn(9, 48)
    module = compile(layer, (x,))
    (report,) = module.report().layers
    # Rows that a block lost are stored with it, as zeros.
    assert report.filter_group == 16 and report.kept_weights == 64 * 48 // 4
    assert report.input == [9, 48, 1, 1] and report.output == [9, 64, 1, 1]
    _assert_right(module(x), layer, nn.Identity(), x)


@pytest.mark.parametrize("target", FLOAT16_TARGETS)
def test_float16(target, tmp_path):
    require_float16(target)
    torch.manual_seed(0)
    layer = _linear(40, 64, bias=True, kept=0.2, block=32)
    x = torch.randn(11, 40)
    module = compile(layer, (x,), target=target, precision="float16")
    assert len(module.report().layers) == 1
    (result,) = run(module, x, folder=tmp_path)
    _assert_right(result, layer, nn.Identity(), x, roundoff=FLOAT16_ROUNDOFF)


@pytest.mark.parametrize("target", EVERY_PROCESSOR_BUT_THE_HOST)
def test_other_targets(target, tmp_path):
    require_machine(target)
    torch.manual_seed(0)
    model = nn.Sequential(
        _linear(24, 64, bias=True, kept=0.2, block=16),
        nn.ReLU(),
        _linear(64, 32, bias=False, kept=0.2, block=8),
    )
    x = torch.randn(13, 24)
    module = compile(model, (x,), target=target)
    assert len(module.report().layers) == (2 if get_target(target).device == "cpu" else 0)
    (result,) = run(module, x, folder=tmp_path)
    assert_close_network(result, model, x)


def test_layers_in_a_row_copy_nothing():
    torch.manual_seed(0)
    model = nn.Sequential(
        _linear(32, 64, bias=True, kept=0.2, block=16),
        nn.ReLU(),
        _linear(64, 32, bias=True, kept=0.2, block=16),
        nn.ReLU(),
    )
    x = torch.randn(2, 5, 32)
    module = compile(model, (x,), settings=Settings(keep_stages=True))
    text = module.mlir("planes")
    assert text.count("pattern.packed_conv2d") == 2
    assert "pattern.pack " not in text and "linalg." not in text
    assert_close_network(module(x), model, x)


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
    module = compile(model, (x,), settings=Settings(keep_stages=True))
    text = module.mlir("planes")
    assert text.count("pattern.packed_conv2d") == 3
    assert text.count("pattern.pack ") == 1  # of the argument
    assert "linalg.generic" not in text
    torch.testing.assert_close(torch.as_tensor(module(x)), model(x), rtol=1e-5, atol=1e-6)


def test_dense_products_of_more_rows_are_left_to_iree():
    torch.manual_seed(0)
    model, x = nn.Linear(8, 6), torch.randn(4, 8)
    module = compile(model, (x,))
    assert not module.report().layers
    assert_close_network(module(x), model, x)


class _Between(nn.Module):
    """Two layers with something between them that reads the rows of the first, maybe twice."""

    def __init__(self, between, *, residual: bool = False, rows: int = 1) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(32, 32), nn.Linear(32, 10)
        if rows > 1:
            prune_(self, linear=True, connectivity=5, block_rows=8)
        self.between, self.residual = between, residual

    def forward(self, x):
        y = self.between(self.first(x))
        return self.second(y + x if self.residual else y)


@pytest.mark.parametrize("shape", [(1, 32), (3, 32), (1, 5, 32), (2, 3, 32)], ids=str)
@pytest.mark.parametrize("residual", [False, True], ids=["", "residual"])
def test_what_is_between_layers(shape, residual):
    """Each of these moves to the images of the first layer, and the compiler comes to an end."""
    torch.manual_seed(0)
    parts = {
        "silu": nn.SiLU(),
        "hardswish": nn.Hardswish(),
        "square": lambda y: y * y,
        "gelu": nn.GELU(),
        "chain": nn.Sequential(nn.Hardswish(), nn.SiLU(), nn.Tanh()),
        "gate": lambda y: y * torch.sigmoid(y + 1) * (y - 2),
    }
    rows = torch.Size(shape[:-1]).numel()
    model = nn.ModuleList(_Between(f, residual=residual, rows=rows) for f in parts.values())

    class All(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.models = model

        def forward(self, x):
            return tuple(part(x) for part in self.models)

    x = torch.randn(shape)
    with torch.no_grad():
        expected = All()(x)
    module = compile(All(), (x,))
    assert len(module.report().layers) >= len(parts)
    for name, result, right in zip(parts, module(x), expected, strict=True):
        torch.testing.assert_close(result, right, rtol=1e-4, atol=1e-5, msg=f"{name}: {result}")


class StoredByChannels(nn.Module):
    """Two products with matrices of [channels, filters], as GPT-2 has them."""

    def __init__(self):
        super().__init__()
        self.up = nn.Parameter(torch.randn(48, 64))
        self.bias = nn.Parameter(torch.randn(64))
        self.down = nn.Parameter(torch.randn(64, 48))
        for matrix in (self.up, self.down):
            with torch.no_grad():
                kept = torch.rand(matrix.shape[0], matrix.shape[1] // 16) < 0.25
                matrix *= kept.repeat_interleave(16, dim=1) / 4

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        wide = functional.gelu(torch.addmm(self.bias, rows, self.up), approximate="tanh")
        return (wide @ self.down).reshape(x.shape)


@pytest.mark.parametrize("shape", [(3, 48), (2, 5, 48)])
def test_matrices_that_are_stored_by_channels(shape):
    torch.manual_seed(0)
    model, x = StoredByChannels(), torch.randn(*shape)
    module = compile(model, (x,))
    assert [layer.weights for layer in module.report().layers] == [[64, 48, 1, 1], [48, 64, 1, 1]]
    assert all(layer.rate > 2 for layer in module.report().layers)
    assert_close_network(module(x), model, x)
