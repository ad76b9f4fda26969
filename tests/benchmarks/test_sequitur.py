# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The benchmark of Sequitur runs; how long it takes is no matter here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import patternc

pytestmark = [pytest.mark.iree, pytest.mark.torch]  # as the modules that benchmarks share

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "sequitur.py"


def test_short_sequences(tmp_path):
    figures = tmp_path / "figures.json"
    process = subprocess.run(
        [sys.executable, str(PROGRAM), "--lengths", "100", "200", "--json", str(figures)],
        env=os.environ | {"PYTHONPATH": str(Path(patternc.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    rows = json.loads(figures.read_text())
    assert [row["symbols"] for row in rows] == 3 * [100, 200]
    assert all(row["symbols of the rules"] < row["symbols"] for row in rows)
