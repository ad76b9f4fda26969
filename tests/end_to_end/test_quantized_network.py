# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Networks that PyTorch's flow quantised compute in bytes what PyTorch computes of them."""

import numpy as np
import pytest
import torch
from tests import machines
from torch import nn
from torch.nn import functional

import patternc
from patternc.quantization import QuantizationConfig
from patternc.settings import Settings
from vulkan import require_vulkan

pytestmark = [pytest.mark.iree, pytest.mark.torch]


class Network(nn.Module):
    """Everything that is quantised between two layers."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.expand = nn.Conv2d(16, 32, 1)
        self.depthwise = nn.Conv2d(32, 32, 3, padding=1, groups=32)
        self.project = nn.Conv2d(32, 16, 1)
        self.left, self.right = nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(16, 8, 1)
        self.last = nn.Conv2d(16, 24, 3, stride=2, padding=1)
        self.gate = nn.Conv2d(24, 24, 1)
        self.head = nn.Linear(24, 10)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.norm(self.stem(x))), 3, 2, 1)
        y = functional.relu6(self.depthwise(functional.relu6(self.expand(x))))
        x = torch.relu(self.project(y) + x)
        x = torch.cat([self.left(x), self.right(x)], 1)
        x = functional.hardswish(self.last(functional.avg_pool2d(x, 2)))
        x = x * torch.sigmoid(self.gate(functional.adaptive_avg_pool2d(x, 1)))
        return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))


@pytest.fixture(scope="module")
def program():
    torch.manual_seed(0)
    model = Network().eval()
    patternc.prune_(model, ignore="stem", group_size=8)
    images = [torch.randn(1, 3, 32, 32) for _ in range(3)]
    return patternc.quantize(model, images, config=QuantizationConfig(observer="min-max"))


@pytest.mark.parametrize(
    "target",
    ["llvm-cpu", "vmvx", pytest.param("snapdragon-855", marks=pytest.mark.aarch64)],
)
def test_equals_pytorch(program, target, tmp_path):
    machines.require_machine(target)
    module = patternc.compile(program, target=target, settings=Settings(keep_stages=True))
    dtypes = {layer.name: layer.dtype for layer in module.report().layers}
    # Without vectors, products with a matrix are left to IREE.
    assert len(dtypes) == 8 + (target != "vmvx") and set(dtypes.values()) == {"int8"}
    quantized = module.mlir("quantized")
    assert "pattern.pool2d <max> " in quantized
    assert quantized.count("<bytes = ") == len(dtypes) + 4  # and four poolings
    assert quantized.count("lookup = ") == 2  # hard-swish and sigmoid
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, 3, 32, 32, generator=generator)
    want = program.module()(x).detach().numpy()
    (got,) = machines.run(module, x, folder=tmp_path)
    step = np.abs(np.diff(np.unique(want))).min()
    steps = np.abs(np.asarray(got) - want) / step
    assert steps.max() < 1.5 and np.mean(steps > 0.5) <= 0.2


class Blocks(nn.Module):
    """Matrices of several rows: a mixer of tokens, an attention and a mixer of channels."""

    def __init__(self, tokens: int = 16, channels: int = 24):
        super().__init__()
        self.patches = nn.Conv2d(3, channels, 4, stride=4)
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))
        self.tokens = nn.Sequential(nn.Linear(tokens, 32), nn.ReLU(), nn.Linear(32, tokens))
        self.qkv, self.project = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        self.channels = nn.Sequential(nn.Linear(channels, 96), nn.GELU(), nn.Linear(96, channels))
        self.head = nn.Linear(channels, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.norms[0](x).transpose(1, 2)).transpose(1, 2)
        q, k, v = self.qkv(x).chunk(3, -1)
        x = x + self.project(functional.scaled_dot_product_attention(q, k, v))
        x = x + self.channels(self.norms[1](x))
        return self.head(x.mean(1))


@pytest.mark.parametrize(
    "target", ["llvm-cpu", pytest.param("snapdragon-855", marks=pytest.mark.aarch64)]
)
def test_matrices_of_several_rows(target, tmp_path):
    machines.require_machine(target)
    torch.manual_seed(0)
    program = patternc.quantize(Blocks().eval(), [torch.randn(2, 3, 16, 16) for _ in range(3)])
    module = patternc.compile(program, target=target)
    dtypes = {layer.name: layer.dtype for layer in module.report().layers}
    assert len(dtypes) == 8 and set(dtypes.values()) == {"int8"}
    x = torch.randn(2, 3, 16, 16)
    want = program.module()(x).detach().numpy()
    (got,) = machines.run(module, x, folder=tmp_path)
    step = np.abs(np.diff(np.unique(want))).min()
    assert np.abs(np.asarray(got) - want).max() < 1.5 * step


class Bytes(nn.Module):
    """A convolution between two poolings, after which nothing is left to IREE but conversions."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.conv(functional.max_pool2d(x, 2)))
        return torch.cat([functional.avg_pool2d(x, 3, 2, 1), functional.max_pool2d(x, 2)], 1)


