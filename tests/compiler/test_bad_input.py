# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What `compile` refuses: one clear error that says where, and nothing is written."""

import os
import re
import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import patternc
from patternc import PatterncError, compile
from patternc.compiler import Pass, get_target
from patternc.errors import CompilerError, ModelError, TargetError
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]

IMAGE = torch.randn(1, 3, 8, 8)


def model_of(weight: torch.Tensor) -> nn.Module:
    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Conv2d(3, 4, 3)))
    model[1][0].weight = nn.Parameter(weight)
    return model


def poisoned(value: float) -> torch.Tensor:
    weight = torch.randn(4, 3, 3, 3)
    weight[2, 1, 0, 0] = value
    return weight


def convolution_text(weights: str) -> str:
    return f"""module {{
  func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {{
    %w = arith.constant dense<{weights}> : tensor<1x1x1x1xf32> loc("features.3")
    %c = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
    %y = linalg.conv_2d_nchw_fchw
      {{strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}}
      ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%c : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> loc("features.3")
    return %y : tensor<1x1x4x4xf32>
  }}
}}
"""


GRAPH_TEXT = """module {
  func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
    %w = arith.constant dense<WEIGHTS> : tensor<2x2x1x1xf32>
    %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<IDS> : tensor<SHAPExui8>>
      : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
    return %y : tensor<1x2x4x4xf32>
  }
}
"""


def graph_text(weights: str, ids: str, shape: str) -> str:
    return GRAPH_TEXT.replace("WEIGHTS", weights).replace("IDS", ids).replace("SHAPE", shape)


class Reshaped(nn.Module):
    def forward(self, x):
        return x.to(torch.float64)


def exported_with_dynamic_batch():
    batch = torch.export.Dim("batch", min=2)
    return torch.export.export(
        nn.Conv2d(3, 4, 3), (IMAGE.repeat(2, 1, 1, 1),), dynamic_shapes=({0: batch},)
    )


CASES = {
    "not a model": (5, None, r"expected a torch.nn.Module, .* but got int"),
    "no model": (None, (IMAGE,), r"but got NoneType"),
    "a class": (nn.ReLU, (IMAGE,), r"but got the class ReLU"),
    "no arguments": (nn.ReLU(), None, r"example_args is missing"),
    "numpy arguments": (nn.ReLU(), (IMAGE.numpy(),), r"argument 0 of example_args is a ndarray"),
    "half": (nn.Sequential(nn.Conv2d(3, 4, 3).half()), (IMAGE.half(),), r"'0.weight' .* float16"),
    "double": (nn.Conv2d(3, 4, 3).double(), (IMAGE,), r"'weight' .* dtype float64"),
    "double image": (nn.ReLU(), (IMAGE.double(),), r"argument 0 .* dtype float64; .* float32"),
    "double output": (Reshaped(), (IMAGE,), r"output 0 has the unsupported dtype float64"),
    "dynamic batch": (exported_with_dynamic_batch(), None, r"input '\w+' has the dynamic shape"),
    "NaN": (model_of(poisoned(float("nan"))), (IMAGE,), r"'1.0.weight' holds NaN or infinite"),
    "infinity": (model_of(poisoned(float("-inf"))), (IMAGE,), r"'1.0.weight' holds NaN or inf"),
    "no file": ("nowhere/net.mlir", None, r"the MLIR file 'nowhere/net.mlir' does not exist"),
    "NaN in MLIR": (convolution_text("0x7FC00000"), None, r"features\.3.*(NaN|finite)"),
    "infinity in MLIR": (convolution_text("0xFF800000"), None, r"features\.3.*(inf|finite)"),
    "truncated": (convolution_text("1.0")[:-60], None, r"not MLIR .*main:\d+:\d+"),
    "malformed": (convolution_text("one"), None, r"not MLIR .*main:3:\d+"),
    "words": ("a func of no\nmeaning", None, r"not MLIR .*main:1:1"),
    "unknown operation": ("func.func @main() {\n  foo.bar\n  return\n}", None, r"main:2:\d+.*foo"),
    "no @main": ("func.func @net() {\n return\n}", None, r"main.*net"),
    "dynamic in MLIR": (
        "func.func @main(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {\n"
        " return %x : tensor<?x3xf32>\n}",
        None,
        r"input 'input0' has a dynamic shape \(None, 3\).*export the model with fixed sizes",
    ),
    "no tensor in MLIR": (
        "func.func @main(%x: index) -> index {\n return %x : index\n}",
        None,
        r"input 'input0' has type index, expected a tensor",
    ),
    "map of another shape": (
        graph_text("1.0", "1", "2x1"),
        None,
        r"main:4:\d+.*kernel map",
    ),
    "map without an id": (graph_text("1.0", "2", "2x2"), None, r"main:4:\d+.*2.*pattern"),
    "weights outside the map": (
        graph_text("1.0", "[[1, 0], [1, 1]]", "2x2"),
        None,
        r"main:4:\d+.*a weight at position 0, but the kernel is removed",
    ),
}


@pytest.fixture
def nothing_written(tmp_path, monkeypatch):
    """The current folder, and that of reproducers, stay as they are."""
    monkeypatch.chdir(tmp_path)
    yield Settings(reproducer_dir=tmp_path / "reproducers")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", CASES)
