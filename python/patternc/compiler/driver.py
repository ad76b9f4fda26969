# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`patternc.compile`: a model in, a callable module out."""

import importlib.metadata
import json
import logging
import shlex
import sys
import tempfile
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from patternc import ir, passmanager
from patternc.compiler.dense_layers import dense_though_pruned
from patternc.compiler.egress import iree_version, to_vmfb
from patternc.compiler.pipeline import Pass, Pipeline, Precision
from patternc.compiler.reproducers import folder_if_needed
from patternc.compiler.storage_entry import add_storage_entry
from patternc.compiler.targets import Target, get_target, require_float16
from patternc.errors import CompilerError, ModelError, PatterncError, TargetError
from patternc.frontends import ImportedModel, import_model
from patternc.runtime import CompiledModule, Manifest, Report
from patternc.runtime.device import checked_threads
from patternc.settings import Settings
from patternc.tensor_spec import TensorSpec

if TYPE_CHECKING:
    import torch

_logger = logging.getLogger(__name__)

# Constants beyond this many elements are left out of the texts that are kept to be looked at.
_SHOWN_ELEMENTS = 16

# The passes that see the model's weights as they came, and say what cannot be compiled of them.
_CHECK_THE_MODEL = (
    "pattern-fold-batch-norms",
    "pattern-demote-f32-to-f16",
    "pattern-raise-convolutions",
    "pattern-compress-weights",
    "pattern-widen-narrow-integers",
)
# What MLIR adds to the messages of a pass that fails.
_OF_THE_PASS_MANAGER = "detected while processing an MLIR pass pipeline"

_NUMPY_DTYPES = {
    "f32": "float32",
    "f16": "float16",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "i1": "bool",
}


