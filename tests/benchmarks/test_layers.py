# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`benchmarks/layers.py` finds every layer of a network in IREE's profile."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import patternc

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "layers.py"


def test_mobilenet(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(patternc.__file__).parents[1]))
    file = tmp_path / "layers.json"
    command = [sys.executable, str(PROGRAM), "--networks", "mobilenet_v2", "--calls", "2"]
    process = subprocess.run(
        [*command, "--json", str(file)], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    network = json.loads(file.read_text())["networks"]["mobilenet_v2"]
    assert network["peak_gflops"] > 0
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
