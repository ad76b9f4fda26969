# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`arm/inner_loops.py` finds the loops of the convolutions in the machine code."""

import json
import re
import shutil

import pytest

pytestmark = [pytest.mark.iree, pytest.mark.torch]


@pytest.mark.slow
def test_every_kind_of_loop(tmp_path, run_benchmark):
    if shutil.which("llvm-mca-22") is None:
        pytest.skip("llvm-mca-22 is missing (Debian: llvm-22)")
    file = tmp_path / "loops.json"
    process = run_benchmark("arm.inner_loops", "--precisions", "float32", "float16", "--json", file)
    assert process.returncode == 0, process.stderr
    models = json.loads(file.read_text())["models"]
    assert [title.rpartition(", ")[2] for title in models] == ["float32", "float16"]
    for title, rows in models.items():
        check_loops(rows, arrangement="4s" if title.endswith("float32") else "8h")


@pytest.mark.slow
def test_loops_of_bytes(tmp_path, run_benchmark):
    pytest.importorskip("torchao.quantization.pt2e")
    if shutil.which("llvm-mca-22") is None:
        pytest.skip("llvm-mca-22 is missing (Debian: llvm-22)")
    file = tmp_path / "loops.json"
    process = run_benchmark("arm.inner_loops", "--precisions", "int8", "--json", file)
    assert process.returncode == 0, process.stderr
    (rows,) = json.loads(file.read_text())["models"].values()
    assert len({row["executable"] for row in rows}) == 14
    sizes = {(row["executable"], row["vector_multiply_adds"], row["accumulators"]) for row in rows}
    assert {("groups_of_8", 8 * 3, 8 * 3), ("pointwise_groups_of_8", 8 * 3, 8 * 3)} <= sizes
    for row in rows:
        assert any(re.search(r"sdot\s+v\d+\.4s,", i) for i in row["instructions"])
        assert row["stack_accesses"] == 0 or "groups" not in row["executable"]
        assert all(0 < core["of_peak"] <= 1 for core in row["cores"].values())


def check_loops(rows: list[dict], *, arrangement: str) -> None:
    found = {row["executable"]: row for row in rows}
    assert len(found) == len(rows) == 14  # one loop a layer
    sizes = {
        name: (row["vector_multiply_adds"], row["accumulators"]) for name, row in found.items()
    }
    assert sizes["groups_of_8"] == (4 * 8 * 3, 8 * 3)  # taps by filters by vectors
    assert sizes["groups_of_4"] == (4 * 4 * 6, 4 * 6)
    assert sizes["wide_groups_of_1"] == (4 * 3, 3)  # the loop over the filters of a channel
    assert sizes["pointwise_groups_of_8"] == (8 * 3, 8 * 3)
    assert sizes["depthwise"] == (4 * 12, 12)
    assert sizes["stem_7x7"] == (7 * 8 * 3, 8 * 3)  # a loop over the rows of the kernel
    for row in rows:
        assert row["instructions"][-1].endswith(row["loop"])
        assert any(re.search(rf"fmla\s+v\d+\.{arrangement},", i) for i in row["instructions"])
        assert not any(i.startswith("fcvt") for i in row["instructions"])
        # By lane, float16 has half of the registers for weights.
        assert row["stack_accesses"] <= (2 if arrangement == "8h" else 0)
        assert set(row["cores"]) == {"neoverse-n1", "neoverse-v1"}
        assert all(0 < core["of_peak"] <= 1 for core in row["cores"].values())


def test_missing_llvm_mca(tmp_path, monkeypatch, run_benchmark):
    monkeypatch.setenv("PATH", str(tmp_path))
    process = run_benchmark("arm.inner_loops")
    assert process.returncode == 1
    assert process.stderr.startswith("error: llvm-mca-22 is not on the PATH; it is part of LLVM 22")
    assert process.stdout == ""
