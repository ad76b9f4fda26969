# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""patternc, and IREE without it."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

import patternc
from benchmarks.engines.calibration import calibration_inputs
from benchmarks.engines.engine import NotMeasuredError, Precision, Prepared
from patternc.compiler import Pass, Pipeline
from patternc.compiler.targets import Target
from patternc.errors import MissingDependencyError, TargetError


class Patternc:
    """patternc, which makes pattern kernels of all convolutions, pruned or not.

    Args:
      pipeline: the passes to run; by default the standard ones.
      precision: what it computes in; for ``int8`` patternc quantises the model, calibrated by
        `calibration_inputs`.
      target: what to compile for.
    """

    name = "patternc"

    def __init__(
        self,
        pipeline: Pipeline | None = None,
        *,
        precision: Precision = "float32",
        target: str | Target = "llvm-cpu",
    ) -> None:
        self._pipeline = pipeline
        self._target = target
        self.precision: Precision = precision

    def compile(self, model: nn.Module, image: Tensor) -> patternc.CompiledModule:
        options: dict[str, Any] = {
            "pipeline": self._pipeline,
            "target": self._target,
            "progress": False,
        }
        if self.precision == "int8":
            try:
                program = patternc.quantize(model, calibration_inputs(image))
            except MissingDependencyError as error:
                raise NotMeasuredError(str(error)) from error
            return patternc.compile(program, **options)
        try:
            return patternc.compile(model, (image,), precision=self.precision, **options)
        except TargetError as error:
            raise NotMeasuredError(str(error)) from error

    def load(self, compiled: patternc.CompiledModule, image: Tensor, *, threads: int) -> Prepared:
        module = compiled.with_threads(threads)
        return Prepared(module.prepare(image), lambda: module(image).numpy())

    def save(self, compiled: patternc.CompiledModule, file: Path) -> None:
        compiled.save(file)

    def read(self, file: Path) -> patternc.CompiledModule:
        return patternc.load(file)


class IreeAlone(Patternc):
    """IREE with the front end, flags and runtime of patternc, but none of its kernels."""

    name = "IREE alone"

    def __init__(self, *, target: str | Target = "llvm-cpu") -> None:
        super().__init__(Pipeline((Pass("pattern-externalize-constants"),)), target=target)
