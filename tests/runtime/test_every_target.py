# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The same handwritten module on every target, for real."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import handwritten
from aarch64 import run_aarch64
from machines import require_machine
from patternc.errors import TargetError
from vulkan import require_vulkan

pytestmark = pytest.mark.iree

X = np.linspace(-2.0, 2.0, 8, dtype=np.float32)


@pytest.mark.parametrize("target", ["llvm-cpu", "x86-64-v3", "x86-64-v4", "vmvx"])
def test_runs_on_the_processor(target):
    require_machine(target)
    result = handwritten.compile_scale(target)(X)
    np.testing.assert_allclose(result, handwritten.scale_reference(X), rtol=1e-6)


@pytest.mark.vulkan
@pytest.mark.parametrize("target", ["vulkan", "vulkan-adreno"])
def test_runs_on_vulkan(target):
    require_vulkan()
    result = handwritten.compile_scale(target)(X)
    np.testing.assert_allclose(result, handwritten.scale_reference(X), rtol=1e-6)


@pytest.mark.aarch64
@pytest.mark.parametrize("target", ["snapdragon-855", "snapdragon-8gen2", "aarch64"])
def test_runs_under_qemu(target, tmp_path):
    module = handwritten.compile_scale(target)
    (result,) = run_aarch64(
        tmp_path,
        target=target,
        vmfb=module.vmfb,
        parameters=handwritten.PARAMETERS,
        inputs=[X],
    )
    np.testing.assert_allclose(result, handwritten.scale_reference(X), rtol=1e-6)


def test_module_for_another_processor_says_how_to_run_it(monkeypatch):
    from patternc.runtime import Machine, module

    monkeypatch.setattr(module, "host_machine", lambda: Machine("x86_64", ("avx2",)))
    foreign = handwritten.compile_scale("snapdragon-855")
    with pytest.raises(TargetError, match=r"needs an aarch64 processor .*iree-run-module"):
        foreign(X)


def test_command_line_that_is_printed_runs(monkeypatch, tmp_path):
    from patternc.runtime import Machine, module

    compiled = handwritten.compile_scale("llvm-cpu")
    compiled.save(tmp_path / "m.patternc")
    monkeypatch.setattr(module, "host_machine", lambda: Machine("riscv64"))
    with pytest.raises(TargetError) as error:
        compiled(X)
    command = re.search(r"iree-run-module .*--input=\S+", str(error.value))
    assert command is not None
    tool = str(Path(sys.executable).parent / "iree-run-module")
    run = subprocess.run(
        [tool, *shlex.split(command[0])[1:]],
        cwd=tmp_path / "m.patternc",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "8xf32=0 0 0 0 0 0 0 0" in run.stdout


def test_missing_vulkan_driver_names_the_package(monkeypatch):
    import iree.runtime

    from patternc.runtime import device

    def no_driver(*_, **__):
        raise ValueError("no driver")

    monkeypatch.setattr(device, "_devices", {})
    monkeypatch.setattr(iree.runtime, "get_driver", no_driver)
    with pytest.raises(TargetError, match="apt install mesa-vulkan-drivers"):
        handwritten.compile_scale("vulkan")(X)