@pytest.mark.vulkan
@pytest.mark.parametrize(("target", "dtype"), [("vulkan-llvmpipe", "int8"), ("vulkan", "float32")])
def test_equals_pytorch_on_vulkan(target, dtype):
    require_vulkan()
    torch.manual_seed(0)
    images = [torch.randn(1, 4, 16, 12) for _ in range(3)]
    program = patternc.quantize(Bytes().eval(), images)
    module = patternc.compile(program, target=target)
    (layer,) = module.report().layers
    assert layer.dtype == dtype
    want = program.module()(images[0]).detach()
    step = want.unique().diff().min()
    assert (torch.as_tensor(module(images[0])) - want).abs().max() < 1.5 * step


def test_report_says_why_a_layer_is_in_floats():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 4, 1))
    images = [torch.randn(1, 3, 12, 12)]
    program = patternc.quantize(model.eval(), images, config=QuantizationConfig(skip_first=True))
    report = patternc.compile(program).report()
    reasons = {layer.name: layer.float_reason for layer in report.layers}
    assert reasons == {"0": "its input is not quantised", "2": "", "3": ""}
    assert "its input is not quantised" in str(report)
    assert "not quantised" not in str(patternc.compile(model, (images[0],)).report())


def _between_bytes(name: str, source: str, shape: str, scale: float, zero_point: int) -> str:
    """Quantises to a tensor of bytes, and makes f32 of it again, as importers of ONNX write it."""
    identity = "affine_map<(n, c, y, x) -> (n, c, y, x)>"
    generic = f"""linalg.generic {{indexing_maps = [{identity}, {identity}],
        iterator_types = ["parallel", "parallel", "parallel", "parallel"]}}"""
    return f"""
    %{name}_scale = arith.constant {scale!r} : f32
    %{name}_zero = arith.constant {zero_point}.0 : f32
    %{name}_integer = arith.constant {zero_point} : i64
    %{name}_bytes = tensor.empty() : tensor<{shape}xi8>
    %{name}_floats = tensor.empty() : tensor<{shape}xf32>
    %{name}_q = {generic}
        ins(%{source} : tensor<{shape}xf32>) outs(%{name}_bytes : tensor<{shape}xi8>) {{
    ^bb0(%in: f32, %out: i8):
      %0 = arith.divf %in, %{name}_scale : f32
      %1 = math.roundeven %0 : f32
      %2 = arith.addf %1, %{name}_zero : f32
      %3 = arith.maximumf %2, %least : f32
      %4 = arith.minimumf %3, %most : f32
      %5 = arith.fptoui %4 : f32 to i8
      linalg.yield %5 : i8
    }} -> tensor<{shape}xi8>
    %{name} = {generic}
        ins(%{name}_q : tensor<{shape}xi8>) outs(%{name}_floats : tensor<{shape}xf32>) {{
    ^bb0(%in: i8, %out: f32):
      %0 = arith.extui %in : i8 to i64
      %1 = arith.subi %0, %{name}_integer : i64
      %2 = arith.sitofp %1 : i64 to f32
      %3 = arith.mulf %2, %{name}_scale : f32
      linalg.yield %3 : f32
    }} -> tensor<{shape}xf32>"""


def test_bytes_between_layers_as_onnx_has_them():
    generator = torch.Generator().manual_seed(0)
    weights = torch.randint(-127, 128, (8, 4), generator=generator).float() / 64
    weights[:, 0] = 127 / 64  # of each filter, which says what a step is
    text = f"""module {{
  func.func @main(%image: tensor<1x4x6x5xf32>) -> tensor<1x8x6x5xf32> {{
    %least = arith.constant 0.0 : f32
    %most = arith.constant 255.0 : f32
    %w = arith.constant dense<{weights.view(8, 4, 1, 1).tolist()}> : tensor<8x4x1x1xf32>
    {_between_bytes("x", "image", "1x4x6x5", 0.0625, 128)}
    %empty = tensor.empty() : tensor<1x8x6x5xf32>
    %init = linalg.fill ins(%least : f32) outs(%empty : tensor<1x8x6x5xf32>)
        -> tensor<1x8x6x5xf32>
    %conv = linalg.conv_2d_nchw_fchw
        {{dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}}
        ins(%x, %w : tensor<1x4x6x5xf32>, tensor<8x4x1x1xf32>)
        outs(%init : tensor<1x8x6x5xf32>) -> tensor<1x8x6x5xf32>
    {_between_bytes("y", "conv", "1x8x6x5", 0.125, 100)}
    return %y : tensor<1x8x6x5xf32>
  }}
}}
"""
    module = patternc.compile(text)
    assert [layer.dtype for layer in module.report().layers] == ["int8"]
    image = torch.randn(1, 4, 6, 5, generator=generator)
    x = torch.fake_quantize_per_tensor_affine(image, 0.0625, 128, 0, 255)
    y = functional.conv2d(x, weights.view(8, 4, 1, 1))
    want = torch.fake_quantize_per_tensor_affine(y, 0.125, 100, 0, 255)
    torch.testing.assert_close(torch.as_tensor(module(image)), want, rtol=0, atol=0)  # powers of 2
