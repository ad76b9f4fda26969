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


class Bytes(nn.Module):
    """A convolution between two poolings, after which nothing is left to IREE but conversions."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.conv(functional.max_pool2d(x, 2)))
        return torch.cat([functional.avg_pool2d(x, 3, 2, 1), functional.max_pool2d(x, 2)], 1)


@pytest.mark.vulkan
@pytest.mark.parametrize("stores_bytes", [True, False])
def test_equals_pytorch_on_vulkan(stores_bytes):
    require_vulkan()
    torch.manual_seed(0)
    images = [torch.randn(1, 4, 16, 12) for _ in range(3)]
    program = patternc.quantize(Bytes().eval(), images)
    module = patternc.compile(
        program, target=machines.gpu_with_bytes() if stores_bytes else "vulkan"
    )
    (layer,) = module.report().layers
    assert layer.dtype == ("int8" if stores_bytes else "float32")
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
