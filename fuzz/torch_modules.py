# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random torch modules: what is compiled computes what PyTorch computes, or is refused."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

import patternc
from fuzz.modules.grammar import random_program
from fuzz.modules.program import Program
from fuzz.modules.shrinking import smaller, unpruned
from fuzz.runner import Case, Finding
from patternc.compiler.targets import get_target, require_float16
from patternc.errors import CompilerError

_FILE = "module.py"
# What PyTorch's own float32 is off by, may ours be several times; at the least, some roundings of
# the largest value. Vulkan's exponential is less exact.
_TIMES_PYTORCH = 8
_LEAST_ALLOWED = {"llvm-cpu": 1e-5, "vmvx": 1e-5, "vulkan": 2e-4}
_FLOAT16_IS_COARSER = 2.0**13


class TorchModules:
    """Modules of a grammar of layers, pruned or not, on the targets that this machine runs."""

    name = "torch-modules"
    time_limit = 300.0

    def prepare(self) -> None:
        torch.set_num_threads(1)  # workers are forked
        self._float16 = True
        try:
            require_float16(get_target("llvm-cpu"))
        except patternc.PatterncError:
            self._float16 = False
        # In a process of its own, because a driver has threads.
        opened = "from patternc.runtime.device import open_device; open_device('vulkan', None)"
        process = subprocess.run([sys.executable, "-c", opened], capture_output=True, check=False)
        self._vulkan = process.returncode == 0

    def make(self, seed: int) -> Case:
        return _case(random_program(seed, float16=self._float16, vulkan=self._vulkan))

    def smaller(self, case: Case) -> Iterator[Case]:
        assert isinstance(case.data, Program)
        return map(_case, smaller(case.data))

    def check(self, case: Case) -> Mapping[str, int]:
        program, text = case.data, case.files[_FILE].decode()
        assert isinstance(program, Program)
        counts = {}
        try:
            names = _run(text)
        except patternc.PatterncError as error:
            counts = {f"not pruned: {_general(error)}": 1}
            program = unpruned(program)
            text = program.text()
            names = _run(text)
        on = f"on {program.target}, {program.precision}"
        model, inputs = names["model"], names["inputs"]
        # Made anew, because what is computed of constants is to be in float64 as well.
        double = _run(text.replace("torch.float32", "torch.float64"))["model"].double()
        try:
            compiled = patternc.compile(
                model,
                inputs,
                target=program.target,
                precision=program.precision,  # pyright: ignore[reportArgumentType]
                threads=1,
                progress=False,
            )
        except CompilerError as error:
            raise Finding(f"{on}: {_cause(error)}\n\n{error}\n\n{text}") from error
        except patternc.PatterncError as error:
            return counts | {f"refused {on}: {_general(error)}": 1}
        wrong = ""
        # Beside a jump a value may fall on either side, but not for any input.
        for i in range(4 if program.jumps else 1):
            if i:
                inputs = _run(text.replace("SEED = 0", f"SEED = {i}00"))["inputs"]
            expected, exact = _outputs(model, inputs), _outputs(double, _doubled(inputs))
            results = [torch.as_tensor(leaf) for leaf in tree_leaves(compiled(*inputs))]
            wrong = _difference(program, results, expected, exact)
            if not wrong:
                return counts | {f"{'differs beside a jump' if i else 'right'} {on}": 1}
        raise Finding(f"wrong {on}: {wrong}\n\n{text}")


def _case(program: Program) -> Case:
    label = f"{program.target}, {program.precision}"
    return Case({_FILE: program.text().encode()}, label, program)


def _run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "fuzzed"}
    exec(compile(text, _FILE, "exec"), names)
    return names


def _general(error: Exception) -> str:
    """The first line of a refusal, without what differs between two of one kind."""
    line = str(error).strip().splitlines()[0]
    line = re.sub(r"'[^']*'|\"[^\"]*\"|<[^>]*>|\([\d, ]*\)", "…", line)
    return f"{type(error).__name__}: {re.sub(r'-?[0-9]+', '#', line)[:200]}"


def _cause(error: Exception) -> str:
    """What a compiler said first."""
    lines = str(error).splitlines()
    return next((line for line in lines if re.search(r"\berror: ", line)), lines[0])


@torch.no_grad()
def _outputs(model: torch.nn.Module, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    return tree_leaves(model(*inputs))


def _doubled(inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(x.double() if x.is_floating_point() else x for x in inputs)


def _difference(
    program: Program, results: list[Tensor], expected: list[Tensor], exact: list[Tensor]
) -> str:
    """What is wrong with the results; empty if nothing is."""
    kinds = [[(tuple(t.shape), t.dtype) for t in tensors] for tensors in (results, expected)]
    if kinds[0] != kinds[1]:
        return f"outputs are {kinds[0]}, PyTorch's are {kinds[1]}"
    coarser = _FLOAT16_IS_COARSER if program.precision == "float16" else 1.0
    for i, (result, eager, true) in enumerate(zip(results, expected, exact, strict=True)):
        if not eager.is_floating_point():
            if not torch.equal(result, eager):
                return f"output {i}: {int((result != eager).sum())} of {eager.numel()} integers"
            continue
        result, eager, true = (t.double() for t in (result, eager, true))
        finite = eager.isfinite() & true.isfinite()
        if not torch.equal(result[~finite].nan_to_num(), eager[~finite].nan_to_num()) or not (
            torch.equal(result.isnan(), eager.isnan())
        ):
            return f"output {i}: NaN or infinity"
        result, eager, true = (t[finite] for t in (result, eager, true))
        if not result.numel():
            continue
        error, own = (result - true).abs().max(), (eager - true).abs().max()
        allowed = _TIMES_PYTORCH * own + _LEAST_ALLOWED[program.target] * true.abs().max() + 1e-30
        if not error <= coarser * allowed:
            return f"output {i} is off by {error:.1e} of {true.abs().max():.1e}"
    return ""
