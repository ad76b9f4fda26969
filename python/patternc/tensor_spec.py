# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Inputs and outputs of a model, as the frontends find them and the runtime checks them."""

from dataclasses import dataclass

DTYPES = frozenset(("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32"))
"""What a tensor may be made of, by numpy's names. IREE makes float32 of float64."""


@dataclass(frozen=True)
class TensorSpec:
    """An input or output: its name, static shape and numpy dtype name (``float32``)."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
