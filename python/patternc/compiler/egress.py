# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The border to IREE: module text in, bytecode out.

The text is what MLIR 22 prints; IREE 3.13 reads most of it, and `check_allowed` names the rest
before IREE stumbles over its syntax. Weights are not in the text but named parameters
(``#flow.parameter.named<"patternc"::"NAME">``). IREE's compiler runs as a process of its own, so
that its crash is an error and not the end of the caller.
"""

import importlib.metadata
import logging
import re
import shlex
import subprocess
import tempfile
import time
from pathlib import Path

from patternc.compiler.reproducers import new_folder
from patternc.compiler.targets import Target
from patternc.dependencies import require
from patternc.errors import CompilerError
from patternc.settings import Settings

_logger = logging.getLogger(__name__)

_COMMON_FLAGS = (
    "--iree-opt-level=O2",
    "--iree-opt-strip-assertions=false",
    "--mlir-print-op-on-diagnostic=false",
)
_SHOWN_DIAGNOSTICS = 20

_DIALECTS = frozenset(
    """affine arith bufferization builtin cf complex flow func gpu hal index iree_codegen
    iree_linalg_ext iree_tensor_ext linalg math memref ml_program scf stream tensor tm_tensor
    tosa ub util vector""".split()
)
# How kernels reach an instruction that no other operation promises.
_OTHER_OPS = frozenset(["llvm.call_intrinsic"])

# Each of these was printed by MLIR 22 and refused by IREE 3.13.
_RENAMED_OPS = frozenset(
    """tosa.const_shape tosa.pad vector.extract_strided_slice vector.insert_strided_slice
    linalg.abs linalg.add linalg.ceil linalg.div linalg.elementwise linalg.erf linalg.exp
    linalg.floor linalg.log linalg.max linalg.min linalg.mul linalg.negf linalg.powf
    linalg.reciprocal linalg.round linalg.rsqrt linalg.sqrt linalg.square linalg.sub
    linalg.tanh""".split()
)
_ALIGNED_OPS = frozenset(
    """memref.alloc memref.alloca memref.load memref.store vector.load vector.maskedload
    vector.maskedstore vector.store""".split()
)

# MLIR prints one operation a line, with or without results and in quotes when it is generic.
_OPERATION = re.compile(r'^[ \t]*(?:%[^=\n]*= *)?("?)([a-z_]\w*)\.([\w.]+)"?(.*)', re.MULTILINE)
_PATTERN_ATTRIBUTE = re.compile(r"[#!]pattern\.\w+")


def iree_version() -> str:
    """Version of the installed compiler, for the manifest."""
    require("iree.compiler", needed_for="compiling to a module")
    return importlib.metadata.version("iree-base-compiler")


def check_allowed(text: str) -> None:
    """Refuses what IREE 3.13 cannot read in the text that MLIR 22 prints.

    Raises:
      CompilerError: lists every operation that may not cross, once, with its first line.
    """
    refused: dict[str, int] = {}
    body = text.split("\n{-#", maxsplit=1)[0]
    for match in _OPERATION.finditer(body):
        quote, dialect, name, rest = match.groups()
        reason = _refusal(f"{dialect}.{name}", dialect, bool(quote), rest)
        if reason is not None and reason not in refused:
            refused[reason] = body.count("\n", 0, match.start()) + 1
    for match in _PATTERN_ATTRIBUTE.finditer(body):
        reason = f"{match.group()}, which the pattern lowering should have removed"
        refused.setdefault(reason, body.count("\n", 0, match.start()) + 1)
    if refused:
        listing = "\n".join(f"  line {line}: {reason}" for reason, line in refused.items())
        raise CompilerError(f"the module has operations that IREE does not read:\n{listing}")


def to_vmfb(text: str, target: Target, *, settings: Settings) -> bytes:
    """Compiles a module to IREE bytecode.

    Args:
      text: the module as MLIR 22 prints it, with weights as named parameters.
      target: what to compile for.
      settings: where to leave a reproducer and IREE's intermediate files.

    Raises:
      CompilerError: the text has operations that IREE does not read, or IREE refused it; the
        message has IREE's diagnostics and a command line that reproduces them.
    """
    require("iree.compiler", needed_for="compiling to a module")
    from iree.compiler.tools.binaries import find_tool

    check_allowed(text)
    flags = [*target.flags, *_COMMON_FLAGS]
    if '"tm_tensor.' in text:
        flags.append("--iree-input-type=tm_tensor")
    if settings.dump_dir is not None:
        kernels = settings.dump_dir / "kernels"
        kernels.mkdir(parents=True, exist_ok=True)
        flags.append(f"--iree-hal-dump-executable-files-to={kernels}")
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "module.vmfb"
        command = [find_tool("iree-compile"), "-", *flags, "-o", str(output)]
        start = time.perf_counter()
        process = subprocess.run(
            command, input=text, capture_output=True, text=True, errors="replace", check=False
        )
        _logger.info("iree-compile took %.2f s", time.perf_counter() - start)
        if process.returncode != 0:
            raise CompilerError(
                _failure(text, target, [command[0], *flags], process, settings.reproducer_dir)
            )
        if process.stderr:
            _logger.warning("iree-compile: %s", process.stderr.rstrip())
        return output.read_bytes()


def _refusal(operation: str, dialect: str, generic: bool, rest: str) -> str | None:
    if operation in _RENAMED_OPS:
        return f"{operation}, whose form differs between MLIR 22 and IREE"
    if operation in _ALIGNED_OPS and re.search(r"\{[^}]*\balignment =", rest):
        return f"{operation} with an 'alignment' attribute"
    if generic and dialect == "gpu":
        return f"{operation} in generic form, which differs between MLIR 22 and IREE"
    if dialect == "pattern":
        return f"{operation}, which the pattern lowering should have removed"
    if dialect not in _DIALECTS and operation not in _OTHER_OPS:
        return f"{operation}, an operation of the dialect '{dialect}'"
    return None


def _failure(
    text: str,
    target: Target,
    compiler: list[str],
    process: subprocess.CompletedProcess[str],
    reproducer_dir: Path | None,
) -> str:
    """Saves the reproducer and words the error. `compiler` is the program and its flags."""
    reproducer = new_folder(reproducer_dir) / f"egress-{target.name}.mlir"
    reproducer.write_text(text)
    diagnostics = process.stderr.strip().splitlines()
    if len(diagnostics) > _SHOWN_DIAGNOSTICS:
        hidden = len(diagnostics) - _SHOWN_DIAGNOSTICS
        diagnostics = [*diagnostics[:_SHOWN_DIAGNOSTICS], f"... and {hidden} more lines"]
    if process.returncode < 0:
        diagnostics.append(f"killed by signal {-process.returncode}")
    command = shlex.join([compiler[0], str(reproducer), *compiler[1:], "-o", "/dev/null"])
    return "\n".join(
        [f"iree-compile failed for target '{target.name}':"]
        + [f"  {line}" for line in diagnostics]
        + [f"reproduce with: {command}", f"reproducer: {reproducer}"]
    )
