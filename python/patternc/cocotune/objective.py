# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is looked for, as published: two lines, an optimum and a constraint.

min ModelSize
constraint Accuracy > 0.8
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from patternc.errors import CocoTuneError

Metric = Literal["ModelSize", "Accuracy", "MultiplyAdds", "Latency"]
Direction = Literal["min", "max"]
Operator = Literal["<", "<=", ">", ">="]

_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COUNTS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
_UNITS: dict[str, dict[str, float]] = {
    "ModelSize": _COUNTS,
    "Accuracy": {"": 1.0, "%": 1e-2},
    "MultiplyAdds": _COUNTS,
    "Latency": {"us": 1e-6, "ms": 1e-3, "s": 1.0},
}
_LINE = re.compile(r"(min|max)\s+(\w+)")
_CONSTRAINT = re.compile(r"constraint\s+(\w+)\s*(<=|>=|<|>)\s*([-+.\w]+?)\s*([a-zA-Z%]*)")


@dataclass(frozen=True)
class Objective:
    """The best network by one metric, among those that meet a constraint on another.

    Metrics: ModelSize, the weights that are left; Accuracy, 0 to 1; MultiplyAdds, of one image;
    Latency, seconds of one call of the compiled network.

    Attributes:
      direction: whether the least or the largest is the best.
      metric: of which.
      constrained: the metric of the constraint.
      comparison: how it compares with the bound.
      bound: its bound; of latency in seconds.

    Raises:
      CocoTuneError: for an unknown word, a bound that is not finite or, of accuracy, not 0 to 1,
        and unless exactly one of the two lines is about accuracy.
    """

    direction: Direction
    metric: Metric
    constrained: Metric
    comparison: Operator
    bound: float

    def __post_init__(self):
        _check_word("direction", self.direction, get_args(Direction))
        _check_word("comparison", self.comparison, get_args(Operator))
        for metric in (self.metric, self.constrained):
            _check_word("metric", metric, get_args(Metric))
        if not math.isfinite(self.bound):
            raise CocoTuneError(f"the bound of {self.constrained} is {self.bound!r}, not finite")
        if self.constrained == "Accuracy" and not 0 <= self.bound <= 1:
            raise CocoTuneError(
                f"the bound of Accuracy is {self.bound}, expected 0 to 1, or a number with %"
            )
        if (self.metric == "Accuracy") == (self.constrained == "Accuracy"):
            raise CocoTuneError(
                f"the objective is '{self.direction} {self.metric}' with a constraint on "
                f"{self.constrained}; expected Accuracy in one of its two lines"
            )

    @classmethod
    def parse(cls, text: str) -> "Objective":
        """The objective of its two lines.

        A bound may have a unit: k, M or G (powers of 1000) of ModelSize and MultiplyAdds, % of
        Accuracy; Latency needs us, ms or s. Empty lines, and what follows a #, do not count.

        Raises:
          CocoTuneError: for another text.
        """
        lines = [line for raw in text.splitlines() if (line := raw.partition("#")[0].strip())]
        if len(lines) != 2:
            raise CocoTuneError(f"the objective has {len(lines)} lines, expected 2: {_EXAMPLE}")
        optimum, constraint = (
            pattern.fullmatch(line)
            for pattern, line in zip((_LINE, _CONSTRAINT), lines, strict=True)
        )
        for line, found in zip(lines, (optimum, constraint), strict=True):
            if found is None:
                raise CocoTuneError(f"the objective's line '{line}' is not as in {_EXAMPLE}")
        assert optimum and constraint
        direction, metric = optimum.groups()
        constrained, comparison, number, unit = constraint.groups()
        _check_word("metric", metric, get_args(Metric))
        _check_word("metric", constrained, get_args(Metric))
        units = _UNITS[constrained]
        if unit not in units:
            known = " or ".join(f"'{known}'" for known in units)
            raise CocoTuneError(f"'{lines[1]}' has the unit '{unit}', expected {known}")
        try:
            bound = float(number) * units[unit]
        except ValueError:
            raise CocoTuneError(f"'{lines[1]}': '{number}' is not a number") from None
        return cls(direction, metric, constrained, comparison, bound)  # pyright: ignore[reportArgumentType] - checked

    @classmethod
    def from_file(cls, file: str | Path) -> "Objective":
        """The objective of a file.

        Raises:
          CocoTuneError: when it cannot be read, and as `parse`.
        """
        try:
            text = Path(file).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise CocoTuneError(f"{file} cannot be read: {error}") from error
        try:
            return cls.parse(text)
        except CocoTuneError as error:
            raise CocoTuneError(f"{file}: {error}") from None

    @property
    def cost(self) -> Metric:
        """The metric that is not accuracy, which is known before a network is trained."""
        return self.constrained if self.metric == "Accuracy" else self.metric

    def is_met(self, metrics: Mapping[str, float]) -> bool:
        """Whether a network with these metrics meets the constraint."""
        return _HOLDS[self.comparison](metrics[self.constrained], self.bound)

    def order_key(self, cost: float) -> float:
        """What networks are explored by, the least first, from `cost` of them.

        The best comes first; and for the largest accuracy the largest network, which is taken to be
        the most accurate.
        """
        ascending = self.direction == "min" and self.metric != "Accuracy"
        return cost if ascending else -cost

    @property
    def constraint(self) -> str:
        """The second line without its first word."""
        return f"{self.constrained} {self.comparison} {show(self.constrained, self.bound)}"

    def __str__(self) -> str:
        return f"{self.direction} {self.metric}\nconstraint {self.constraint}"


_EXAMPLE = "'min ModelSize' and 'constraint Accuracy > 0.8'"


def show(metric: str, value: float) -> str:
    """A metric's value with its unit."""
    if metric == "Accuracy":
        return f"{value:.4g}"
    units = _UNITS[metric]
    fitting = [unit for unit, scale in units.items() if value >= scale]
    unit = max(fitting or [min(units, key=units.__getitem__)], key=units.__getitem__)
    return f"{value / units[unit]:.4g}{unit}"


def _check_word(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise CocoTuneError(f"{what} is '{word}', expected {', '.join(known)}")
