# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The compiler core, MLIR as patternc needs it: `patternc.ir` and `patternc.passmanager`."""

import os
from typing import Any

import numpy as np

from patternc.errors import PatterncError

class Diagnostic:
    """One message of the compiler, with its notes."""

    @property
    def severity(self) -> str:
        """`error`, `warning`, `remark` or `note`."""
    @property
    def message(self) -> str: ...
    @property
    def location(self) -> str:
        """Readable place, such as `file:line:column` or a layer's name; empty when unknown."""
    @property
    def file(self) -> str | None: ...
    @property
    def line(self) -> int | None:
        """Counted from 1."""
    @property
    def column(self) -> int | None:
        """Counted from 1."""
    @property
    def notes(self) -> list[Diagnostic]: ...

class MLIRError(PatterncError):
    """IR does not parse or verify, a pipeline does not parse, or a pass failed.

    Attributes:
      diagnostics: every `Diagnostic` reported, warnings and remarks included.
      failed_pass: flag of the pass that failed, or None.
    """

    diagnostics: list[Diagnostic]
    failed_pass: str | None

class Context:
    """What modules live in: dialects, types, and the resources of every module parsed into it,
    which it keeps as long as it lives.
    """

    def __init__(
        self, *, allow_unregistered_dialects: bool = False, multithreading: bool = True
    ) -> None: ...
    @property
    def allow_unregistered_dialects(self) -> bool: ...
    @allow_unregistered_dialects.setter
    def allow_unregistered_dialects(self, allow: bool, /) -> None: ...
    @property
    def dialects(self) -> list[str]:
        """Names of the registered dialects."""

class Module:
    """A `builtin.module`, with its context."""

    @staticmethod
    def parse(
        source: str | bytes,
        context: Context | None = None,
        *,
        filename: str = "<string>",
        resources: dict[str, Any] | None = None,
    ) -> Module:
        """Parses MLIR text, or bytecode, into a context (by default a new one).

        With `resources`, each `dense_resource<NAME>` without data in the text takes the array of
        that name: C-contiguous, of the type's shape and elements (or flat bytes), kept alive and
        not copied, so it must not change. Names that the text does not use are ignored; a name of
        the text that has no data is an error.

        Raises:
          MLIRError: with file:line:column.
        """

    def print(
        self,
        *,
        elide_large: int | None = None,
        resources: bool = True,
        locations: bool = False,
        generic: bool = False,
    ) -> str:
        """The module as text.

        Args:
          elide_large: leave out constants of more elements, and blobs of more characters, than
            this: to be read, it does not parse back.
          resources: whether to print the data of `dense_resource` constants; without it the text
            parses back with `resources=module.resources()`.
          locations: print where each operation comes from.
          generic: print the generic form of each operation.
        """

    def resources(self) -> dict[str, np.ndarray]:
        """Read-only arrays over the data of the module's `dense_resource` constants, without a
        copy. bf16 comes as uint16; a type that numpy lacks, as flat bytes.
        """

    def free_unused_resources(self) -> None:
        """Frees the data of the context's resources that this module does not refer to, unless an
        array of `resources` looks at them. Other modules of the context lose them.
        """

    def clone(self) -> Module:
        """A copy in the same context; the resources are shared."""

    def verify(self) -> None:
        """Raises `MLIRError` when the module is invalid."""

    @property
    def context(self) -> Context: ...

class PassManager:
    """A pass pipeline over a context's modules."""

    @staticmethod
    def parse(pipeline: str, context: Context) -> PassManager:
        """Parses the text that `pattern-opt --pass-pipeline=` takes, such as
        `builtin.module(canonicalize)`.

        Raises:
          MLIRError: for an unknown pass or option.
        """

    def passes(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The passes, of named pipelines those that they stand for: flag, then name and value, as
        text, of each option that is not as by default.
        """

    def run(self, module: Module) -> list[Diagnostic]:
        """Runs the pipeline on a module, in place, without the GIL.

        Returns:
          The warnings and remarks.

        Raises:
          MLIRError: when a pass fails; the module is then in an unknown state.
        """

    def enable_verifier(self, enabled: bool = True) -> None:
        """Whether to verify the module after each pass, which is the default."""

    def enable_ir_printing(
        self,
        *,
        before: bool = False,
        after: bool = True,
        only_on_change: bool = True,
        elide_large: int | None = 16,
        directory: str | os.PathLike[str] | None = None,
    ) -> None:
        """Prints the module around each pass, on stderr or into files of a directory.

        Makes the context single-threaded.
        """

    def enable_timing(self) -> None:
        """Measures each pass; see `timing`."""

    def timing(self) -> str:
        """The time of each pass in the runs since the last call, as a table."""

    def enable_statistics(self) -> None:
        """Collects what the passes count; see `statistics`."""

    def statistics(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """What the passes of this project counted in the runs since the last call, in order: the
        flag of the pass, then name and value of each count.
        """

    def enable_reproducer(self, path: str | os.PathLike[str], *, local: bool = False) -> None:
        """Writes the module as it was, and the pipeline, to a file when a pass fails or crashes.

        `pattern-opt --run-reproducer FILE` runs it. With `local`, the shortest pipeline that
        fails, on a single-threaded context.
        """

def function_signature(
    module: Module, name: str
) -> tuple[
    list[tuple[tuple[int | None, ...] | None, str]],
    list[tuple[tuple[int | None, ...] | None, str]],
]:
    """Inputs and outputs of a function, each as (shape, element type as MLIR spells it).

    A dynamic size is None; what is no ranked tensor has None for its shape and its type's text.

    Raises:
      MLIRError: when the module has no such function; the message names those it has.
    """

def layer_report(module: Module) -> str:
    """JSON text with one object for each pattern layer of the module."""

def left_report(module: Module) -> str:
    """JSON text with one object for each operation with multiply-adds that no kernel computes:
    layer, operation, multiply-adds and the reason.
    """

def schedules(module: Module) -> str:
    """JSON text with the schedules that each pattern layer of the module may have on its target, by
    the name of the layer.
    """
