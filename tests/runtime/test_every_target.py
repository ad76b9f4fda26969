"""The same handwritten module on every target, for real."""

import numpy as np
import pytest

import handwritten
from aarch64 import run_aarch64
from patternc.errors import TargetError
from vulkan import require_vulkan

pytestmark = pytest.mark.iree

X = np.linspace(-2.0, 2.0, 8, dtype=np.float32)


@pytest.mark.parametrize("target", ["llvm-cpu", "vmvx"])
def test_runs_on_the_processor(target):
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


def test_missing_vulkan_driver_names_the_package(monkeypatch):
    import iree.runtime

    def no_device(*_, **__):
        raise ValueError("no driver")

    monkeypatch.setattr(iree.runtime, "get_device", no_device)
    with pytest.raises(TargetError, match="apt install mesa-vulkan-drivers"):
        handwritten.compile_scale("vulkan")(X)
