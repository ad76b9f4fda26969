# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Choosing layers by name: globs, and regular expressions behind `re:`."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from patternc.errors import PruningError


def matches(selector: str, names: Iterable[str]) -> bool:
    """Whether a selector fits one of the names of a layer.

    `features.*` is a glob, where `*` crosses dots; `re:features\\.[02]` is a regular
    expression that has to fit the whole name.
    """
    if selector.startswith("re:"):
        return any(re.fullmatch(selector[3:], name) for name in names)
    return any(fnmatchcase(name, selector) for name in names)


def check_selector(selector: str, field: str) -> None:
    """Raises PruningError when a selector is no string or not a valid expression."""
    if not isinstance(selector, str):
        raise PruningError(f"{field}: {selector!r} is no layer name, glob or 're:' expression")
    if selector.startswith("re:"):
        try:
            re.compile(selector[3:])
        except (re.error, OverflowError, RecursionError) as error:
            raise PruningError(f"{field}: '{selector}' is not a regular expression: {error}") from (
                error
            )


def check_used(selectors: Iterable[str], field: str, layers: Sequence[Sequence[str]]) -> None:
    """Raises PruningError for a selector that fits none of the layers, each with its names."""
    for selector in selectors:
        if not any(matches(selector, names) for names in layers):
            known = ", ".join(f"'{next(filter(None, names))}'" for names in layers)
            raise PruningError(
                f"{field}: '{selector}' matches no layer that can be pruned; the model has {known}"
            )
