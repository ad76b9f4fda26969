# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a pruned model may cost at most: multiply-adds, bytes or time, also as text."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from patternc.errors import SearchError

Kind = Literal["multiply-adds", "bytes", "latency"]

_THOUSANDS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
# The units of each kind; of equal ones the first is shown.
_UNITS: dict[str, dict[str, float]] = {
    "multiply-adds": _THOUSANDS,
    "bytes": {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, **_THOUSANDS},
    "latency": {"us": 1e-6, "ms": 1e-3, "s": 1.0},
}


@dataclass(frozen=True)
class Budget:
    """An upper limit of what a model costs.

    Attributes:
      kind: 'multiply-adds' of the layers for the example arguments; 'bytes' of the weights with
        their indices, as the compiler stores them; 'latency', the time of one call of the compiled
        model.
      limit: the most that it may be; of latency in seconds.

    Raises:
      SearchError: for an unknown kind, or a limit that is not a positive number.
    """

    kind: Kind
    limit: float

    def __post_init__(self):
        if self.kind not in get_args(Kind):
            raise SearchError(f"budget is of {self.kind!r}, expected {_or(get_args(Kind))}")
        number = isinstance(self.limit, int | float) and not isinstance(self.limit, bool)
        if not (number and math.isfinite(self.limit) and self.limit > 0):
            raise SearchError(
                f"limit of {self.kind} is {self.limit!r}, expected a finite number above 0"
            )

    @classmethod
    def parse(cls, text: str) -> "Budget":
        """The budget of a text such as 'multiply-adds <= 100M', 'bytes <= 1.5MB', 'latency <= 2ms'.

        k, M and G are powers of 1000. A time needs its unit: s, ms or us.

        Raises:
          SearchError: for another text.
        """
        found = re.fullmatch(r"\s*([\w-]+)\s*<=\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(\w*)\s*", text)
        if not found:
            raise SearchError(
                f"budget is '{text}', expected KIND <= NUMBER UNIT, as in 'multiply-adds <= 100M', "
                "'bytes <= 1.5MB' or 'latency <= 2.5ms'"
            )
        kind, number, unit = found.groups()
        if kind not in _UNITS:
            raise SearchError(f"budget '{text}' is of '{kind}', expected {_or(_UNITS)}")
        if unit not in _UNITS[kind]:
            known = _or(unit for unit in _UNITS[kind] if unit)
            raise SearchError(f"budget '{text}' has the unit '{unit}', expected {known}")
        try:
            limit = float(number) * _UNITS[kind][unit]
        except ValueError:
            raise SearchError(f"budget '{text}': '{number}' is not a number") from None
        return cls(kind, limit)  # pyright: ignore[reportArgumentType] - a key of _UNITS

    def show(self, cost: float) -> str:
        """A cost of this kind with its unit, to four digits."""
        units = _UNITS[self.kind]
        fitting = [unit for unit, scale in units.items() if cost >= scale]
        unit = max(fitting or [min(units, key=units.__getitem__)], key=units.__getitem__)
        return f"{cost / units[unit]:.4g}{unit}"

    def __str__(self) -> str:
        return f"{self.kind} <= {self.show(self.limit)}"


def _or(names: Iterable[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)
