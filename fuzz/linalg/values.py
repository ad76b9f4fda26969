# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Tensors of a function: their names, shapes and types."""

from collections.abc import Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]

LETTERS = ("d0", "d1", "d2", "d3", "d4", "d5")
FLOATS = ("f32", "f16", "f64")


@dataclass(frozen=True)
class Value:
    """A tensor of a function.

    Attributes:
      name: as in the text.
      shape: static; sizes of dynamic tensors are not tracked.
      element: type of the elements.
      special: whether it may hold infinities or NaN, which removed weights do not multiply: no
        convolution should read it.
    """

    name: str
    shape: Shape
    element: str = "f32"
    special: bool = False

    @property
    def type(self) -> str:
        return tensor(self.shape, self.element)


@dataclass
class Signature:
    """A function that may be called."""

    name: str
    arguments: list[tuple[Shape, str]]
    results: list[Value]


def tensor(shape: Sequence[int], element: str) -> str:
    """The type of a tensor."""
    return f"tensor<{''.join(f'{n}x' for n in shape)}{element}>"
