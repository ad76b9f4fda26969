# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Checks of the fields of a config; each names the field, what was found and what is expected.

What they raise is the `error` of the config.
"""

import difflib
import math
from collections.abc import Sequence
from typing import Any


def check_number(config: Any, name: str) -> None:
    value = getattr(config, name)
    if not is_finite_number(value):
        hint = f"; in YAML write {float(value)!r}" if _is_number_text(value) else ""
        raise config.error(f"{name} is {value!r}, expected a finite number{hint}")


def is_finite_number(value: Any) -> bool:
    """Whether it is a number that a float can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def _is_number_text(value: Any) -> bool:
    """YAML 1.1 takes 1e-4, without a point, for a string."""
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def check_positive(config: Any, *names: str) -> None:
    for name in names:
        check_number(config, name)
        if getattr(config, name) <= 0:
            raise config.error(f"{name} is {getattr(config, name)}, expected more than 0")


def check_counts(config: Any, *names: str, least: int = 1) -> None:
    for name in names:
        value = getattr(config, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise config.error(f"{name} is {value!r}, expected a whole number of at least {least}")


def check_flags(config: Any, *names: str) -> None:
    for name in names:
        if not isinstance(getattr(config, name), bool):
            raise config.error(f"{name} is {getattr(config, name)!r}, expected true or false")


def check_choice(config: Any, name: str, choices: Sequence[str]) -> None:
    value = getattr(config, name)
    if value not in choices:
        near = difflib.get_close_matches(str(value), choices, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        expected = ", ".join(f"'{choice}'" for choice in choices)
        raise config.error(f"{name} is {value!r}, expected {expected}{hint}")