def test_refused(name, nothing_written, capfd):
    model, arguments, message = CASES[name]
    with pytest.raises(ModelError) as caught:
        compile(model, arguments, settings=nothing_written)
    assert re.search(message, str(caught.value), re.DOTALL), str(caught.value)
    assert capfd.readouterr().err == ""


def test_file_is_named_with_the_line(tmp_path):
    path = tmp_path / "net.mlir"
    path.write_text(convolution_text("one"))
    with pytest.raises(ModelError, match=r"net(\.mlir)?:3:\d+"):
        compile(path)


def test_unknown_target(nothing_written):
    with pytest.raises(TargetError, match=r"unknown target 'gpu'; known are llvm-cpu, x86"):
        compile(nn.ReLU(), (IMAGE,), target="gpu", settings=nothing_written)


def test_wrong_shape_at_the_call():
    module = compile(nn.Conv2d(3, 4, 3), (IMAGE,), target="vmvx")
    with pytest.raises(ModelError, match=r"\('input'\) has shape \(1, 3, 9, 8\), expected"):
        module(np.zeros((1, 3, 9, 8), np.float32))


def test_compiler_failure_leaves_a_reproducer(tmp_path):
    """A pipeline that ends too early is found before IREE stumbles over it."""
    pipeline = patternc.Pipeline((Pass("pattern-raise-convolutions"),))
    with pytest.raises(PatterncError, match=r"pattern\.conv2d, which the pattern lowering"):
        compile(
            nn.Conv2d(3, 4, 3),
            (IMAGE,),
            pipeline=pipeline,
            settings=Settings(reproducer_dir=tmp_path),
        )


def unscheduled() -> patternc.Pipeline:
    """A pipeline that cannot work."""
    return patternc.Pipeline.for_target(get_target("vmvx")).without("pattern-schedule-convolutions")


def test_a_pass_that_fails_leaves_a_reproducer(tmp_path):
    pipeline = patternc.Pipeline.for_target(get_target("vmvx"))
    errors = []
    for _ in range(2):
        with pytest.raises(CompilerError, match="run pattern-layout-activations first") as caught:
            compile(
                nn.Conv2d(3, 4, 3),
                (IMAGE,),
                target="vmvx",
                pipeline=pipeline.without("pattern-layout-activations"),
                settings=Settings(reproducer_dir=tmp_path),
            )
        errors.append(str(caught.value))
    files = [line.rpartition(" ")[2] for error in errors for line in error.splitlines()[-1:]]
    assert len({*files}) == 2
    for file in map(Path, files):
        assert file.name == "pattern-schedule-convolutions.mlir"
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert "pattern.packed_conv2d" in file.read_text()


def test_a_pass_that_fails_before_it_runs_leaves_nothing(tmp_path, nothing_written):
    pipeline = patternc.Pipeline((Pass("pattern-compress-weights", {"max-filter-group": -1}),))
    with pytest.raises(CompilerError, match="expected a max-filter-group") as caught:
        compile(nn.ReLU(), (IMAGE,), pipeline=pipeline, settings=nothing_written)
    assert "reproduce" not in str(caught.value)


@pytest.mark.parametrize("name", ["pattern-demote-f32-to-f16", "pattern-raise-convolutions"])
def test_the_first_passes_leave_a_reproducer_when_it_is_their_fault(name, tmp_path, monkeypatch):
    from patternc import ir, passmanager

    class Crashing:
        """As a pass that crashes, which MLIR survives and says nothing of but in a file."""

        @staticmethod
        def parse(pipeline, context):
            return Crashing()

        context = None

        def enable_statistics(self):
            pass

        def enable_reproducer(self, path):
            self.path = path

        def run(self, module):
            self.path.write_text("module {}")
            error = ir.MLIRError("")
            error.diagnostics = []
            raise error

    monkeypatch.setattr(passmanager, "PassManager", Crashing)
    with pytest.raises(CompilerError, match=f"{name} failed: it crashed") as caught:
        compile(
            nn.Conv2d(3, 4, 3),
            (IMAGE,),
            pipeline=patternc.Pipeline((Pass(name),)),
            settings=Settings(reproducer_dir=tmp_path),
        )
    assert Path(str(caught.value).rpartition(" ")[2]).read_text() == "module {}"


def test_a_pipeline_that_lacks_a_pass(nothing_written):
    with pytest.raises(CompilerError, match="it needs pattern-schedule-convolutions before"):
        compile(nn.Conv2d(3, 4, 3), (IMAGE,), pipeline=unscheduled(), settings=nothing_written)
    with pytest.raises(PatterncError, match="no pass 'pattern-none' in the pipeline; it has"):
        unscheduled().without("pattern-none")


def test_folders_that_are_none():
    with pytest.raises(PatterncError, match="dump_dir is 5, expected the path of a folder"):
        Settings(dump_dir=5)
    assert Settings(dump_dir="a/b").dump_dir == Path("a/b")


def test_a_dump_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PatterncError, match=r"dump_dir .*file cannot be written to"):
        compile(nn.ReLU(), (IMAGE,), settings=Settings(dump_dir=tmp_path / "file"))
