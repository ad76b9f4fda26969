# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Choosing layers by name: globs, and regular expressions behind `re:`."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from patternc.errors import PatterncError


def matches(selector: str, names: Iterable[str]) -> bool:
    """Whether a selector fits one of the names of a layer.

    `features.*` is a glob, where `*` crosses dots; `re:features\\.[02]` is a regular
    expression that has to fit the whole name.
    """
    if selector.startswith("re:"):
        return any(re.fullmatch(selector[3:], name) for name in names)
    return any(fnmatchcase(name, selector) for name in names)


def check_selectors(value: Any, field: str, error: type[PatterncError]) -> tuple[str, ...]:
    """The selectors that a field of a config is: one, or a list of them.

    Raises:
      `error`: when one is no string or not a valid expression.
    """
    if not isinstance(value, str | list | tuple):
        raise error(f"{field} is {value!r}, expected a list of layer names")
    selectors = (value,) if isinstance(value, str) else tuple(value)
    for selector in selectors:
        check_selector(selector, field, error)
    return selectors


def check_selector(selector: Any, field: str, error: type[PatterncError]) -> None:
    """Raises `error` when a selector is no string or not a valid expression."""
    if not isinstance(selector, str):
        raise error(f"{field}: {selector!r} is no layer name, glob or 're:' expression")
    if selector.startswith("re:"):
        try:
            re.compile(selector[3:])
        except (re.error, OverflowError, RecursionError) as cause:
            raise error(f"{field}: '{selector}' is not a regular expression: {cause}") from cause


def check_used(
    selectors: Iterable[str],
    field: str,
    layers: Sequence[Sequence[str]],
    error: type[PatterncError],
    done: str,
) -> None:
    """Raises `error` for a selector that fits none of the layers, each with its names.

    Args:
      selectors: of the field.
      field: of the config.
      layers: the names of each.
      error: the kind to raise.
      done: what becomes of the layers, as in 'pruned'.
    """
    for selector in selectors:
        if not any(matches(selector, names) for names in layers):
            known = ", ".join(f"'{next(filter(None, names))}'" for names in layers)
            raise error(
                f"{field}: '{selector}' matches no layer that can be {done}; the model has {known}"
            )
