# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`speed/networks.py` runs, its results are right, and memory is measured."""

import json

import pytest

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]


def test_mobilenet_on_one_thread(tmp_path, run_benchmark):
    file = tmp_path / "samples.json"
    quick = ["--networks", "mobilenet_v2", "--threads", "1", "--rounds", "1"]
    engines = ["--engines", "patternc", "pytorch", "--precisions", "float32"]
    process = run_benchmark("speed.networks", *quick, *engines, "--json", file)
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
        assert figures["error"] < 1e-4
    assert list(measurement["peaks_of_one_core"]) == ["float32"]
    # At least the weights, 13.9 MB dense and 7.6 MB pruned.
    assert engines["patternc, groups of 8"]["resident_bytes"] > 7.6e6
    assert engines["patternc, dense"]["resident_bytes"] > 13.9e6
    heading = next(line for line in process.stdout.splitlines() if line.startswith("engine"))
    assert " MB " in heading
    assert "PyTorch eager, the fastest of 1 dense engines in float32" in process.stdout
