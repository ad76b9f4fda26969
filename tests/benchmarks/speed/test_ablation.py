# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The ablation runs, its results are right, and load redundancy elimination saves loads."""

import json

import pytest

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]

STEPS = ["none", "+FKR", "+LRE", "+schedule"]


def test_one_layer(tmp_path, run_benchmark):
    file = tmp_path / "samples.json"
    quick = ["--layers", "L9", "--variants", "--rounds", "1", "--calls", "1"]
    process = run_benchmark("speed.ablation", *quick, "--json", file)
    assert process.returncode == 0, process.stderr
    heading = next(line for line in process.stdout.splitlines() if line.startswith("median ms"))
    assert heading.split()[2:] == STEPS
    content = json.loads(file.read_text())
    layer = content["layers"]["L9"]
    assert list(layer["pipelines"]) == STEPS
    loads = layer["loads_per_multiply_add"]
    assert loads["none"] == loads["+FKR"] > loads["+LRE"] > 0
    assert content["variants"] is None
