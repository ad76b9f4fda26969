# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The ablation runs, its results are right, and load redundancy elimination saves loads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import patternc

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "ablation.py"
STEPS = ["none", "+FKR", "+LRE", "+schedule"]


def test_one_layer(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(patternc.__file__).parents[1]))
    file = tmp_path / "samples.json"
    command = [sys.executable, str(PROGRAM), "--layers", "L9", "--variants", "--json", str(file)]
    process = subprocess.run(
        [*command, "--rounds", "1", "--calls", "1"], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    heading = next(line for line in process.stdout.splitlines() if line.startswith("median ms"))
    assert heading.split()[2:] == STEPS
    content = json.loads(file.read_text())
    layer = content["layers"]["L9"]
    assert list(layer["pipelines"]) == STEPS
    loads = layer["loads_per_multiply_add"]
    assert loads["none"] == loads["+FKR"] > loads["+LRE"] > 0
    assert content["variants"] is None
