# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`benchmarks/zoo`: networks that others have written equal PyTorch, and what fails is a row."""

import importlib.util
import json
import os
import subprocess

import pytest

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]

# What compiles within seconds, of each package: fire modules, squeeze and excitation, transformers
# of images, text and sound, whose outputs are dataclasses.
QUICK = (
    "torchvision/squeezenet1_1",
    "timm/lcnet_050",
    "timm/resnet10t",
    "transformers/bert",
    "transformers/whisper_encoder",
)


@pytest.fixture(autouse=True)
def _packages():
    for package in ("timm", "transformers"):
        if not importlib.util.find_spec(package):
            pytest.skip(
                f"{package} is not installed; it comes with benchmarks/zoo/requirements.txt"
            )


@pytest.fixture
def zoo(tmp_path, run_benchmark):
    def run(*arguments: str) -> tuple[subprocess.CompletedProcess[str], dict]:
        file = tmp_path / "zoo.json"
        process = run_benchmark("zoo", *arguments, "--no-timing", "--json", file)
        return process, json.loads(file.read_text())["rows"]

    return run


def test_quick_networks_equal_pytorch(zoo):
    process, rows = zoo("--networks", *QUICK)
    assert process.returncode == 0, process.stdout + process.stderr
    assert [row["network"] for row in rows.values()] == list(QUICK)
    for row in rows.values():
        assert row["status"] == "right", row
        assert row["pruned"] > 0
        assert "not_pruned" not in row
        assert row["error"] < 1e-4


def test_a_network_in_both_precisions_is_two_rows(zoo):
    name = "timm/resnet10t"
    process, rows = zoo("--networks", name, "--precisions", "float32", "int8")
    assert process.returncode == 0, process.stdout + process.stderr
    in_floats, in_bytes = (rows[f"{name} on llvm-cpu{end}"] for end in ("", ", int8"))
    assert in_floats["status"] == in_bytes["status"] == "right"
    assert in_floats["int8"] == 0
    assert in_bytes["int8"] == in_bytes["pruned"] + in_bytes["dense"]
    assert in_bytes["error"] < 0.5
    assert in_bytes["equal"] > 0.5
    assert in_bytes["apart"] < 1


def test_a_network_that_takes_too_long_is_a_row_and_a_second_run_keeps_it(zoo):
    process, rows = zoo("--networks", "transformers/bert", "--time", "0.1")
    assert process.returncode == 1
    assert rows["transformers/bert on llvm-cpu"]["status"] == "hangs"
    _, kept = zoo("--networks", "transformers/bert")
    assert kept == rows
    process, rows = zoo("--networks", "transformers/bert", "--again", "hangs")
    assert process.returncode == 0, process.stdout + process.stderr
    assert rows["transformers/bert on llvm-cpu"]["status"] == "right"


def test_a_network_that_crashes_is_a_row(zoo, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "if 'benchmarks.zoo.row' in sys.orig_argv:\n"
        "    os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    process, rows = zoo("--networks", "transformers/bert", "transformers/vit")
    assert process.returncode == 1
    assert [row["status"] for row in rows.values()] == ["crashes", "crashes"]
    assert process.stdout.count("killed by SIGSEGV") == 2
