# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`benchmarks/networks.py` runs, its results are right, and memory is measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import patternc

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "networks.py"


def test_mobilenet_on_one_thread(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(patternc.__file__).parents[1]))
    file = tmp_path / "samples.json"
    command = [sys.executable, str(PROGRAM), "--networks", "mobilenet_v2", "--threads", "1"]
    command += ["--engines", "patternc", "pytorch", "--rounds", "1", "--json", str(file)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    (measurement,) = json.loads(file.read_text())["measurements"]
    engines = measurement["engines"]
    assert list(engines) == [
        "patternc, groups of 8",
        "patternc, groups of 1",
        "patternc, dense",
        "PyTorch eager",
    ]
    for figures in engines.values():
        assert len(figures["seconds"]) == measurement["calls_per_turn"]
    # At least the weights, 13.9 MB dense and 7.6 MB pruned.
    assert engines["patternc, groups of 8"]["resident_bytes"] > 7.6e6
    assert engines["patternc, dense"]["resident_bytes"] > 13.9e6
    heading = next(line for line in process.stdout.splitlines() if line.startswith("engine"))
    assert " MB " in heading
