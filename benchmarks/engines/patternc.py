# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""patternc, and IREE without it."""

from pathlib import Path

from torch import Tensor, nn

import patternc
from benchmarks.engines.engine import NotMeasuredError, Prepared
from patternc.compiler import Pass, Pipeline, Precision
from patternc.errors import TargetError


class Patternc:
    """patternc, which makes pattern kernels of all convolutions, pruned or not.

    Args:
      pipeline: the passes to run; by default the standard ones.
      precision: what it computes in.
    """

    name = "patternc"

    def __init__(
        self, pipeline: Pipeline | None = None, *, precision: Precision = "float32"
    ) -> None:
        self._pipeline = pipeline
        self._precision: Precision = precision

    def compile(self, model: nn.Module, image: Tensor) -> patternc.CompiledModule:
        try:
            return patternc.compile(
                model,
                (image,),
                precision=self._precision,
                pipeline=self._pipeline,
                progress=False,
            )
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

    def __init__(self) -> None:
        super().__init__(Pipeline((Pass("pattern-externalize-constants"),)))