def compile(
    model: "torch.nn.Module | torch.export.ExportedProgram | str | PathLike[str]",
    example_args: tuple | None = None,
    example_kwargs: dict[str, Any] | None = None,
    *,
    target: str | Target = "llvm-cpu",
    precision: Precision = "float32",
    pipeline: Pipeline | None = None,
    threads: int | None = None,
    progress: bool | None = None,
    settings: Settings | None = None,
) -> CompiledModule:
    """Compiles a model for a target.

    Convolutions whose kernels are pruned to patterns, or not pruned at all, are found in the
    weights and compiled to pattern kernels; everything else goes to IREE as it is.

    Args:
      model: an ``nn.Module`` (compiled as in ``eval`` mode), an ``ExportedProgram``, MLIR text
        with linalg on tensors and a function ``@main``, or the path of a file with such text or
        (``.pt2``) an exported program. A string is text when it has a line break or a brace, unless
        it ends in the suffix of a file.
      example_args: what an ``nn.Module`` is traced with: tensors, whose shapes become fixed, in
        whatever tuples, lists, dicts, named tuples and dataclasses it takes them, and numbers,
        text and None, which become fixed themselves.
      example_kwargs: likewise, the arguments that are given by keyword.
      target: a name of `target_names`, or a `Target`.
      precision: ``float16`` rounds the weights to float16 and computes in it, on processors that
        have such arithmetic: twice as many numbers in a register, half the bytes. Inputs and
        outputs stay as they are in the model.
      pipeline: the passes to run; by default `Pipeline.for_target` of target and precision.
      threads: processor threads that calls of the result use; None for all cores.
      progress: whether to show a progress bar; by default on a terminal.
      settings: how to report on the compilation; by default from ``PATTERNC_*`` variables.

    Raises:
      ModelError: the model or its arguments cannot be compiled; the message names the parameter.
      TargetError: the target or the precision is unknown, or the target does not have it.
      CompilerError: a compiler stage failed; the message says how to reproduce it.
      MissingDependencyError: torch-mlir or IREE is needed and not installed.
    """
    target = get_target(target)
    settings = settings or Settings.from_environment()
    if settings.log_level is not None:
        logging.getLogger("patternc").setLevel(settings.log_level.upper())
    pipeline = pipeline or Pipeline.for_target(target, precision)
    if precision not in ("float32", pipeline.precision):
        raise TargetError(
            f"precision is {precision}, but the pipeline computes in {pipeline.precision}; make it "
            f"by Pipeline.for_target(target, '{precision}')"
        )
    threads = checked_threads(threads)
    compiler = iree_version()  # fail before the work, not after
    if settings.dump_dir is not None:
        _make_folder(settings.dump_dir)

    steps = [p.stage or p.name for p in pipeline]
    shown = progress if progress is not None else sys.stderr.isatty()
    with tqdm(total=len(steps) + 2, desc="import", disable=not shown, leave=False) as bar:
        imported = import_model(model, example_args, example_kwargs)
        module = _parse(imported)
        inputs, outputs = _signature(module, imported)
        _check_dtypes(target, (*inputs, *outputs))
        stages = {"linalg": _text(module)} if settings.keep_stages else {}
        if settings.dump_dir is not None:
            # With all constants, so that pattern-opt can start from it.
            _dump(settings.dump_dir, 0, "linalg", module.print())
        bar.update()

        report = Report(())
        statistics: dict[str, dict[str, int]] = {}
        for number, (step, stage) in enumerate(zip(pipeline, steps, strict=True), start=1):
            bar.set_description(stage)
            if step.name == "pattern-lower-convolutions":
                report = _report(module)
                if any(layer.dtype == "float16" for layer in report.layers):
                    require_float16(target)
            statistics |= _run(step, module, settings)
            if settings.keep_stages:
                stages[stage] = _text(module)
            if settings.dump_dir is not None:
                _dump(settings.dump_dir, number, stage, _text(module))
            bar.update()

        module.free_unused_resources()  # weights as they came, kernel maps
        bar.set_description(f"IREE for {target.name}")
        text = module.print(resources=False)
        if target.driver == "vulkan":
            text = add_storage_entry(text, inputs, outputs)
        vmfb = to_vmfb(text, target, settings=settings)
        bar.update()
    for sentence in dense_though_pruned(_parameters(model), imported.blobs, report):
        _logger.warning("%s", sentence)
    return CompiledModule(
        vmfb=vmfb,
        parameters=_own(module.resources(), imported),
        manifest=Manifest(
            target=target.name,
            driver=target.driver,
            machine=target.machine,
            cores=target.cores,
            function="main",
            inputs=inputs,
            outputs=outputs,
            arguments=imported.arguments,
            result=imported.result,
            patternc_version=importlib.metadata.version("patternc"),
            iree_version=compiler,
        ),
        report=report,
        stages=stages,
        statistics=statistics,
        classes=imported.classes,
        threads=threads,
    )


