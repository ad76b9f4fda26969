# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The pass pipeline as an object: printed, edited, run, and reproduced on a command line."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Literal, get_args

from patternc import ir, passmanager
from patternc.compiler.targets import Target, require_float16
from patternc.errors import TargetError

Precision = Literal["float32", "float16"]
"""Type of a network's weights, activations and sums."""

_DEMOTE = "pattern-demote-f32-to-f16"

# The names under which modules can be looked at after each pass.
_STAGES = {
    "pattern-attach-target": "target",
    "pattern-fold-batch-norms": "batch-norms",
    "pattern-fold-constants": "constants",
    "pattern-float-quantized-integers": "integers",
    _DEMOTE: "float16",
    "pattern-raise-convolutions": "convolutions",
    "pattern-align-convolutions-1d": "rows",
    "pattern-raise-pooling": "pooling",
    "pattern-raise-fully-connected": "fully-connected",
    "pattern-fuse-epilogues": "graph",
    "pattern-quantize-convolutions": "quantized",
    "pattern-apply-filter-groups": "groups",
    "pattern-reorder-filters": "reordered",
    "pattern-compress-weights": "packed",
    "pattern-layout-activations": "planes",
    "pattern-apply-schedules": "applied",
    "pattern-schedule-convolutions": "scheduled",
    "pattern-lower-convolutions": "lowered",
    "pattern-eliminate-redundant-loads": "shared",
    "pattern-widen-narrow-integers": "widened",
    "pattern-isolate-reductions": "isolated",
    "pattern-scalarize-wide-integers": "scalarized",
    "pattern-truncate-floats": "truncated",
    "pattern-externalize-constants": "egress",
}


@dataclass(frozen=True)
class Pass:
    """One pass of `pattern-opt` and its options.

    Attributes:
      name: its flag, without dashes, such as ``pattern-raise-convolutions``.
      options: options by their command-line names, such as ``{"max-patterns": 16}``.
      stage: the name under which the module after this pass can be looked at.
    """

    name: str
    options: dict[str, object] = field(default_factory=dict)
    stage: str = ""

    def __str__(self) -> str:
        if not self.options:
            return self.name
        options = " ".join(f"{name}={_option(value)}" for name, value in self.options.items())
        return f"{self.name}{{{options}}}"


@dataclass(frozen=True)
class Pipeline:
    """A sequence of passes over a module.

    Pipelines are values: `without`, `with_options` and `inserted` return an edited copy. Every
    optimisation can be switched off:

    - fusion of additions and activations: ``without("pattern-fuse-epilogues")``
    - filter-kernel reorder (FKR): ``without("pattern-reorder-filters")``
    - filter groups, which share index arrays:
      ``with_options("pattern-compress-weights", max_filter_group=1)``
    - load redundancy elimination (LRE) between filters:
      ``with_options("pattern-schedule-convolutions", filters=1)``; of equal loads in the IR, which
      IREE's back ends share too: ``without("pattern-eliminate-redundant-loads")``
    - tuning: ``with_options("pattern-schedule-convolutions", max_vectors=2, cache_bytes=1 << 40,
      prefetch=False, input_stationary=False)``, or one of these options
    """

    passes: tuple[Pass, ...]

    @classmethod
    def for_target(
        cls,
        target: Target,
        precision: Precision = "float32",
        *,
        schedules: "str | PathLike[str] | None" = None,
    ) -> "Pipeline":
        """The standard pipeline: from linalg to what IREE reads.

        Args:
          target: what to compile for.
          precision: ``float16`` computes in float16 what the model computes in float32.
          schedules: a file that `write_schedules` wrote: filter groups and schedules of layers;
            those that it does not know are chosen.

        Raises:
          TargetError: the precision is unknown, or the target does not have it; there is no such
            file.
        """
        if precision not in get_args(Precision):
            known = " or ".join(f"'{name}'" for name in get_args(Precision))
            raise TargetError(f"unknown precision '{precision}'; expected {known}")
        halves = precision == "float16"
        if halves:
            require_float16(target)
        options = f'target="{target.attribute}" float16={_option(halves)}'
        if schedules is not None:
            if not Path(schedules).is_file():
                raise TargetError(f"there is no file of schedules '{fspath(schedules)}'")
            options += f' schedules="{fspath(schedules)}"'
        text = f"builtin.module(pattern-linalg-to-iree-pipeline{{{options}}})"
        manager = passmanager.PassManager.parse(text, ir.Context(multithreading=False))
        return cls(
            tuple(
                Pass(name, dict(options), stage=_STAGES[name]) for name, options in manager.passes()
            )
        )

    @property
    def precision(self) -> Precision:
        """What it makes of a model in float32."""
        return "float16" if any(p.name == _DEMOTE for p in self.passes) else "float32"

    def __iter__(self) -> Iterator[Pass]:
        return iter(self.passes)

    def __str__(self) -> str:
        """The text that ``pattern-opt --pass-pipeline=`` takes."""
        return f"builtin.module({','.join(map(str, self.passes))})"

    def command_line(self, file: str = "model.mlir") -> str:
        """A shell command that runs the same passes on a file."""
        return shlex.join(["pattern-opt", file, f"--pass-pipeline={self}"])

    def without(self, name: str) -> "Pipeline":
        """A copy that leaves a pass out.

        Raises:
          TargetError: no pass has that name.
        """
        self._index(name)
        return Pipeline(tuple(p for p in self.passes if p.name != name))

    def with_options(self, name: str, /, **options: object) -> "Pipeline":
        """A copy in which options of a pass are changed; ``_`` in a name stands for ``-``.

        Raises:
          TargetError: no pass has that name.
        """
        at = self._index(name)
        changed = {option.replace("_", "-"): value for option, value in options.items()}
        new = replace(self.passes[at], options={**self.passes[at].options, **changed})
        return Pipeline((*self.passes[:at], new, *self.passes[at + 1 :]))

    def inserted(self, new: Pass, *, after: str) -> "Pipeline":
        """A copy with one more pass behind the pass named `after`.

        Raises:
          TargetError: no pass has that name.
        """
        at = self._index(after) + 1
        return Pipeline((*self.passes[:at], new, *self.passes[at:]))

    def _index(self, name: str) -> int:
        names = [p.name for p in self.passes]
        if name not in names:
            raise TargetError(f"no pass '{name}' in the pipeline; it has {', '.join(names)}")
        return names.index(name)


def _option(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{{{text}}}" if " " in text else text
