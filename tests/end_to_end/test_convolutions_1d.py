# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""1-D convolutions: those of one row of an image, on every target."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from machines import EVERY_TARGET_BUT_THE_HOST, require_machine, run
from oracle import assert_close_convolution
from patternc import PruningConfig, compile, prune_
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]


def _pruned(layer: nn.Conv1d, connectivity: float) -> nn.Conv1d:
    if layer.weight.shape[1] > 1:
        prune_(nn.Sequential(layer), connectivity=connectivity, group_size=4, skip_first=False)
    return layer


def _as_2d(layer: nn.Conv1d) -> nn.Sequential:
    """The same convolution of images of height 1."""
    same = nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        (1, *layer.kernel_size),
        stride=(1, *layer.stride),
        padding=(0, *layer.padding),
        dilation=(1, *layer.dilation),
        groups=layer.groups,
        bias=layer.bias is not None,
    )
    same.load_state_dict(
        {name: v[:, :, None] if name == "weight" else v for name, v in layer.state_dict().items()}
    )
    return nn.Sequential(same)


def _assert_right(result, layer: nn.Conv1d, x: torch.Tensor) -> None:
    assert_close_convolution(torch.as_tensor(result)[:, :, None], _as_2d(layer), x[:, :, None])


@given(
    groups=st.sampled_from([1, 1, 2, "depthwise"]),
    channels=st.sampled_from([4, 6, 16]),
    filters=st.sampled_from([4, 8, 24]),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 4),
    dilation=st.integers(1, 3),
    length=st.integers(13, 70),
    batch=st.integers(1, 2),
    bias=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_random_layers(
    groups, channels, filters, kernel, stride, padding, dilation, length, batch, bias, seed
):
    torch.manual_seed(seed)
    if groups == "depthwise":
        groups = filters = channels
    layer = nn.Conv1d(
        channels, filters, kernel, stride, padding, dilation, groups=groups, bias=bias
    )
    _pruned(layer, connectivity=2)
    x = torch.randn(batch, channels, length)
    module = compile(layer, (x,))
    (report,) = module.report().layers
    assert report.input == [batch, channels, 1, length]
    _assert_right(module(x), layer, x)


class Layers(nn.Module):
    """Each layer reads an argument of its own."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, *images):
        return tuple(layer(x) for layer, x in zip(self.layers, images, strict=True))


@pytest.mark.parametrize("target", EVERY_TARGET_BUT_THE_HOST)
def test_other_targets(target, tmp_path):
    require_machine(target)
    torch.manual_seed(0)
    layers = [
        _pruned(nn.Conv1d(8, 16, 3, padding=1), connectivity=2),
        _pruned(nn.Conv1d(8, 16, 5, stride=2, padding=4, dilation=2, groups=2), connectivity=2),
        nn.Conv1d(8, 8, 3, padding=1, groups=8),
    ]
    inputs = tuple(torch.randn(2, 8, 37) for _ in layers)
    module = compile(Layers(layers).eval(), inputs, target=target)
    assert len(module.report().layers) == len(layers)
    for layer, x, result in zip(layers, inputs, run(module, *inputs, folder=tmp_path), strict=True):
        _assert_right(result, layer, x)


class SeparableBlock(nn.Module):
    """Depthwise and pointwise, as in networks for speech, with a sum around them."""

    def __init__(self, channels: int):
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, 5, padding=2, groups=channels)
        self.pointwise = nn.Conv1d(channels, channels, 1)
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x):
        y = self.norm(self.pointwise(torch.relu(self.depthwise(x))))
        return torch.relu(x + y)


def test_nothing_is_copied_between_layers():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv1d(4, 16, 3, padding=1), nn.ReLU(), SeparableBlock(16), nn.MaxPool1d(2)
    ).eval()
    prune_(model, PruningConfig(connectivity={"2.pointwise": 2}, group_size=4))
    x = torch.randn(1, 4, 40)
    module = compile(model, (x,), settings=Settings(keep_stages=True))
    planes = module.mlir("planes")
    assert planes.count("pattern.packed_conv2d") == 3 and planes.count("pattern.pool2d") == 1
    assert planes.count("pattern.pack ") == 1 and "pattern.unpack" not in planes
    assert "linalg." not in planes
    torch.testing.assert_close(torch.as_tensor(module(x)), model(x), rtol=1e-5, atol=1e-5)
