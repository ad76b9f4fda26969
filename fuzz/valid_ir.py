# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random valid linalg through passes and pipelines: each stage computes what the input computes."""

import contextlib
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from fuzz.interpreter import Interpreter, Unknown
from fuzz.linalg.module import RandomModule, random_module
from fuzz.reading import Type, functions, read_function, resources
from fuzz.reduction import reduced
from fuzz.runner import Case, Finding

_FUNCTIONS = 8
# Of the inputs of a function, as many have to show a difference as this: where a sum with an error
# is compared with a number, one may.
_TRIALS = 3
_RAISING = (
    "pattern-raise-convolutions",
    "pattern-align-convolutions-1d",
    "pattern-raise-pooling",
    "pattern-raise-fully-connected",
    "pattern-fuse-epilogues",
    "canonicalize",
    "cse",
)
# What a pass may refuse although the module is valid, as its documentation says.
_REFUSED = (
    "which float16 cannot hold",
    "f16 cannot hold",
    "largest f16",
    "holds a value that is not finite",
)
# What a result may be off by, of its largest element: sums have no error, but 1/6 has, which is
# written as a factor or as a division, in float32 and in float16.
_ROUNDING = {False: 1e-5, True: 2e-2}
# How long a wrong function is made smaller.
_REDUCTION_SECONDS = 5
_LOWERED = {"lowered", "shared", "widened", "isolated", "scalarized", "truncated", "egress"}

Results = list[np.ndarray]


class ValidIR:
    """Modules of several functions through one pipeline each, compared function by function."""

    name = "valid-ir"
    time_limit = 15.0

    def prepare(self) -> None:
        from patternc import ir, passmanager
        from patternc.compiler import Pipeline, get_target, target_names
        from patternc.errors import TargetError

        self._ir, self._passmanager = ir, passmanager
        targets = [get_target(name) for name in target_names()]
        targets += [replace(targets[0], cores=cores) for cores in (1, 64)]
        self._pipelines = [Pipeline.for_target(target) for target in targets]
        self._halves = []
        for name in target_names():
            with contextlib.suppress(TargetError):
                self._halves.append(Pipeline.for_target(get_target(name), "float16"))

    def make(self, seed: int) -> Case:
        module = random_module(seed, _FUNCTIONS)
        return Case({"module.mlir": module.text.encode()}, data=(seed, module))

    def check(self, case: Case) -> Mapping[str, int]:
        seed, module = case.data  # type: ignore[misc]
        run = _Run(self, random.Random(seed + 1), module)
        kind = seed % 4
        if kind == 0:
            run.reference()
        elif kind == 1:
            run.raising()
        run.target()
        return run.counts


