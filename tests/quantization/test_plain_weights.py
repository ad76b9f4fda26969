# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Weights that a model computes from constants, and products with matrices, are quantised."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

pytest.importorskip("torchao.quantization.pt2e")

from patternc import QuantizationConfig, quantize
from patternc.errors import QuantizationError
from patternc.quantization.fake_quantized import FakeQuantized

pytestmark = pytest.mark.torch


class Standardised(nn.Conv2d):
    def forward(self, x):
        rows = self.weight.flatten(1)
        weight = (rows - rows.mean(1, keepdim=True)) / rows.std(1, keepdim=True)
        return functional.conv2d(x, weight.view_as(self.weight), self.bias)


class Network(nn.Module):
    """Two computed weights, one of them read twice, and three products with a matrix."""

    def __init__(self):
        super().__init__()
        self.conv = Standardised(3, 8, 3)
        self.normed = parametrizations.weight_norm(nn.Linear(8, 8))
        self.matrix = nn.Parameter(torch.randn(8, 4))
        self.bias = nn.Parameter(torch.randn(4))

    def forward(self, x):
        x = torch.relu(self.conv(x)).mean((2, 3))
        x = self.normed(torch.relu(self.normed(x)))
        products = (x @ self.matrix, torch.mm(torch.tanh(x), self.matrix))
        return torch.addmm(self.bias, torch.sigmoid(x), self.matrix) + sum(products)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Network().eval()


def _images():
    return [torch.randn(2, 3, 9, 9) for _ in range(4)]


def _layers(program):
    return [
        node
        for node in program.graph.nodes
        if str(node.target).startswith(("aten.conv2d", "aten.linear"))
    ]


def test_computed_weights_and_matrices_are_quantised(model):
    images = _images()
    program = quantize(model, images, progress=False)
    layers = _layers(program)
    assert len(layers) == 6
    assert all("dequantize_per_channel" in str(layer.args[1].target) for layer in layers)
    assert not any("aten.std" in str(node.target) for node in program.graph.nodes)
    x = images[0]
    with torch.no_grad():
        assert (program.module()(x) - model(x)).norm() < 0.05 * model(x).norm()


def test_they_have_the_names_of_their_layers(model):
    for name in ("conv", "conv.weight", "normed"):
        config = QuantizationConfig(ignore=(name,))
        program = quantize(model, _images(), config=config, progress=False)
        quantised = ["dequantize" in str(layer.args[1].target) for layer in _layers(program)]
        assert quantised.count(False) == (2 if name == "normed" else 1)
    with pytest.raises(QuantizationError, match="matches no layer"):
        quantize(model, _images(), config=QuantizationConfig(ignore=("other",)), progress=False)


def test_a_product_with_factors_stays_as_it_is():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(8, 8)
            self.matrix, self.bias = (nn.Parameter(torch.randn(s)) for s in ((8, 4), (4,)))

        def forward(self, x):
            return torch.addmm(self.bias, self.linear(x), self.matrix, beta=2)

    program = quantize(Scaled().eval(), [torch.randn(2, 8)], progress=False)
    assert len(_layers(program)) == 1


def test_they_are_trained(model):
    network = FakeQuantized(model, torch.randn(3, 9, 9)).train()
    network(torch.randn(4, 3, 9, 9)).sum().backward()
    trained = dict(network.named_parameters())
    assert all(p.grad is not None for name, p in trained.items() if name.endswith("conv.weight"))
    assert len(_layers(network.program())) == 6
