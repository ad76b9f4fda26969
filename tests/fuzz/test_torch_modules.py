"""The fuzzer of torch modules: its cases follow from their seeds, a fault is found and shrunk."""

import re
from pathlib import Path

import pytest
import torch

import patternc

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.iree, pytest.mark.torch]


@pytest.fixture
def fuzzing(monkeypatch):
    """The modules of the fuzzer, which lie beside the package and not in it."""
    monkeypatch.syspath_prepend(str(ROOT))
    from fuzz import random_modules, runner, torch_modules

    return random_modules, runner, torch_modules


def _program(random_modules, seed: int):
    return random_modules.random_program(seed, float16=False, vulkan=False)


def test_cases_are_programs_and_a_function_of_their_seed(fuzzing):
    random_modules, _, _ = fuzzing
    layers = set()
    for seed in range(60):
        program = _program(random_modules, seed)
        text = program.text()
        assert text == _program(random_modules, seed).text()
        names = {"__name__": "fuzzed"}
        try:
            exec(text, names)
        except patternc.PatterncError:  # nothing to prune
            continue
        names["model"](*names["inputs"])
        layers |= set(re.findall(r"nn\.(\w+)\(", text))
    assert len(layers) > 25, layers


def test_smaller_programs_run(fuzzing):
    random_modules, _, _ = fuzzing
    for seed in range(20):
        program = random_modules.unpruned(_program(random_modules, seed))
        for candidate in random_modules.smaller(program):
            names = {"__name__": "fuzzed"}
            exec(candidate.text(), names)
            names["model"](*names["inputs"])
            assert len(candidate.steps) <= len(program.steps)


def test_a_fault_is_found_and_shrunk_to_its_layer(fuzzing, tmp_path, monkeypatch):
    _, runner, torch_modules = fuzzing
    compile_ = patternc.compile

    def faulty(model, inputs, **options):
        compiled = compile_(model, inputs, **options)
        if not any(isinstance(layer, torch.nn.Conv2d) for layer in model.modules()):
            return compiled
        leaves = torch.utils._pytree
        return lambda *args: leaves.tree_map(lambda t: t + 1, compiled(*args))

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


def test_what_compiles_right_is_counted(fuzzing, tmp_path):
    _, runner, torch_modules = fuzzing
    result = runner.run(torch_modules.TorchModules(), seed=3, count=3, folder=tmp_path)
    assert not result.findings, sorted(result.findings)
    assert sum(n for name, n in result.counts.items() if name.startswith("right")) > 0


def test_only_errors_of_patternc_may_be_raised(fuzzing, tmp_path, monkeypatch):
    _, runner, torch_modules = fuzzing

    def broken(*_, **__):
        raise IndexError("list index out of range")

    monkeypatch.setattr(patternc, "compile", broken)
    result = runner.run(torch_modules.TorchModules(), seed=3, count=1, folder=tmp_path)
    (kind,) = result.findings
    assert "IndexError" in kind
