# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`speed/matrices.py` runs, and its results are right."""

import json

import pytest

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]


def test_a_small_layer(tmp_path, run_benchmark):
    file = tmp_path / "samples.json"
    quick = ["--sizes", "64", "--rows", "5", "--rounds", "1"]
    process = run_benchmark("speed.matrices", *quick, "--json", file)
    assert process.returncode == 0, process.stderr
    (layer,) = json.loads(file.read_text())["layers"]
    engines = layer["engines"]
    assert list(engines)[:4] == [*(f"patternc, blocks of {b}" for b in (8, 16, 32)), "IREE alone"]
    for name, figures in engines.items():
        dense = "blocks" not in name
        assert figures["multiply_adds"] == 5 * 64 * 64 // (1 if dense else 4)
    assert "best dense / this" in process.stdout
