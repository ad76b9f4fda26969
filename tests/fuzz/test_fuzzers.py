# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Fuzzers check something: a few cases of each run and are right, and planted faults are found."""

import os
from types import SimpleNamespace

import pytest

import patternc


def _run(fuzzer, folder, *, seed: int, count: int):
    from fuzz import runner

    return runner.run(fuzzer, seed=seed, count=count, folder=folder)


def test_modules_are_a_function_of_their_seed():
    from fuzz.linalg.module import random_module

    texts = [random_module(seed, 2).text for seed in range(20)]
    assert texts == [random_module(seed, 2).text for seed in range(20)]
    assert len(set(texts)) == 20
    portable = [random_module(seed, 2, portable=True).text for seed in range(20)]
    assert not any("f16" in text or "f64" in text for text in portable)


def test_every_step_is_taken():
    """None is left out of the table, or never fits."""
    from fuzz.linalg.module import random_module

    text = "\n".join(random_module(seed, 4).text for seed in range(60))
    for name in (
        *("linalg.conv_2d_nchw_fchw", "linalg.conv_2d_ngchw_gfchw", "linalg.conv_1d_ncw_fcw"),
        *("linalg.depthwise_conv_2d_nchw_chw", "linalg.matmul", "linalg.batch_matmul"),
        *("linalg.pooling_nchw_max", "linalg.pooling_nchw_sum", "linalg.broadcast"),
        *("linalg.transpose", "linalg.index", "linalg.square", "tensor.pad", "tensor.concat"),
        *("tensor.expand_shape", "tensor.collapse_shape", "tensor.insert_slice", "tensor.cast"),
        *("arith.truncf", "arith.sitofp", "arith.select", "math.exp", '"reduction"'),
        *("scf.if", "scf.for", "cf.br", "cf.cond_br", "call @f0", "dense_resource", "tensor<?x"),
    ):
        assert name in text, name


def test_valid_modules_are_compared(tmp_path):
    from fuzz.valid_ir import ValidIR

    result = _run(ValidIR(), tmp_path, seed=0, count=4)
    assert not result.findings, sorted(result.findings)
    assert result.counts["functions compared"] > 20


@pytest.mark.parametrize(
    ("part", "culprit"),
    [
        ("weights", "pattern-raise-convolutions"),
        ("compressed weights", "pattern-compress-weights"),
        ("epilogue", "pattern-raise-convolutions"),
        ("pooling", "pattern-raise-pooling"),
    ],
)
def test_a_wrong_result_is_found_behind_its_pass(part, culprit, tmp_path, monkeypatch):
    """What a pass makes is computed in another way than what it read."""
    from fuzz.computing import pattern
    from fuzz.valid_ir import ValidIR

    from fuzz import interpreter

    operations = interpreter._OPERATIONS
    if part == "weights":
        grouped = pattern._grouped

        def changed(op, image, weights):
            weights = weights.copy()
            weights.flat[0] += 1
            return grouped(op, image, weights)

        monkeypatch.setattr(pattern, "_grouped", changed)
    elif part == "compressed weights":
        packed = pattern.packed_conv2d

        def changed(op, operands, inside):
            image, weight, *others = operands
            return packed(op, [image, weight + 1, *others], inside)

        monkeypatch.setitem(operations, "pattern.packed_conv2d", changed)
    elif part == "epilogue":
        epilogue = pattern._epilogue
        monkeypatch.setattr(pattern, "_epilogue", lambda *a: epilogue(*a) + 1)
    else:
        pool = pattern.pool2d
        monkeypatch.setitem(operations, "pattern.pool2d", lambda *a: [pool(*a)[0] + 1])
    result = _run(ValidIR(), tmp_path, seed=0, count=4)
    assert f"valid-ir: wrong result behind {culprit}" in result.findings
    assert any("module.mlir" in os.listdir(folder) for folder in tmp_path.iterdir())


def test_a_valid_module_that_is_refused_is_found(tmp_path, monkeypatch):
    from fuzz.valid_ir import ValidIR

    from patternc import ir

    class Refusing:
        """A pass manager whose passes refuse everything."""

        @staticmethod
        def parse(_, __):
            return Refusing()

        def enable_statistics(self):
            pass

        def run(self, _):
            raise ir.MLIRError("not today")

    fuzzer = ValidIR()
    fuzzer.prepare()
    monkeypatch.setattr(fuzzer, "prepare", lambda: None)
    monkeypatch.setattr(fuzzer, "_passmanager", SimpleNamespace(PassManager=Refusing))
    result = _run(fuzzer, tmp_path, seed=0, count=1)
    (kind,) = result.findings
    assert "refuses: not today" in kind


@pytest.mark.iree
def test_compiled_modules_are_compared(tmp_path, monkeypatch):
    from fuzz import compiled_ir

    monkeypatch.setattr(compiled_ir, "_FUNCTIONS", 1)
    result = _run(compiled_ir.CompiledIR(), tmp_path, seed=1, count=1)
    assert not result.findings, sorted(result.findings)
    assert result.counts["functions on llvm-cpu"] == 1

    compile_ = patternc.compile

    def faulty(text, *, pipeline, **options):
        compiled = compile_(text, pipeline=pipeline, **options)
        if pipeline is not None:  # IREE alone
            return compiled
        return lambda *inputs: [result + 1 for result in _as_tuple(compiled(*inputs))]

    monkeypatch.setattr(patternc, "compile", faulty)
    result = _run(compiled_ir.CompiledIR(), tmp_path, seed=1, count=1)
    assert list(result.findings) == ["compiled-ir: wrong result on llvm-cpu"]


def _as_tuple(results):
    return results if isinstance(results, tuple | list) else (results,)


def test_mutated_modules_reach_the_passes_and_deaths_are_found(tmp_path, monkeypatch):
    from fuzz.mutated_ir import MutatedIR

    from patternc import ir

    result = _run(MutatedIR(), tmp_path, seed=0, count=80)
    assert not result.findings, sorted(result.findings)
    assert result.counts["passes"] > result.counts["refused by a pass"]
    assert result.counts["inputs"] > result.counts["parsed"] > 0

    monkeypatch.setattr(ir, "layer_report", lambda _: os.abort())
    result = _run(MutatedIR(), tmp_path, seed=0, count=80)
    assert result.findings
    assert all(kind.startswith("mutated-ir: dies by SIGABRT") for kind in result.findings)


@pytest.mark.caffe
@pytest.mark.torch
def test_mutated_files_are_read_and_other_errors_are_found(tmp_path, monkeypatch):
    from fuzz import mutated_files
    from patternc.prune.config import PruningConfig

    for slow in ("_artefacts", "_programs"):
        monkeypatch.setattr(mutated_files, slow, list)
    result = _run(mutated_files.MutatedFiles(), tmp_path, seed=0, count=20)
    assert not result.findings, sorted(result.findings)
    assert any(name.endswith(", refused") for name in result.counts)
    assert len(result.counts) > 5

    def broken(_):
        raise IndexError("list index out of range")

    monkeypatch.setattr(PruningConfig, "from_yaml", broken)
    result = _run(mutated_files.MutatedFiles(), tmp_path, seed=0, count=40)
    (kind,) = result.findings
    assert "IndexError" in kind
