# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random valid linalg, compiled and run on a target, against the interpreter and IREE alone."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fuzz.interpreter import Interpreter, Unknown
from fuzz.linalg.module import RandomModule, random_module
from fuzz.linalg.values import Shape, tensor
from fuzz.reading import functions, read_function, resources
from fuzz.runner import Case, Finding

_FUNCTIONS = 6
_TARGETS = {"llvm-cpu": 16, "vmvx": 3, "vulkan": 1}
# Of the largest element of a result, in float32, when IREE alone is exact.
_ERROR = 1e-5


class CompiledIR:
    """Modules whose `main` calls all of their functions, compiled by `patternc.compile`."""

    name = "compiled-ir"
    time_limit = 180.0

    def prepare(self) -> None:
        import patternc
        from patternc import compiler, errors, ir

        self._patternc, self._compiler, self._errors, self._ir = patternc, compiler, errors, ir

    def make(self, seed: int) -> Case:
        module = random_module(seed, _FUNCTIONS, portable=True)
        target = random.Random(seed).choices(list(_TARGETS), list(_TARGETS.values()))[0]
        text = _with_main(module)
        return Case(
            {"module.mlir": text.encode()}, f"target {target}", (seed, module, text, target)
        )

    def check(self, case: Case) -> Mapping[str, int]:
        seed, module, text, target = case.data  # type: ignore[misc]
        counts = Counter(functions=_FUNCTIONS)
        generator = np.random.default_rng(seed)
        inputs = {
            name: [_value(generator, *type_) for type_ in types]
            for name, types in module.arguments.items()
        }
        try:
            expected = self.expected(text, module, inputs)
        except Unknown:
            return Counter({"not computed": 1})
        given = [value for name in inputs for value in inputs[name]]
        try:
            found = self.run(text, target, None, given)
        except self._errors.CompilerError as error:
            if "iree-compile failed" in str(error) and self.alone(text, target, given) is None:
                return Counter({f"IREE alone refuses, {target}: {_reason(str(error))[:100]}": 1})
            raise Finding(f"{target} refuses: {_reason(str(error))}\n\n{error}") from error
        counts[f"functions on {target}"] += _FUNCTIONS
        wrong = _differences(expected, found)
        if wrong:
            alone = self.alone(text, target, given)
            if alone is not None:
                wrong = _differences(expected, found, alone)
            if wrong:
                names = [name for name, values in module.results.items() for _ in values]
                raise Finding(
                    f"wrong result on {target}\n\n"
                    + "\n".join(f"{names[i]}, result {i} of main: {said}" for i, said in wrong)
                )
            counts["as wrong as IREE alone"] += 1
        return counts

    def expected(
        self, text: str, module: RandomModule, inputs: Mapping[str, Sequence[np.ndarray]]
    ) -> list[np.ndarray]:
        parsed = self._ir.Module.parse(text, self._ir.Context(multithreading=False))
        printed = parsed.print(generic=True)
        known = {name: read_function(part) for name, part in functions(printed).items()}
        interpreter = Interpreter(known, resources(printed))
        return [
            result
            for name in module.arguments
            for result in interpreter.run(name, [_exact(value) for value in inputs[name]])
        ]

    def run(
        self, text: str, target: str, pipeline: Any, given: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        compiled = self._patternc.compile(text, target=target, pipeline=pipeline, threads=1)
        results = compiled(*given)
        results = results if isinstance(results, tuple | list) else (results,)
        return [np.array(result) for result in results]

    def alone(self, text: str, target: str, given: Sequence[np.ndarray]) -> list[np.ndarray] | None:
        """What IREE makes of it without any of the passes; None if it refuses."""
        pipeline = self._compiler.Pipeline((self._compiler.Pass("pattern-externalize-constants"),))
        try:
            return self.run(text, target, pipeline, given)
        except self._errors.CompilerError:
            return None


def _with_main(module: RandomModule) -> str:
    """The module with a function that calls all others, on tensors."""
    signature: list[str] = []
    lines: list[str] = []
    names: list[str] = []
    types: list[str] = []
    for function, arguments in module.arguments.items():
        operands = []
        for shape, element in arguments:
            name = f"%a{len(signature)}"
            signature.append(f"{name}: {tensor(shape or (), element)}")
            if shape is None:
                lines.append(f"%s{len(signature)} = tensor.extract {name}[] : tensor<{element}>")
                name = f"%s{len(signature)}"
            operands.append(name)
        given = ", ".join(e if s is None else tensor(s, e) for s, e in arguments)
        made = [value.type for value in module.results[function]]
        lines.append(
            f"%{function}:{len(made)} = call @{function}({', '.join(operands)}) : "
            f"({given}) -> ({', '.join(made)})"
        )
        names += [f"%{function}#{i}" for i in range(len(made))]
        types += made
    results = ", ".join(types)
    body = "\n".join(lines)
    main = f"func.func @main({', '.join(signature)}) -> ({results}) {{\n{body}\n"
    return f"{main}return {', '.join(names)} : {results}\n}}\n{module.text}"


def _value(generator: np.random.Generator, shape: Shape | None, element: str) -> np.ndarray:
    if element == "i1":
        return np.asarray(generator.random(shape or ()) < 0.5)
    if element[0] == "i":
        return np.asarray(generator.integers(-9, 9, shape or ()), np.dtype(f"int{element[1:]}"))
    return np.asarray(generator.integers(-32, 33, shape or ()) / 8, np.float32)


def _exact(value: np.ndarray) -> np.ndarray:
    return value.astype({"f": np.float64, "b": np.bool_}.get(value.dtype.kind, np.int64))


def _differences(
    expected: Sequence[np.ndarray],
    found: Sequence[np.ndarray],
    alone: Sequence[np.ndarray] | None = None,
) -> list[tuple[int, str]]:
    """Which results differ from what is expected; more than four times what IREE's alone do."""
    wrong = []
    for i, (a, b) in enumerate(zip(expected, found, strict=True)):
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        with np.errstate(invalid="ignore"):
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            error = np.where(same, 0, np.abs(a - b))
            allowed = np.full(a.shape, _ERROR * np.abs(a[np.isfinite(a)]).max(initial=1.0))
            if alone is not None:
                c = np.asarray(alone[i], np.float64)
                off = np.where((a == c) | (np.isnan(a) & np.isnan(c)), 0, np.abs(a - c))
                # Where IREE alone is off by more than numbers can tell, anything goes.
                off = np.where(np.isnan(off), np.inf, off)
                allowed = np.maximum(allowed, 4 * off.max(initial=0))
            bad = ~(error <= allowed)
        if bad.any():
            at = tuple(int(n) for n in np.argwhere(bad)[0])
            said = (
                f"{int(bad.sum())} of {bad.size} elements, first at {at}: {b[at]}, expected {a[at]}"
            )
            wrong.append((i, said))
    return wrong


def _reason(error: str) -> str:
    lines = [line.strip() for line in error.splitlines() if "error:" in line]
    return (lines or error.splitlines())[0].rpartition("error: ")[2]
