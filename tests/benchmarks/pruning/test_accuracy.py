# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The comparison of methods runs, and a loss is against the dense network of the same seed."""

import json

import pytest

pytestmark = [pytest.mark.data, pytest.mark.torch, pytest.mark.slow]

METHODS = [
    "ADMM, groups of 4",
    "one-shot, groups of 4",
    "gradual, groups of 4",
    "ADMM, whole filters",
    "one-shot, whole filters",
    "data-free, groups of 4",
]


def test_methods_with_one_seed(tmp_path, run_benchmark):
    pytest.importorskip("matplotlib")
    samples, plot = tmp_path / "samples.json", tmp_path / "losses.png"
    tiny = ["--seeds", "1", "--dense-epochs", "1", "--epochs", "1", "--image-steps", "1"]
    options = ["--tables", "methods", "--json", samples, "--plot", plot]
    process = run_benchmark("pruning.accuracy", *tiny, *options)
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert "DigitsNet on Digits, methods, 1 seed" in lines
    assert sum(line.startswith(tuple(METHODS)) for line in lines) == 2 * len(METHODS)
    (outcomes,) = json.loads(samples.read_text())["cases"].values()
    assert list(outcomes) == ["dense", *METHODS]
    (dense,) = outcomes["dense"]["accuracies"]
    for name in METHODS:
        (accuracy,), (loss,) = outcomes[name]["accuracies"], outcomes[name]["losses"]
        assert loss == pytest.approx(100 * (dense - accuracy))
        assert outcomes[name]["rate"] == pytest.approx(8, abs=0.1)
    assert plot.read_bytes().startswith(b"\x89PNG")
