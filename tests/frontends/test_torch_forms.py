# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What torch-mlir makes of each layer: the forms that the raising pass is written against."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from patternc.frontends import import_model

pytest.importorskip("torch_mlir")

MLIR_OPT = shutil.which("mlir-opt-22") or shutil.which("/usr/lib/llvm-22/bin/mlir-opt")


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return functional.relu(self.conv(x).add_(x), inplace=True)


class Concatenation(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        return torch.cat([self.conv(x), x], 1)


# Each form: a module, its input shape, and the operations to find, in this order.
FORMS = {
    "padding": (nn.Conv2d(4, 8, 3, padding=1), (1, 4, 9, 7), ["tensor.pad", "conv_2d_nchw_fchw"]),
    "bias": (nn.Conv2d(4, 8, 3), (1, 4, 9, 7), ["linalg.broadcast", "conv_2d_nchw_fchw"]),
    "no bias": (nn.Conv2d(4, 8, 3, bias=False), (1, 4, 9, 7), ["linalg.fill", "conv_2d_nchw_fchw"]),
    "batch": (nn.Conv2d(4, 8, 3), (3, 4, 9, 7), ["conv_2d_nchw_fchw"]),
    "stride": (nn.Conv2d(4, 8, 3, stride=(2, 1)), (1, 4, 9, 7), ["strides = dense<[2, 1]>"]),
    "dilation": (nn.Conv2d(4, 8, 3, dilation=2), (1, 4, 9, 7), ["dilations = dense<2>"]),
    "1x1": (nn.Conv2d(4, 8, 1), (1, 4, 9, 7), ["conv_2d_nchw_fchw", "tensor<8x4x1x1xf32>"]),
    "7x7": (nn.Conv2d(4, 8, 7, padding=3), (1, 4, 9, 7), ["low[0, 0, 3, 3]", "conv_2d_nchw_fchw"]),
    "same": (
        nn.Conv2d(4, 8, 4, padding="same"),
        (1, 4, 9, 7),
        ["low[0, 0, 1, 1] high[0, 0, 2, 2]"],
    ),
    "groups": (nn.Conv2d(4, 8, 3, groups=2), (1, 4, 9, 7), ["expand_shape", "conv_2d_ngchw_gfchw"]),
    "depthwise": (
        nn.Conv2d(4, 4, 3, groups=4),
        (1, 4, 9, 7),
        ["collapse_shape", "depthwise_conv_2d_nchw_chw"],
    ),
    "depthwise multiplier": (nn.Conv2d(4, 8, 3, groups=4), (1, 4, 9, 7), ["conv_2d_ngchw_gfchw"]),
    "relu": (
        nn.Sequential(nn.Conv2d(4, 8, 3), nn.ReLU()),
        (1, 4, 9, 7),
        ["conv_2d_nchw_fchw", "linalg.generic", "arith.cmpf ugt", "arith.select"],
    ),
    "relu in place": (
        nn.Sequential(nn.Conv2d(4, 8, 3), nn.ReLU(inplace=True)),
        (1, 4, 9, 7),
        ["conv_2d_nchw_fchw", "linalg.generic", "arith.cmpf ugt", "arith.select"],
    ),
    "relu in place on the input": (nn.ReLU(inplace=True), (1, 4), ["arith.cmpf ugt"]),
    "relu6 is one loop": (
        nn.Sequential(nn.Conv2d(4, 8, 3), nn.ReLU6(inplace=True)),
        (1, 4, 9, 7),
        ["linalg.generic", "arith.maximumf", "arith.minimumf"],
    ),
    "hard-swish in place": (
        nn.Sequential(nn.Conv2d(4, 8, 3), nn.Hardswish(inplace=True)),
        (1, 4, 9, 7),
        ["arith.addf", "arith.maximumf", "arith.minimumf", "arith.mulf", "arith.divf"],
    ),
    "silu in place": (
        nn.Sequential(nn.Conv2d(4, 8, 3), nn.SiLU(inplace=True)),
        (1, 4, 9, 7),
        ["arith.negf", "math.exp", "arith.addf", "arith.divf", "arith.mulf"],
    ),
    "max pool": (nn.MaxPool2d(3, 2, 1), (1, 4, 9, 7), ["tensor.pad", "linalg.pooling_nchw_max"]),
    "average pool": (nn.AvgPool2d(2), (1, 4, 8, 8), ["linalg.pooling_nchw_sum", "arith.divf"]),
    "global average pool": (nn.AdaptiveAvgPool2d(1), (1, 4, 9, 7), ["reduction", "arith.divf"]),
    "adaptive average pool": (nn.AdaptiveAvgPool2d(4), (1, 4, 8, 8), ["linalg.pooling_nchw_sum"]),
    "linear": (nn.Linear(6, 3), (2, 6), ["linalg.transpose", "linalg.matmul", "arith.addf"]),
    "flatten": (nn.Flatten(), (1, 4, 2, 2), ["tensor.collapse_shape"]),
    "residual add": (Residual(), (1, 4, 9, 7), ["conv_2d_nchw_fchw", "arith.addf", "arith.select"]),
    "concatenation": (Concatenation(), (1, 4, 9, 7), ["tensor.concat|tensor.insert_slice"]),
    "dropout vanishes": (nn.Sequential(nn.Dropout(), nn.Identity()), (1, 4), ["return %arg0"]),
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("form", FORMS)
def test_form(form):
    module, shape, operations = FORMS[form]
    imported = import_model(module, (torch.randn(shape),))

    body = imported.text.partition("func.func @main")[2]
    position = 0
    for operation in operations:
        pattern = "|".join(re.escape(choice) for choice in operation.split("|"))
        found = re.compile(pattern).search(body, position)
        assert found, f"no {operation} in its place in\n{imported.text}"
        position = found.end()
    assert set(imported.blobs) == {name for name, _ in module.named_parameters()}


def test_relu6_of_hardtanh_is_one_loop():
    text = import_model(nn.ReLU6(), (torch.randn(1, 4),)).text
    assert text.count("linalg.generic") == 1


@pytest.mark.skipif(MLIR_OPT is None, reason="mlir-opt of LLVM 22 is not installed")
def test_every_form_parses_in_mlir_22(tmp_path: Path):
    texts = [import_model(m, (torch.randn(shape),)).text for m, shape, _ in FORMS.values()]
    # One process for all: each text is a module of its own.
    source = tmp_path / "forms.mlir"
    source.write_text("\n// -----\n".join(texts))
    done = subprocess.run(
        [str(MLIR_OPT), "--split-input-file", source], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("func.func @main") == len(FORMS)
