# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Mutated MLIR through the parser and every pass: refused or run, never a signal or a hang."""

import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from fuzz.linalg.module import random_module
from fuzz.runner import Case, Reason
from fuzz.text_mutation import mutated

_LIT_TESTS = Path(__file__).parent.parent / "lit_tests"
_PASSES = Path(__file__).parent.parent / "passes" / "Passes.td"
# Of the build, if there is one: what is installed has no symbols, and says less when it dies.
_BUILT = Path(__file__).parent.parent / "build" / "wheel" / "bin" / "pattern-opt"
_PATTERN_OPT = str(_BUILT if _BUILT.exists() else Path(sys.executable).with_name("pattern-opt"))
_MLIR_OPT = "/usr/lib/llvm-22/bin/mlir-opt"
_TARGETS = (
    "#pattern.target<device = gpu, threads = 128, subgroup = 64>",
    "#pattern.target<device = vm>",
    "#pattern.target<device = cpu, vector_bits = 128, registers = 16>",
)
_PIPELINES = (
    "pattern-linalg-to-packed-pipeline",
    "pattern-packed-to-executable-pipeline",
    "pattern-linalg-to-executable-pipeline",
    *(
        f"pattern-{name}-to-executable-pipeline{{target={{{target}}}}}"
        for name in ("packed", "linalg")
        for target in _TARGETS
    ),
    "pattern-linalg-to-reference-pipeline",
    "canonicalize,cse",
)
_ALIKE = """
f32 f16 f64 bf16 i1 i8 ui8 i16 i32 i64 index
arith.addf arith.subf arith.mulf arith.divf arith.maximumf arith.minimumf arith.maxnumf arith.negf
arith.addi arith.muli arith.maxsi math.exp math.tanh linalg.add linalg.sub linalg.max linalg.exp
linalg.conv_2d_nchw_fchw linalg.conv_2d_ngchw_gfchw linalg.depthwise_conv_2d_nchw_chw
linalg.conv_1d_ncw_fcw linalg.pooling_nchw_max linalg.pooling_nchw_sum linalg.matmul
linalg.batch_matmul linalg.generic linalg.fill linalg.broadcast linalg.transpose
tensor.collapse_shape tensor.expand_shape tensor.cast tensor.extract_slice tensor.insert_slice
pattern.conv2d pattern.packed_conv2d pattern.pool2d pattern.pack pattern.unpack
parallel reduction d0 d1 d2 d3 relu relu6 hard_swish silu none cpu gpu vm memory consumer
max average ogt ugt olt ult oge ole true false
strides dilations padding groups kernel origin pitch size set ids group lanes vectors tiles blocks
prefetch prefetch_weights filters unroll rows chains threads slices parts bands placement offsets
channels weights
inner stores code table absolute distance broadcast scatter activation filter_order schedule
quantization uniform scale zero_point input output residual low high bytes u8 s8 padding
lookup from table cpu_dot cpu_dot_matrix taps run gather dot_u8s8 dot_s8s8 dot_s16 multiply
cpu_output_stationary cpu_input_stationary cpu_matrix cpu_rows gpu_direct gpu_output_stationary
gpu_matrix gpu_rows vm_direct vm_rows
"""
# The cases of one context; what a context keeps grows with them.
_CONTEXT_CASES = 50


