# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`vulkan/pack.py` makes a folder whose script measures, without the sources and without torch."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.vulkan.loading import dense_model

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.vulkan, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
OURS = "patternc, groups of 8"
# In place of torch, if it comes first on the path: what is carried has to do without.
NO_TORCH = "raise ImportError('torch is not here')\n"


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack") / "carried"
    command = [sys.executable, "-m", "benchmarks.vulkan.pack", folder, "--models", "layer"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.run(
        [*command, "--repeats", "2"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return folder


@pytest.fixture
def carried(packed, tmp_path):
    shutil.copytree(packed, tmp_path / "carried")
    return tmp_path / "carried"


@pytest.fixture
def measure(tmp_path):
    def run(folder, *arguments):
        (tmp_path / "without").mkdir(exist_ok=True)
        (tmp_path / "without" / "torch.py").write_text(NO_TORCH)
        path = [str(tmp_path / "without"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
        command = [sys.executable, folder / "measure.py", "--rounds", "2", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_it_measures_kernels_and_calls(carried, measure):
    process = measure(carried, "--engines", "patternc", "cuDNN")
    assert process.returncode == 0, process.stderr
    content = json.loads((carried / "results.json").read_text())
    case = content["cases"]["layer"]
    row = case["engines"][OURS]
    assert row["error"] < 1e-5
    assert len(row["kernel_seconds"]) == 2
    assert len(row["call_seconds"]) % 2 == 0
    assert case["not_measured"]["cuDNN"].startswith("package 'torch' cannot be imported")
    parts = {part["name"]: part for part in case["parts"]}
    assert parts["256 -> 256, 3x3, 56x56"]["seconds"] > 0
    assert content["devices"]
    assert process.stdout.startswith(f"Vulkan: {content['devices'][0]}\n")


def test_ncnn_on_vulkan(carried, measure):
    pytest.importorskip("ncnn")
    process = measure(carried, "--engines", "ncnn")
    assert process.returncode == 0, process.stderr
    engines = json.loads((carried / "results.json").read_text())["cases"]["layer"]["engines"]
    assert list(engines) == ["ncnn", "ncnn, float16"]
    assert engines["ncnn"]["error"] < 1e-5 < engines["ncnn, float16"]["error"]
    assert engines["ncnn"]["kernel_seconds"] is None


def test_the_dense_model_has_the_weights_of_the_artefact(packed):
    case = packed / "cases" / "layer"
    model = dense_model("layer", case / "IREE_alone.patternc")
    with torch.inference_mode():
        output = model(torch.from_numpy(np.load(case / "image.npy"))).numpy()
    np.testing.assert_allclose(output, np.load(case / "dense.npy"), atol=1e-5)


def test_a_wrong_result_is_not_timed(carried, measure):
    file = carried / "cases" / "layer" / "pruned.npy"
    expected = np.load(file)
    expected[0, 0, 0, 0] += 1
    np.save(file, expected)
    process = measure(carried, "--engines", "patternc")
    assert process.returncode == 1
    assert process.stderr.endswith(f"wrong results: 256 -> 256, 3x3, 56x56: {OURS}\n")
    case = json.loads((carried / "results.json").read_text())["cases"]["layer"]
    assert case["engines"] == {}
    assert "differs from PyTorch" in case["wrong"][OURS]


def test_what_is_not_there_is_said(carried, measure):
    process = measure(carried, "--cases", "vgg16")
    assert process.returncode == 1
    assert process.stderr.endswith("has no case vgg16; there are layer\n")


def test_another_folder_is_not_replaced(tmp_path, run_benchmark):
    (tmp_path / "mine").write_text("")
    process = run_benchmark("vulkan.pack", tmp_path)
    assert process.returncode == 1
    assert process.stderr == f"error: {tmp_path} exists, and this program did not make it\n"
    assert (tmp_path / "mine").exists()
