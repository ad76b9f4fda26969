# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`spirv/inner_loops.py` finds the kernels of all layers, and what a driver makes of them."""

import json

import pytest
from benchmarks.spirv.gpus import GPUS, Gpu, compile_for

from patternc.errors import MissingDependencyError

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]

LAYERS = """
    groups_of_8 groups_of_4 groups_of_1 wide_groups_of_1 strided_groups_of_8 dense
    pointwise_groups_of_8 pointwise_groups_of_4 pointwise_groups_of_1 pointwise_dense
    depthwise depthwise_dense stem_3x3 stem_7x7
""".split()


@pytest.fixture
def kernels(tmp_path, run_benchmark):
    def run(*arguments):
        file = tmp_path / "kernels.json"
        process = run_benchmark("spirv.inner_loops", "--json", file, *arguments)
        assert process.returncode == 0, process.stderr
        (rows,) = json.loads(file.read_text())["models"].values()
        return {row["name"]: row for row in rows}, process.stdout

    return run


@pytest.mark.parametrize("target", ["vulkan", "vulkan-adreno"])
def test_every_kind_of_layer(kernels, target):
    found, output = kernels("--models", "layers", "--target", target)
    assert set(LAYERS) <= found.keys()
    for name in LAYERS:
        kernel = found[name]
        assert all(loop["multiply_adds"] > 0 for loop in kernel["inner_loops"]), kernel
        assert kernel["multiply_adds_a_load"] > 0
        assert kernel["long_integers"] == 0
        assert kernel["gpus"] == {}
    assert f"of {len(LAYERS)} kernels that multiply and add" in output


@pytest.mark.parametrize(
    ("gpu", "registers", "instruction"),
    [("rdna2", "VGPRs", "v_"), ("adreno-640", "Registers used", "mul.f")],
)
def test_registers_of_a_gpu_that_is_not_there(kernels, tmp_path, gpu, registers, instruction):
    needs = GPUS[gpu].needs
    if not needs[0].exists():
        pytest.skip(f"{needs[0]} is missing: {needs[1]}")
    found, output = kernels("--gpus", gpu, "--isa", tmp_path / "isa")
    assert found["layer_0"]["gpus"][gpu][registers] > 0
    assert f"\n{gpu}, " in output
    (assembly,) = tmp_path.glob("isa/*/layer_0.*assembly.txt")
    assert instruction in assembly.read_text()


def test_a_driver_that_tells_nothing(tmp_path, monkeypatch, run_benchmark):
    monkeypatch.setenv("VK_DRIVER_FILES", str(tmp_path / "none.json"))
    process = run_benchmark("spirv.inner_loops", "--gpus", "here")
    assert process.returncode == 1
    assert process.stderr.startswith("error: the driver for here fails: ")


def test_a_driver_that_is_not_installed(tmp_path):
    gpu = Gpu("moon", needs=(tmp_path / "driver", "fly there"))
    with pytest.raises(MissingDependencyError, match="which is missing: fly there"):
        compile_for(gpu, [])
