# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The benchmark of Sequitur runs; how long it takes is no matter here."""

import json

import pytest

pytestmark = pytest.mark.torch


def test_short_sequences(tmp_path, run_benchmark):
    figures = tmp_path / "figures.json"
    process = run_benchmark("cocotune.sequitur", "--lengths", "100", "200", "--json", figures)
    assert process.returncode == 0, process.stderr
    rows = json.loads(figures.read_text())
    assert [row["symbols"] for row in rows] == 3 * [100, 200]
    assert all(row["symbols of the rules"] < row["symbols"] for row in rows)
