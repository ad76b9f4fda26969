# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A function while it is written: its lines, its arguments, and the values that there are."""

import random
from collections.abc import Callable

from fuzz.linalg.values import FLOATS, Shape, Signature, Value, tensor


class Builder:
    """What the steps of a function write to and choose from.

    Attributes:
      rng: decides all that is random.
      blobs: resources of the module, by name.
      callees: functions that may be called.
      portable: whether all of it may cross to IREE, on any processor.
      lines: of the body.
      arguments: shapes, None for scalars, and elements.
      signature: the arguments as text.
      values: what a step may read here, the newest last.
      depth: in how many regions this is.
      behind_convolution: whether the last step was one, or a product.
      biased: whether sums begin with a bias.
      specials: whether biases may hold what is no number.
      mostly_layers: whether the function is mostly what the passes are for.
      element: type of what it begins with.
    """

    def __init__(
        self,
        rng: random.Random,
        blobs: dict[str, bytes],
        callees: list[Signature],
        follow: "Callable[[Builder, Value], Value]",
        *,
        portable: bool,
    ) -> None:
        """Begins an empty function.

        Args:
          rng: see above, as are `blobs`, `callees` and `portable`.
          follow: adds a step behind a value, for those that have regions.
        """
        self.rng, self.blobs, self.callees, self.portable = rng, blobs, callees, portable
        self._follow = follow
        self.lines: list[str] = []
        self.arguments: list[tuple[Shape | None, str]] = []
        self.signature: list[str] = []
        self.values: list[Value] = []
        self._numbers = 0
        self.depth = 0
        self.behind_convolution = False
        self.biased = False
        self.mostly_layers = rng.choice((False, False, True))
        self.element = "f32" if portable else rng.choices(FLOATS, (16, 3, 1))[0]
        self.specials = rng.random() < 0.3

    def fresh(self) -> str:
        """A name that nothing has."""
        self._numbers += 1
        return f"%v{self._numbers}"

    def line(self, text: str) -> None:
        self.lines.append(text)

    def define(self, text: str, shape: Shape, element: str = "", special: bool = False) -> Value:
        """Writes an operation whose result is a tensor."""
        value = Value(self.fresh(), shape, element or self.element, special)
        self.line(f"{value.name} = {text}")
        return value

    def scalar(self, text: str) -> str:
        """Writes an operation whose result is no value of its own for other steps."""
        name = self.fresh()
        self.line(f"{name} = {text}")
        return name

    def empty(self, shape: Shape, element: str) -> str:
        return self.scalar(f"tensor.empty() : {tensor(shape, element)}")

    def argument(self, shape: Shape | None, element: str) -> str:
        """Adds an argument to the function, a scalar without a shape."""
        name = f"%a{len(self.arguments)}"
        self.arguments.append((shape, element))
        type_ = element if shape is None else tensor(shape, element)
        self.signature.append(f"{name}: {type_}")
        return name

    def inside(self, start: Value, steps: int) -> Value:
        """Some steps from a value in a region; what they make is not seen outside."""
        saved = list(self.values)
        self.depth += 1
        last = start
        for _ in range(steps):
            last = self._follow(self, last)
        self.depth -= 1
        self.values = saved
        return last
