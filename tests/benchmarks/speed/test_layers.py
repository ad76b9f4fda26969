# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`speed/layers.py` finds every layer of a network in IREE's profile."""

import json

import pytest

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]


def test_mobilenet(tmp_path, run_benchmark):
    file = tmp_path / "layers.json"
    quick = ["--networks", "mobilenet_v2", "--calls", "2"]
    process = run_benchmark("speed.layers", *quick, "--json", file)
    assert process.returncode == 0, process.stderr
    network = json.loads(file.read_text())["networks"]["mobilenet_v2"]
    assert network["peak_gops"] > 0
    kernels = {part["name"]: part["kernels"] for part in network["parts"]}
    assert sum(part["kernels"] for part in network["parts"] if part["is_pattern"]) == 17
    # The depthwise layers compute what they read: 16 layers of 1x1, and the stem.
    assert kernels["1x1, pruned"] == 18
    assert kernels["fully connected, dense"] == 1
    assert "3x3, dense" not in kernels
    assert all(part["seconds"] > 0 for part in network["parts"])
    work = sum(part["multiply_adds"] for part in network["parts"])
    assert 90e6 < work < 100e6  # of 301 million dense ones
    assert "shapes of pattern layers reach 70% of the peak" in process.stdout


def test_mobilenet_in_bytes(tmp_path, run_benchmark):
    pytest.importorskip("torchao.quantization.pt2e")
    file = tmp_path / "layers.json"
    quick = ["--networks", "mobilenet_v2", "--precision", "int8", "--calls", "2"]
    process = run_benchmark("speed.layers", *quick, "--json", file)
    assert process.returncode == 0, process.stderr
    content = json.loads(file.read_text())
    assert content["case"].endswith("int8, 1 thread")
    network = content["networks"]["mobilenet_v2"]
    assert sum(part["kernels"] for part in network["parts"] if part["is_pattern"]) == 17
    assert sum(part["multiply_adds"] for part in network["parts"]) > 90e6
