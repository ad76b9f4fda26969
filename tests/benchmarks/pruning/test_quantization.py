# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The comparison of float32 and int8 runs, and what is compiled computes what was measured."""

import json
import re

import pytest

pytestmark = [pytest.mark.data, pytest.mark.iree, pytest.mark.slow]

NETWORKS = [
    "dense",
    "dense, int8 after training",
    "pruned",
    "pruned, int8 after training",
    "pruned, int8 with fake quantisation",
]


def test_digits_with_one_seed(tmp_path, run_benchmark):
    pytest.importorskip("torchao.quantization.pt2e")
    samples = tmp_path / "samples.json"
    tiny = ["--seeds", "1", "--dense-epochs", "1", "--epochs", "1", "--quantize-epochs", "1"]
    process = run_benchmark("pruning.quantization", *tiny, "--json", samples)
    assert process.returncode == 0, process.stderr
    assert "DigitsNet on Digits, 1 seed" in process.stdout.splitlines()
    assert re.search(r"the class of PyTorch's run for 4\d\d of 450 images$", process.stdout)
    (outcomes,) = json.loads(samples.read_text())["cases"].values()
    assert list(outcomes) == NETWORKS
    (dense,) = outcomes["dense"]["accuracies"]
    for name in NETWORKS:
        (accuracy,), (loss,) = outcomes[name]["accuracies"], outcomes[name]["losses"]
        assert loss == pytest.approx(100 * (dense - accuracy))
        rate = 8 if name.startswith("pruned") else 1
        assert outcomes[name]["rate"] == pytest.approx(rate, abs=0.1)
