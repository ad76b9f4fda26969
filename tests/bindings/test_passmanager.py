# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from patternc import ir
from patternc.passmanager import PassManager

DEAD = """
func.func @main(%x: i32) -> i32 {
  %0 = arith.constant 1 : i32
  %1 = arith.addi %x, %0 : i32
  return %x : i32
}
"""

# The raising pass refuses weights that are not finite, which makes it the pass that fails here.
CONVOLUTION = """
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %init = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %w = arith.constant dense_resource<w> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw
      ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%init : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
"""
RAISING_PASS = "pattern-raise-convolutions"


def failing_module(context: ir.Context) -> ir.Module:
    nan = np.full((1, 1, 1, 1), np.nan, dtype=np.float32)
    return ir.Module.parse(CONVOLUTION, context, filename="net.mlir", resources={"w": nan})


def test_runs_in_place():
    context = ir.Context()
    module = ir.Module.parse(DEAD, context)
    manager = PassManager.parse("builtin.module(canonicalize)", context)
    assert manager.run(module) == []
    assert "arith.addi" not in str(module)


def test_text_parses_back():
    context = ir.Context()
    manager = PassManager.parse("builtin.module(cse,func.func(canonicalize))", context)
    text = str(manager)
    assert text.startswith("builtin.module(cse,func.func(canonicalize")
    assert str(PassManager.parse(text, context)) == text


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        ("builtin.module(no-such-pass)", "'no-such-pass' does not refer to a registered pass"),
        ("builtin.module(cse{no-such-option=1})", "no such option no-such-option"),
        ("canonicalize", r"'builtin.module\(...\)'"),
        ("builtin.module(", "pass pipeline"),
        ("", "pass pipeline"),
    ],
)
def test_pipelines_that_do_not_parse(pipeline, message):
    with pytest.raises(ir.MLIRError, match=message):
        PassManager.parse(pipeline, ir.Context())


def test_a_module_of_another_context_is_refused():
    manager = PassManager.parse("builtin.module(cse)", ir.Context())
    with pytest.raises(ir.MLIRError, match="different contexts"):
        manager.run(ir.Module.parse(DEAD))


def test_failure_has_diagnostics_and_the_pass():
    context = ir.Context()
    manager = PassManager.parse(f"builtin.module(cse,{RAISING_PASS})", context)
    with pytest.raises(ir.MLIRError, match=r"net\.mlir:") as caught:
        manager.run(failing_module(context))
    assert caught.value.failed_pass == RAISING_PASS
    assert [diagnostic.severity for diagnostic in caught.value.diagnostics] == ["error"]
    # Not the function that it is in, which would be the whole network.
    assert "func.func" not in str(caught.value)


def test_reproducer_runs_in_pattern_opt(tmp_path: Path, pattern_opt: str):
    context = ir.Context()
    manager = PassManager.parse(f"builtin.module({RAISING_PASS})", context)
    path = tmp_path / "reproducer.mlir"
    manager.enable_reproducer(path)
    with pytest.raises(ir.MLIRError, match="reproducer generated at"):
        manager.run(failing_module(context))
    run = subprocess.run(
        [pattern_opt, path, "--run-reproducer"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "error:" in run.stderr


def test_timing_is_of_the_runs_since_the_last_report():
    context = ir.Context()
    manager = PassManager.parse("builtin.module(cse)", context)
    with pytest.raises(ir.MLIRError, match="enable_timing"):
        manager.timing()
    manager.enable_timing()
    for _ in range(2):
        manager.run(ir.Module.parse(DEAD, context))
        report = manager.timing()
        assert report.count("Total Execution Time") == 1
        assert "CSE" in report


def test_statistics_are_of_the_runs_since_the_last_call():
    context = ir.Context()
    manager = PassManager.parse(f"builtin.module({RAISING_PASS})", context)
    ones = np.ones((1, 1, 1, 1), dtype=np.float32)
    module = ir.Module.parse(CONVOLUTION, context, resources={"w": ones})
    manager.run(module.clone())
    assert manager.statistics() == []
    manager.enable_statistics()
    manager.run(module.clone())
    ((flag, counts),) = manager.statistics()
    assert flag == RAISING_PASS
    assert ("dense", 1) in counts
    assert manager.statistics() == []


def test_ir_printing_into_files(tmp_path: Path):
    context = ir.Context()
    manager = PassManager.parse("builtin.module(cse,canonicalize)", context)
    manager.enable_ir_printing(only_on_change=False, directory=tmp_path)
    manager.run(ir.Module.parse(DEAD, context))
    names = sorted(path.name for path in tmp_path.rglob("*.mlir"))
    assert names == ["0_cse.mlir", "1_canonicalize.mlir"]


def test_ir_printing_on_stderr(capfd: pytest.CaptureFixture[str]):
    context = ir.Context()
    manager = PassManager.parse("builtin.module(canonicalize)", context)
    manager.enable_ir_printing()
    manager.run(ir.Module.parse(DEAD, context))
    assert "IR Dump After Canonicalizer" in capfd.readouterr().err


def test_run_releases_the_gil():
    # Runs long enough for the other thread to count, which it cannot while the GIL is held.
    body = "\n".join(f"  %{i} = arith.addi %x, %x : i32" for i in range(200_000))
    context = ir.Context()
    module = ir.Module.parse(f"func.func @main(%x: i32) {{\n{body}\n  return\n}}", context)
    manager = PassManager.parse("builtin.module(cse,canonicalize)", context)
    thread = Thread(target=manager.run, args=[module])
    counted = 0
    interval = sys.getswitchinterval()
    thread.start()
    while thread.is_alive():
        counted += 1
        time.sleep(interval / 10)
    assert counted > 3
