# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The comparison of tuning blocks with default networks runs, and counts as it says."""

import json

import pytest

pytestmark = [pytest.mark.data, pytest.mark.torch, pytest.mark.slow]


def test_small_subspaces(tmp_path, run_benchmark):
    figures = tmp_path / "figures.json"
    tiny = ["--networks", "resnet", "--width", "4", "--dense-steps", "2", "--steps", "1"]
    tiny += ["--pretraining-steps", "1", "--sizes", "2", "3", "--medians", "3", "--alphas", "99"]
    process = run_benchmark("cocotune.exploration", *tiny, "--json", figures)
    assert process.returncode == 0, process.stderr
    rows = [line.split() for line in process.stdout.splitlines() if line.startswith("99 points")]
    # Whatever the accuracies are, the first network meets this objective.
    assert [row[2:5] for row in rows] == [["2", "1", "1"], ["3", "1", "1"]]
    case = json.loads(figures.read_text())["resnet"]
    assert [len(case["default"][size]) for size in ("2", "3")] == [2, 3]
    assert [len(case["blocks"][size]) for size in ("2", "3")] == [1, 3]
    assert case["pretraining"]["3"] > 0