class _Run:
    """One module through pipelines."""

    def __init__(self, fuzzer: ValidIR, rng: random.Random, module: RandomModule) -> None:
        self.fuzzer, self.rng = fuzzer, rng
        self.signatures = module.arguments
        self.context = fuzzer._ir.Context(multithreading=False)
        self.text = module.text
        self.counts: Counter[str] = Counter(functions=len(module.arguments))
        self.generator = np.random.default_rng(rng.getrandbits(32))
        try:
            self.module = fuzzer._ir.Module.parse(self.text, self.context)
        except fuzzer._ir.MLIRError as error:
            raise AssertionError(f"the generator wrote an invalid module: {error}") from error
        printed = self.module.print(generic=True)
        self.texts = functions(printed)
        blobs = resources(printed)
        interpreter = Interpreter({n: read_function(t) for n, t in self.texts.items()}, blobs)
        self.inputs = {name: self.arguments(name) for name in self.texts}
        self.expected: dict[str, list[Results]] = {}
        self.interpreter = interpreter

    def arguments(self, name: str) -> list[list[np.ndarray]]:
        signature = self.signatures[name]
        return [[self.value(*type_) for type_ in signature] for _ in range(_TRIALS)]

    def value(self, shape: tuple[int, ...] | None, element: str) -> np.ndarray:
        """Small numbers without errors."""
        if element == "i1":
            return np.asarray(self.generator.random(shape or ()) < 0.5)
        if element[0] == "i":
            return np.asarray(self.generator.integers(-9, 9, shape or ()))
        return np.asarray(self.generator.integers(-32, 33, shape or ()) / 8, np.float64)

    def expect(self, name: str, trial: int) -> Results:
        known = self.expected.setdefault(name, [])
        while len(known) <= trial:
            known.append(self.interpreter.run(name, self.inputs[name][len(known)]))
        return known[trial]

    # Pipelines.

    def run(self, module, step: str) -> bool:
        """Runs a pass; False if it refuses the module for a documented reason."""
        manager = self.fuzzer._passmanager.PassManager.parse(
            f"builtin.module({step})", self.context
        )
        manager.enable_statistics()
        print("running", step, file=sys.stderr)
        try:
            manager.run(module)
        except self.fuzzer._ir.MLIRError as error:
            if any(reason in str(error) for reason in _REFUSED):
                self.counts["refused"] += 1
                return False
            raise Finding(f"{step.partition('{')[0]} refuses: {error}\n\n{step}") from error
        for name, values in manager.statistics():
            for statistic, number in values:
                if number > 0:
                    self.counts[f"fired {name.removeprefix('pattern-')} {statistic}"] += number
        return True

    def reference(self) -> None:
        module = self.module.clone()
        if self.run(module, "pattern-linalg-to-reference-pipeline"):
            self.compare(module, "pattern-linalg-to-reference-pipeline")

    def raising(self) -> None:
        """Passes over linalg in any order, some of them twice."""
        module = self.module.clone()
        steps = [self.rng.choice(_RAISING) for _ in range(self.rng.randint(2, 6))]
        for step in steps:
            if not self.run(module, step):
                return
        self.compare(module, ",".join(steps))
        if not self.run(module, "pattern-convolutions-to-linalg"):
            return
        self.compare(module, ",".join([*steps, "pattern-convolutions-to-linalg"]))

    def target(self) -> None:
        """The pipeline of a target, with some of its options changed."""
        rng = self.rng
        halves = rng.random() < 0.2 and bool(self.fuzzer._halves)
        pipeline = rng.choice(self.fuzzer._halves if halves else self.fuzzer._pipelines)
        for name, options in (
            ("pattern-raise-convolutions", {"max_patterns": (1, 2, 16)}),
            ("pattern-compress-weights", {"max_filter_group": (1, 2, 4, 16)}),
            (
                "pattern-schedule-convolutions",
                {
                    "cache_bytes": (1, 4096, 1 << 40),
                    "max_vectors": (1, 2, 64),
                    "filters": (1, 2, 3),
                    "prefetch": (True, False),
                    "input_stationary": (True, False),
                    "place_in_consumers": (True, False),
                },
            ),
        ):
            for option, values in options.items():
                if rng.random() < 0.1:
                    pipeline = pipeline.with_options(name, **{option: rng.choice(values)})
        if rng.random() < 0.2:
            pipeline = pipeline.without("pattern-reorder-filters")
        module = self.module.clone()
        steps = []
        for step in pipeline:
            steps.append(str(step))
            if not self.run(module, str(step)):
                return
            if step.stage == "planes" or (step.stage not in _LOWERED and rng.random() < 0.15):
                self.compare(module, ",".join(steps), loosely=halves)

    # Comparison.

    def compare(self, module, steps: str, *, loosely: bool = False) -> None:
        """Compares what every changed function computes."""
        printed = module.print(generic=True)
        texts = functions(printed)
        if set(texts) - set(self.texts) or set(self.texts) - set(texts):
            raise Finding(f"functions were lost or added\n\n{steps}\n{printed}")
        changed = [name for name, text in texts.items() if text != self.texts[name]]
        blobs = resources(printed)
        interpreter = Interpreter({n: read_function(t) for n, t in texts.items()}, blobs)
        for name in changed:
            self.counts["functions compared"] += 1
            try:
                wrong = self.differences(interpreter, name, loosely)
            except Unknown as unknown:
                self.counts[f"not computed: {unknown}"] += 1
                continue
            if wrong:
                shortest = steps if loosely else self.bisect(steps, name)
                culprit = _split(shortest)[-1].partition("{")[0]
                small = self.reduce(name, shortest, loosely)
                raise Finding(
                    f"wrong result behind {culprit}\n\nfunction {name}: {wrong}\n"
                    f"pattern-opt --pass-pipeline='builtin.module({shortest})'\n\n"
                    f"{small}\n\nwhole:\n{self.texts[name]}\n\nbehind all:\n{texts[name]}"
                )

    def differences(self, interpreter: Interpreter, name: str, loosely: bool = False) -> str:
        """How the results of a function differ from what is expected, on all trials; or nothing."""
        said = ""
        for trial in range(_TRIALS):
            expected = self.expect(name, trial)
            results = interpreter.run(name, self.inputs[name][trial])
            found = [
                f"result {i}: {text}"
                for i, (a, b) in enumerate(zip(expected, results, strict=True))
                if (text := _difference(a, b, loosely or "f16" in self.texts[name]))
            ]
            if not found:
                return ""
            said = said or "; ".join(found)
        return said

    def bisect(self, steps: str, name: str) -> str:
        """The steps up to the first behind which a function is wrong."""
        module = self.fuzzer._ir.Module.parse(self.text, self.context)
        parts = _split(steps)
        for i, step in enumerate(parts):
            self.run(module, step)
            interpreter, _ = _interpreter(module)
            try:
                if self.differences(interpreter, name):
                    return ",".join(parts[: i + 1])
            except Unknown:
                continue
        return steps

    def reduce(self, name: str, steps: str, loosely: bool) -> str:
        """A smaller function for which the steps are wrong, as text that parses."""
        end = time.monotonic() + _REDUCTION_SECONDS
        _, _, tail = self.module.print(generic=True).partition("\n{-#")
        blobs = f"\n{{-#{tail}" if tail else ""

        def whole(text: str) -> str:
            return f'"builtin.module"() ({{\n{text}\n}}) : () -> (){blobs}'

        def shows(text: str) -> bool:
            if time.monotonic() > end:
                return False
            try:
                module = self.fuzzer._ir.Module.parse(whole(text), self.context)
                before, signature = _interpreter(module)
                for step in _split(steps):
                    self.run(module, step)
                after, _ = _interpreter(module)
                wrong = 0
                for _ in range(_TRIALS):
                    values = [self.value(type_.shape, type_.element) for type_ in signature[name]]
                    pairs = zip(before.run(name, values), after.run(name, values), strict=True)
                    wrong += any(_difference(a, b, loosely or "f16" in text) for a, b in pairs)
                return wrong == _TRIALS
            except Exception:  # it is not valid any more, or something else is wrong
                return False

        small = reduced(self.texts[name], shows)
        used = set(re.findall(r"dense_resource<([\w.]+)>", small))
        lines = [
            line.strip(" ,") for line in tail.splitlines() if line.split(":")[0].strip() in used
        ]
        blobs = ""
        if lines:
            blobs = "\n{-# dialect_resources: { builtin: {" + ", ".join(lines) + "} } #-}"
        return whole(small)