def _parameters(model: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The parameters of a PyTorch model, by name."""
    if hasattr(model, "named_parameters"):
        for name, parameter in model.named_parameters():
            yield name, parameter.detach().cpu().float().numpy()


def _own(parameters: dict[str, np.ndarray], imported: ImportedModel) -> dict[str, np.ndarray]:
    """The weights, with copies of those that are the model's own, which may be trained on."""
    return {
        name: array.copy() if name in imported.blobs else array
        for name, array in parameters.items()
    }


def _parse(imported: ImportedModel) -> ir.Module:
    try:
        return ir.Module.parse(
            imported.text, ir.Context(), filename=imported.name, resources=imported.blobs
        )
    except ir.MLIRError as error:
        raise ModelError(f"the model is not MLIR that patternc reads: {error}") from error


def _run(step: Pass, module: ir.Module, settings: Settings) -> dict[str, dict[str, int]]:
    """Runs a pass; returns what it counted under its name, if it counts anything."""
    pipeline = f"builtin.module({step})"
    manager = passmanager.PassManager.parse(pipeline, module.context)
    manager.enable_statistics()
    if settings.print_ir:
        manager.enable_ir_printing(elide_large=_SHOWN_ELEMENTS)
    if settings.timing:
        manager.enable_timing()
    with folder_if_needed(settings.reproducer_dir) as folder:
        reproducer = folder / f"{step.name}.mlir"
        manager.enable_reproducer(reproducer)  # written when the pass fails
        try:
            for diagnostic in manager.run(module):
                _logger.warning("%s: %s", diagnostic.location, diagnostic.message)
        except ir.MLIRError as error:
            found = [
                f"{d.location}: {d.message}" if d.location else d.message
                for d in error.diagnostics
                if d.severity == "error" and _OF_THE_PASS_MANAGER not in d.message
            ]
            # There is no reproducer where it failed before it ran, because of its options.
            ran = reproducer.exists()
            if step.name in _CHECK_THE_MODEL and ran and found and _is_valid(module):
                reproducer.unlink()
                raise ModelError("; ".join(found)) from error
            messages = "; ".join(found) or "it crashed, or gave no reason"
            command = f"pattern-opt --run-reproducer {shlex.quote(str(reproducer))}"
            hint = f"\nreproduce with: {command}" if ran else ""
            raise CompilerError(f"{step.name} failed: {messages}{hint}") from error
    if settings.timing:
        print(manager.timing(), file=sys.stderr)
    return {name: dict(counts) for name, counts in manager.statistics()}


def _report(module: ir.Module) -> Report:
    try:
        return Report.from_json(
            {
                "layers": json.loads(ir.layer_report(module)),
                "left": json.loads(ir.left_report(module)),
            }
        )
    except TypeError as error:  # a field is missing
        raise CompilerError(
            "the pipeline lowers convolutions that have no schedule; it needs "
            "pattern-schedule-convolutions before pattern-lower-convolutions"
        ) from error


def _is_valid(module: ir.Module) -> bool:
    """Whether a pass that failed did so because of what it read, and made nothing wrong of it."""
    try:
        module.verify()
    except ir.MLIRError:
        return False
    return True


def _signature(
    module: ir.Module, imported: ImportedModel
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs of ``@main``, under the names that the frontend knows."""
    try:
        signature = ir.function_signature(module, "main")
    except ir.MLIRError as error:
        raise ModelError(f"{imported.name}: {error}") from error
    specs = []
    for kind, values, known in zip(
        ("input", "output"), signature, (imported.inputs, imported.outputs), strict=True
    ):
        if known and len(known) != len(values):
            raise ModelError(f"the model has {len(known)} {kind}s, but @main has {len(values)}")
        row = []
        for i, (shape, dtype) in enumerate(values):
            name = known[i].name if known else f"{kind}{i}"
            if shape is None:
                raise ModelError(f"{kind} '{name}' has type {dtype}, expected a tensor of numbers")
            if dtype not in _NUMPY_DTYPES:
                raise ModelError(
                    f"{kind} '{name}' is a tensor of {dtype}, expected one of "
                    f"{', '.join(_NUMPY_DTYPES)}"
                )
            if None in shape:
                raise ModelError(
                    f"{kind} '{name}' has a dynamic shape {shape}, but shapes have to be static; "
                    "export the model with fixed sizes"
                )
            # MLIR's integers have no sign.
            is_unsigned = bool(known) and known[i].dtype == "uint8" and dtype == "i8"
            row.append(
                TensorSpec(
                    name,
                    tuple(s for s in shape if s is not None),
                    "uint8" if is_unsigned else _NUMPY_DTYPES[dtype],
                )
            )
        specs.append(tuple(row))
    return specs[0], specs[1]


def _check_dtypes(target: Target, specs: tuple[TensorSpec, ...]) -> None:
    """Refuses what IREE gets wrong at the edges of a module for a target."""
    for spec in specs:
        # On Vulkan, IREE loses narrow elements where they do not fill a word.
        narrow = target.driver == "vulkan" and np.dtype(spec.dtype).itemsize < 4
        if narrow or (target.device == "vm" and spec.dtype == "float16"):
            raise TargetError(
                f"'{spec.name}' is of {spec.dtype}, which IREE does not compute with on "
                f"'{target.name}'; convert it in the model's caller, to float32, int32 or int64"
            )


def _text(module: ir.Module) -> str:
    return module.print(elide_large=_SHOWN_ELEMENTS, resources=False)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        raise PatterncError(f"dump_dir {folder} cannot be written to: {error}") from error


def _dump(folder: Path, number: int, stage: str, text: str) -> None:
    (folder / f"{number:02}-{stage}.mlir").write_text(text)
