# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What to prune and how: a value that is checked when it is made, also from YAML."""

import dataclasses
import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from patternc.errors import PatterncError, PruningError
from patternc.prune.grouping import Form
from patternc.prune.pattern_sets import NAMED_SETS, PatternSet
from patternc.train.config_checks import (
    check_choice,
    check_counts,
    check_flags,
    check_number,
    check_positive,
    is_finite_number,
)
from patternc.train.config_yaml import YamlConfig
from patternc.train.layer_names import check_selector, check_selectors

Method = Literal["admm", "one-shot", "gradual"]
StructureName = Literal["pattern", "unstructured", "filter", "2:4"]

VERSION = 1


@dataclass(frozen=True)
class AdmmSchedule:
    """How the penalty rises over the updates of ADMM.

    [PatDNN] has 1e-4 to 1e-1, for SGD and long training. The defaults are for Adam and some hundred
    steps: with the digits network less than 1e-2 hardly moved the weights, and Z never settled.

    Attributes:
      rho_start: penalty before the first update.
      rho_end: penalty at the end.
      rho_factor: what it is multiplied by each time.
      rho_rise: 'stages' spreads as many stages as lie between start and end evenly over the
        updates, four with the defaults; 'updates' multiplies at every update, up to the end.
      reset_learning_rate: put the learning rates of the optimizer back to where they began at
        every update, and cut them by ten after each third of the period. Only without a
        scheduler that sets them, too.
    """

    error: ClassVar[type[PatterncError]] = PruningError
    rho_start: float = 1e-2
    rho_end: float = 10.0
    rho_factor: float = 10.0
    rho_rise: Literal["stages", "updates"] = "stages"
    reset_learning_rate: bool = False

    def __post_init__(self):
        check_positive(self, "rho_start", "rho_end")
        if self.rho_end < self.rho_start:
            raise PruningError(
                f"rho_end is {self.rho_end}, expected at least rho_start ({self.rho_start})"
            )
        check_number(self, "rho_factor")
        if self.rho_factor <= 1:
            raise PruningError(f"rho_factor is {self.rho_factor}, expected more than 1")
        check_choice(self, "rho_rise", ("stages", "updates"))
        check_flags(self, "reset_learning_rate")

    def rho(self, update: int, updates: int) -> float:
        """The penalty after `update` of `updates` updates, counted from 0."""
        if self.rho_rise == "updates":
            steps = update
        else:
            stages = round(math.log(self.rho_end / self.rho_start, self.rho_factor)) + 1
            steps = min(update * stages // updates, stages - 1)
        return min(self.rho_start * self.rho_factor**steps, self.rho_end)


@dataclass(frozen=True)
class PruningConfig(YamlConfig):
    """What is pruned, to which structure, by which method.

    A layer is chosen by its module name or the full name of its parameter, with globs, or
    regular expressions behind `re:`. A rate is one number, or a mapping from such names to
    numbers of which the first that fits a layer counts; a layer that none fits has rate 1.

    Attributes:
      version: of this description, 1.
      method: 'admm', the extended ADMM of [PatDNN]; 'one-shot', the weights of least magnitude
        at once; 'gradual', by magnitude and by and by (Zhu and Gupta, arXiv 1710.01878).
      structure: 'pattern', patterns and connectivity; 'unstructured', single weights;
        'filter', whole filters; '2:4', two of four neighbouring input channels.
      targets: the only layers to prune; None for all.
      ignore: layers to leave alone.
      skip_first: the first convolution of the model, if it reads an image of 1 to 3 channels,
        takes patterns but keeps its kernels, and is left alone by the other structures.
      linear: prune the matrices of Linear, RNN and attention layers, too.
      connectivity: of 'pattern': kernels before over kernels after; for a matrix, columns of a
        block.
      rate: of 'unstructured' and 'filter': weights, or filters, before over after.
      form: of 'pattern', see `patternc.prune.grouping`.
      group_size: filters in a group of the form 'group'.
      block_rows: rows in a block of a matrix; 16 fill a vector of AVX-512.
      block_columns: columns in a block of a matrix; None for all of them.
      row_rate: rows of a block before over after, at least 1.
      pattern_sets: pattern set by kernel size, '3x3': a name ('eight', 'four', 'twelve'), the
        most frequent natural patterns of the model ('natural:8'), a PatternSet, or the kept
        positions of each pattern, which become one. A size that is not named takes the
        one of `default_for`.
      epochs: epochs of ADMM or of gradual pruning, before weights are removed for good.
      period: epochs between two updates in them.
      admm: how its penalty rises.

    Raises:
      PruningError: for a field of the wrong type or out of range.
    """

    title: ClassVar[str] = "pruning config"
    error: ClassVar[type[PatterncError]] = PruningError
    version: int = VERSION
    method: Method = "admm"
    structure: StructureName = "pattern"
    targets: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    skip_first: bool = True
    linear: bool = False
    connectivity: float | Mapping[str, float] = 3.6
    rate: float | Mapping[str, float] = 8.1
    form: Form = "group"
    group_size: int = 4
    block_rows: int = 16
    block_columns: int | None = None
    row_rate: float = 1.0
    pattern_sets: Mapping[str, str | PatternSet] = field(default_factory=dict)
    epochs: int = 24
    period: int = 3
    admm: AdmmSchedule = AdmmSchedule()

    def __post_init__(self):
        if self.version != VERSION:
            raise PruningError(
                f"version of the pruning config is {self.version!r}, this patternc reads {VERSION}"
            )
        check_choice(self, "method", ("admm", "one-shot", "gradual"))
        check_choice(self, "structure", ("pattern", "unstructured", "filter", "2:4"))
        check_choice(self, "form", ("layer", "filter", "group"))
        check_flags(self, "skip_first", "linear")
        check_counts(self, "group_size", "block_rows", "epochs", "period")
        if self.block_columns is not None:
            check_counts(self, "block_columns")
        if self.period > self.epochs:
            raise PruningError(
                f"period is {self.period} epochs, expected at most epochs ({self.epochs})"
            )
        if self.targets is not None:
            self._set("targets", check_selectors(self.targets, "targets", PruningError))
        self._set("ignore", check_selectors(self.ignore, "ignore", PruningError))
        for name in ("connectivity", "rate"):
            self._set(name, _rates(getattr(self, name), name))
        _check_rate(self.row_rate, "row_rate")
        self._set("pattern_sets", _pattern_sets(self.pattern_sets))
        if not isinstance(self.admm, AdmmSchedule):
            raise PruningError(f"admm is {self.admm!r}, expected an AdmmSchedule")

    def replaced(self, **fields: Any) -> "PruningConfig":
        """A copy with other fields.

        Raises:
          PruningError: for a name that no field has, and as the class.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in fields.keys() - known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f", expected {', '.join(known)}"
            raise PruningError(f"pruning config: unknown field '{name}'{hint}")
        return dataclasses.replace(self, **fields)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def _rates(value: Any, name: str) -> float | Mapping[str, float]:
    if not isinstance(value, Mapping):
        return _check_rate(value, name)
    for selector, rate in value.items():
        check_selector(selector, name, PruningError)
        _check_rate(rate, f"{name} of '{selector}'")
    return dict(value)


def _check_rate(value: Any, name: str) -> float:
    if not is_finite_number(value) or value < 1:
        raise PruningError(f"{name} is {value!r}, expected a finite number of at least 1")
    return value


def _pattern_sets(value: Any) -> Mapping[str, str | PatternSet]:
    if not isinstance(value, Mapping):
        raise PruningError(
            f"pattern_sets is {value!r}, expected a mapping from kernel size, as in '3x3'"
        )
    sets = {}
    for size, patterns in value.items():
        kernel = parse_kernel(size)
        if isinstance(patterns, str):
            named = NAMED_SETS.get(patterns)
            if named is not None and named.kernel != kernel:
                raise PruningError(f"pattern_sets: '{patterns}' is for 3x3 kernels, not {size}")
            if named is None and not re.fullmatch("natural:[1-9][0-9]*", patterns):
                raise PruningError(
                    f"pattern_sets: '{patterns}' is unknown, expected {', '.join(NAMED_SETS)}, "
                    "'natural:8' (any number), or lists of positions"
                )
        elif not isinstance(patterns, PatternSet):
            try:
                patterns = PatternSet(kernel, patterns)
            except (TypeError, ValueError) as error:
                raise PruningError(f"pattern_sets of {size}: {error}") from error
        elif patterns.kernel != kernel:
            found = "x".join(map(str, patterns.kernel))
            raise PruningError(f"pattern_sets: the set of {size} is for {found} kernels")
        sets[size] = patterns
    return sets


def parse_kernel(size: Any) -> tuple[int, int]:
    """(height, width) from '3x3'."""
    found = re.fullmatch("([1-9][0-9]*)x([1-9][0-9]*)", str(size))
    if not found:
        raise PruningError(f"kernel size is {size!r}, expected height x width, as in '3x3'")
    return int(found[1]), int(found[2])
