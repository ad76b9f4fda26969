# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The fuzzer of torch modules: its cases follow from their seeds, a fault is found and shrunk."""

import re

import pytest
import torch

import patternc

pytestmark = [pytest.mark.iree, pytest.mark.torch]


def _program(seed: int):
    from fuzz.modules.grammar import random_program

    return random_program(seed, float16=False, vulkan=False)


def test_cases_are_programs_and_a_function_of_their_seed():
    layers = set()
    for seed in range(60):
        program = _program(seed)
        text = program.text()
        assert text == _program(seed).text()
        names = {"__name__": "fuzzed"}
        try:
            exec(text, names)
        except patternc.PatterncError:  # nothing to prune
            continue
        names["model"](*names["inputs"])
        layers |= set(re.findall(r"nn\.(\w+)\(", text))
    assert len(layers) > 25, layers


def test_smaller_programs_run():
    from fuzz.modules.shrinking import smaller, unpruned

    for seed in range(20):
        program = unpruned(_program(seed))
        for candidate in smaller(program):
            names = {"__name__": "fuzzed"}
            exec(candidate.text(), names)
            names["model"](*names["inputs"])
            assert len(candidate.steps) <= len(program.steps)


def test_a_fault_is_found_and_shrunk_to_its_layer(tmp_path, monkeypatch):
    from fuzz import runner, torch_modules

    def faulty(model, _, **__):
        wrong = any(isinstance(layer, torch.nn.Conv2d) for layer in model.modules())
        return lambda *args: torch.utils._pytree.tree_map(lambda t: t + wrong, model(*args))

    monkeypatch.setattr(patternc, "compile", faulty)
    fuzzer = torch_modules.TorchModules()
    fuzzer.prepare()
    seed = next(
        seed
        for seed in range(1000)
        if fuzzer.make(seed).data.target == "llvm-cpu"
        and len(fuzzer.make(seed).data.steps) > 2
        and "nn.Conv2d(" in fuzzer.make(seed).files["module.py"].decode()
    )
    result = runner.run(fuzzer, seed=seed, count=1, folder=tmp_path)
    assert len(result.findings) == 1
    (folder,) = tmp_path.iterdir()
    text = (folder / "module.py").read_text()
    assert len(re.findall(r"^        v\d+ = ", text, re.MULTILINE)) == 1
    assert "nn.Conv2d(" in text


def test_what_compiles_right_is_counted(tmp_path):
    from fuzz import runner, torch_modules

    result = runner.run(torch_modules.TorchModules(), seed=9, count=1, folder=tmp_path)
    assert not result.findings, sorted(result.findings)
    assert sum(n for name, n in result.counts.items() if name.startswith("right")) > 0


def test_only_errors_of_patternc_may_be_raised(tmp_path, monkeypatch):
    from fuzz import runner, torch_modules

    def broken(*_, **__):
        raise IndexError("list index out of range")

    monkeypatch.setattr(patternc, "compile", broken)
    result = runner.run(torch_modules.TorchModules(), seed=3, count=1, folder=tmp_path)
    (kind,) = result.findings
    assert "IndexError" in kind