def _interpreter(module) -> tuple[Interpreter, dict[str, list[Type]]]:
    """What computes the functions of a module, and their arguments."""
    printed = module.print(generic=True)
    parsed = {name: read_function(text) for name, text in functions(printed).items()}
    arguments = {name: function.arguments for name, function in parsed.items()}
    return Interpreter(parsed, resources(printed)), arguments


def _split(steps: str) -> list[str]:
    """Splits a pipeline at the commas that are in no braces."""
    parts, depth = [""], 0
    for letter in steps:
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _difference(expected: np.ndarray, result: np.ndarray, loosely: bool) -> str:
    """Where two results differ by more than they may, or nothing."""
    expected, result = np.asarray(expected), np.asarray(result)
    if expected.shape != result.shape:
        return f"shape {result.shape}, expected {expected.shape}"
    if expected.dtype.kind != "f":
        wrong = expected != result
    else:
        finite = np.isfinite(expected)
        scale = np.abs(expected[finite]).max(initial=1.0)
        if loosely and (scale > 1e3 or not finite.all()):
            return ""
        tolerance = _ROUNDING[loosely] * scale
        with np.errstate(invalid="ignore"):
            wrong = ~(
                (np.abs(expected - result) <= tolerance)
                | (expected == result)
                | (np.isnan(expected) & np.isnan(result))
            )
    if not wrong.any():
        return ""
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (
        f"{int(wrong.sum())} of {wrong.size} elements, first at {at}: "
        f"{result[at]}, expected {expected[at]}"
    )