class MutatedIR:
    """One mutated text: parsed, then through some passes and pipelines, each on a copy."""

    name = "mutated-ir"
    time_limit = 10.0

    def prepare(self) -> None:
        from patternc import ir, passmanager

        self._ir, self._passmanager = ir, passmanager
        self._corpus = [text for text in _lit_modules() if self._parses(text)]
        self._generated = [random_module(seed, 1).text for seed in range(300)]
        passes = re.findall(r'Pass<"([\w-]+)"', _PASSES.read_text())
        self._steps = [*passes, *passes, *_PIPELINES]
        self._context = None
        self._uses = 0

    def _parses(self, text: str) -> bool:
        try:
            self._ir.Module.parse(text, self._ir.Context(multithreading=False))
        except self._ir.MLIRError:
            return False
        return True

    def make(self, seed: int) -> Case:
        rng = random.Random(seed)
        source = self._corpus if rng.random() < 0.7 else self._generated
        text = mutated(rng.choice(source), rng, source, _ALIKE)
        steps = rng.sample(self._steps, 3)
        return Case(
            {"module.mlir": text.encode(errors="replace")},
            label=f"each alone: {' '.join(steps)}",
            data=(text, steps),
        )

    def check(self, case: Case) -> Mapping[str, int]:
        text, steps = case.data  # type: ignore[misc]
        if self._context is None or self._uses == _CONTEXT_CASES:
            self._context, self._uses = self._ir.Context(multithreading=False), 0
        self._uses += 1
        counts = Counter(inputs=1)
        try:
            module = self._ir.Module.parse(text, self._context)
        except self._ir.MLIRError:
            return counts
        counts["parsed"] += 1
        for step in steps:
            copy = module.clone()
            manager = self._passmanager.PassManager.parse(f"builtin.module({step})", self._context)
            counts["passes"] += 1
            print("running", step, file=sys.stderr)
            try:
                manager.run(copy)
            except self._ir.MLIRError:
                counts["refused by a pass"] += 1
                continue
            self._ir.layer_report(copy)
            copy.print(elide_large=16)
        return counts

    def explain(self, case: Case) -> Reason:
        """What `pattern-opt` says about it."""
        text, steps = case.data  # type: ignore[misc]
        return explain(text, steps, self.time_limit)


def explain(text: str, steps: Sequence[str], time_limit: float) -> Reason:
    """The first of some passes that kills `pattern-opt`, or its parser, and what it said."""
    for step in ("", *steps):
        died = _dies([_PATTERN_OPT, f"--pass-pipeline=builtin.module({step})"], text, time_limit)
        if died is None:
            continue
        # What a crashed process was doing, the innermost last.
        doing = re.findall(r"^\d+\.\t(.*)", died, flags=re.MULTILINE)
        place = f"{step or 'parser'}: {doing[-1] if doing else died.splitlines()[-1]}"
        # mlir-opt does not know our operations, whose attributes MLIR's parser reads as well.
        mlir_opt = [_MLIR_OPT, "--allow-unregistered-dialect"]
        foreign = _dies(mlir_opt, text, time_limit) is not None or _reads_or_prints(died)
        return Reason(place, died[-6000:], foreign=foreign)
    return Reason()


def _reads_or_prints(stack: str) -> bool:
    """Whether MLIR's parser or printer is what died, not something of ours that it called."""
    theirs = ("mlir::detail::Parser::", "::OperationParser::", "::OperationPrinter::")
    for frame in re.findall(r"^ *#\d+ (.*)", stack, flags=re.MULTILINE):
        if "patternc::" in frame or any(name in frame for name in theirs):
            return "patternc::" not in frame
    return False


def _dies(command: Sequence[str], text: str, time_limit: float) -> str | None:
    """What a program says before it dies of a text; None if it lives."""
    try:
        process = subprocess.run(
            command,
            input=text.encode(errors="replace"),
            capture_output=True,
            timeout=time_limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "hangs"
    if process.returncode in (0, 1):
        return None
    return process.stderr.decode(errors="replace") or f"exit code {process.returncode}"


def _lit_modules() -> list[str]:
    """What the files of the lit tests are split into: modules that parse or do not."""
    modules = []
    for file in sorted(_LIT_TESTS.rglob("*.mlir")):
        text = re.sub(r"^\s*//(?! -----).*\n", "", file.read_text(), flags=re.MULTILINE)
        for part in re.split(r"^// -----.*\n", text, flags=re.MULTILINE):
            functions = re.split(r"^(?=func\.func|  func\.func)", part, flags=re.MULTILINE)
            modules.append(part)
            if len(functions) > 2 and not part.lstrip().startswith(("module", "builtin")):
                modules += [functions[0] + function for function in functions[1:]]
    return [module for module in modules if module.strip()]
