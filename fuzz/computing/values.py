# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Values in the types that they are computed in."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from fuzz.reading import Block, Type

DYNAMIC = -(1 << 63)
Operands = list[np.ndarray]


class Inside(Protocol):
    """Computes a region of an operation, which sees what the operation sees."""

    def __call__(
        self,
        region: Mapping[str, Block],
        arguments: Sequence[np.ndarray],
        index: Sequence[np.ndarray] | None = None,
    ) -> list[np.ndarray]:
        """What it yields for arguments, where the iteration is at an index."""
        ...


class Unknown(Exception):  # noqa: N818 - not a fault
    """An operation that is not computed here."""


def computed(value: np.ndarray) -> np.ndarray:
    """In the type that is computed in."""
    if value.dtype.kind == "f":
        return value.astype(np.float64)
    return value if value.dtype == bool else value.astype(np.int64)


def kind_of(type_: Type) -> type:
    if type_.element[0] == "f":
        return np.float64
    return np.bool_ if type_.element == "i1" else np.int64


def wrapped(value: np.ndarray, type_: Type) -> np.ndarray:
    """Integers modulo 2 to the bits that they have."""
    if type_.element[0] == "f":
        return value
    if type_.element == "i1":
        return np.asarray(value).astype(np.int64) % 2 == 1
    if type_.element in ("i64", "index"):
        return np.asarray(value)
    bits = int(type_.element[1:])
    half = 1 << (bits - 1)
    return (np.asarray(value) + half & (1 << bits) - 1) - half


def sizes_of(
    static: Sequence[int], dynamic: Sequence[np.ndarray], unknown: int = DYNAMIC
) -> list[int]:
    rest = iter(dynamic)
    return [int(next(rest)) if size == unknown else int(size) for size in static]
