# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is folded into weights: batch norms and computed weights, from PyTorch and from `.mlir`."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from oracle import assert_close_network
from patternc import compile, ir, passmanager
from patternc.frontends import import_model
from patternc.models import randomise_batch_norm_
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]
pytest.importorskip("torch_mlir")


def batch_norm(channels: int, *, affine: bool = True) -> nn.BatchNorm2d:
    """A batch norm whose every statistic matters."""
    norm = nn.BatchNorm2d(channels, affine=affine)
    norm.running_mean = torch.randn(channels)
    norm.running_var = torch.rand(channels) + 0.5
    if affine:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    return norm


class TwoReaders(nn.Module):
    """A convolution that is read twice, so that its batch norm cannot go into it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = batch_norm(3)

    def forward(self, x):
        y = self.conv(x)
        return self.norm(y) + y


class OneConvolutionTwoNorms(nn.Module):
    """A weight that goes into two folded weights."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.first = batch_norm(3)
        self.second = batch_norm(3)

    def forward(self, x):
        return self.second(self.conv(self.first(self.conv(x))))


NORMALISED = {
    "bias": nn.Sequential(nn.Conv2d(3, 4, 3), batch_norm(4)),
    "no bias": nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), batch_norm(4), nn.ReLU()),
    "not affine": nn.Sequential(nn.Conv2d(3, 4, 3), batch_norm(4, affine=False)),
    "groups": nn.Sequential(nn.Conv2d(3, 6, 3, groups=3), batch_norm(6)),
    "1x1": nn.Sequential(nn.Conv2d(3, 4, 1), batch_norm(4)),
    "twice": nn.Sequential(nn.Conv2d(3, 4, 3), batch_norm(4), batch_norm(4)),
    "alone": nn.Sequential(nn.ReLU(), batch_norm(3)),
    "transposed": nn.Sequential(nn.ConvTranspose2d(3, 4, 2), batch_norm(4)),
    "two readers": TwoReaders(),
    "one convolution, two norms": OneConvolutionTwoNorms(),
}


class Residual(nn.Module):
    """Batch norms on both branches of a sum, after depthwise and parametrised convolutions."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.first = nn.BatchNorm2d(8)
        self.shortcut = nn.Sequential(nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8))
        self.scaled = parametrizations.weight_norm(nn.Conv2d(8, 16, 3, groups=2))
        self.second = nn.BatchNorm2d(16, affine=False)
        self.classifier = nn.Sequential(nn.Linear(16, 10), nn.BatchNorm1d(10))

    def forward(self, x):
        x = self.stem(x)
        x = torch.relu(self.first(self.depthwise(x)) + self.shortcut(x))
        return self.classifier(self.second(self.scaled(x)).mean((2, 3)))


def folded(module: nn.Module, x: torch.Tensor) -> dict[str, np.ndarray]:
    """The weights of a module once batch norms are folded."""
    imported = import_model(module, (x,))
    linalg = ir.Module.parse(imported.text, ir.Context(), resources=imported.blobs)
    pipeline = "builtin.module(pattern-fold-batch-norms)"
    passmanager.PassManager.parse(pipeline, linalg.context).run(linalg)
    return linalg.resources()


@pytest.mark.parametrize("case", NORMALISED)
@pytest.mark.parametrize("exported", [False, True], ids=["module", "exported program"])
def test_batch_norm_is_folded(case, exported):
    module = NORMALISED[case].eval()
    x = torch.randn(2, 3, 8, 8)
    program = torch.export.export(module, (x,)) if exported else module
    compiled = compile(program, (x,), settings=Settings(keep_stages=True))

    assert "math.rsqrt" not in compiled.mlir("batch-norms")
    assert_close_network(compiled(x), module, x)


def test_folded_weight_has_the_name_of_the_convolution():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), batch_norm(4)).eval()
    x = torch.randn(1, 3, 8, 8)
    weights = folded(module, x)

    assert set(weights) == {"0.weight.folded", "0.bias.folded"}
    norm = module[1]
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    expected = (module[0].weight.double() * scale.view(-1, 1, 1, 1)).float()
    np.testing.assert_allclose(weights["0.weight.folded"], expected.detach(), rtol=2e-7)
    assert [layer.name for layer in compile(module, (x,)).report().layers] == ["0"]


def test_folding_keeps_zeros():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), batch_norm(4)).eval()
    mask = torch.rand(4, 3, 3, 3) < 0.5
    with torch.no_grad():
        module[0].weight.mul_(mask)
    weights = folded(module, torch.randn(1, 3, 8, 8))
    np.testing.assert_array_equal(weights["0.weight.folded"] != 0, mask)


def test_one_convolution_with_two_batch_norms():
    module = OneConvolutionTwoNorms().eval()
    x = torch.randn(1, 3, 8, 8)
    assert "conv.weight.folded_1" in folded(module, x)
    assert [layer.name for layer in compile(module, (x,)).report().layers] == ["conv", "conv"]


@pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec:FutureWarning")
def test_models_as_mlir_have_the_layers_of_those_from_torch():
    fx = pytest.importorskip("torch_mlir.fx")
    torch.manual_seed(0)
    model = Residual()
    randomise_batch_norm_(model)
    model.eval()
    x = torch.randn(4, 3, 12, 12)
    text = str(fx.export_and_import(model, x[:1], output_type="linalg-on-tensors"))

    from_torch, from_mlir = compile(model, (x[:1],)), compile(text)

    layers = from_torch.report().layers
    assert len(layers) == 5
    # torch-mlir has names of its own for weights.
    assert [dataclasses.replace(layer, name="") for layer in layers] == [
        dataclasses.replace(layer, name="") for layer in from_mlir.report().layers
    ]
    assert from_torch.report().left == from_mlir.report().left == ()
    for module in (from_torch, from_mlir):
        assert_close_network(torch.cat([module(image) for image in x.split(1)]), model, x)
