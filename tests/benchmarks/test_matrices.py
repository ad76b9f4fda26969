# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`benchmarks/matrices.py` runs, and its results are right."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import patternc

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "matrices.py"


def test_a_small_layer(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(patternc.__file__).parents[1]))
    file = tmp_path / "samples.json"
    command = [sys.executable, str(PROGRAM), "--sizes", "64", "--rows", "5", "--rounds", "1"]
    process = subprocess.run(
        [*command, "--json", str(file)], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    (layer,) = json.loads(file.read_text())["layers"]
    engines = layer["engines"]
    assert list(engines)[:4] == [*(f"patternc, blocks of {b}" for b in (8, 16, 32)), "IREE alone"]
    for name, figures in engines.items():
        dense = "blocks" not in name
        assert figures["multiply_adds"] == 5 * 64 * 64 // (1 if dense else 4)
    assert "best dense / this" in process.stdout
