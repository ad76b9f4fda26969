# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A module that is being made: its values, of which steps are expressions."""

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from fuzz.modules.program import Input, Step

_NAMES: dict[str, Any] = {"torch": torch, "nn": nn, "F": functional}
# Values beyond this are not taken on: sums of them would say nothing about their small addends.
_LARGEST = 1e3
_MOST_ELEMENTS = 20000


class Maker:
    """The values of a module that is being made."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.inputs: dict[str, Input] = {}
        self.steps: list[Step] = []
        self.values: dict[str, Tensor] = {}

    def add_input(self, shape: tuple[int, ...], make: str) -> str:
        """Adds an argument of `forward` and says what it is called."""
        name = f"v{len(self.values)}"
        self.inputs[name] = Input(shape, make)
        torch.manual_seed(len(self.values))
        self.values[name] = eval(make, _NAMES)
        return name

    def add(self, expression: str, layer: str = "", *, jumps: bool = False) -> str | None:
        """Takes a step on, if PyTorch takes it and its result is of use."""
        name = f"v{len(self.values)}"
        expression = expression.replace("self.NUMBER", f"self.{name}")
        try:
            torch.manual_seed(int(name[1:]))
            made = eval(layer, _NAMES).eval() if layer else None
            holder = SimpleNamespace(**{name: made})
            with torch.no_grad():
                value = eval(expression, _NAMES | self.values | {"self": holder})
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError):
            return None
        if not isinstance(value, Tensor) or not 0 < value.numel() <= _MOST_ELEMENTS:
            return None
        if value.is_floating_point() and not value.abs().max() <= _LARGEST:
            return None
        self.values[name] = value
        shape, like = tuple(value.shape), ""
        if value.dtype == torch.float32:
            like = f"torch.randn{shape}" if shape else "torch.randn(())"
        elif value.dtype == torch.bool:
            like = f"torch.rand{shape} < 0.5" if shape else "torch.rand(()) < 0.5"
        self.steps.append(Step(name, expression, layer, like, shape, value.dtype, jumps))
        return name

    def pick(
        self,
        *ranks: int,
        where: Callable[[Tensor], bool] = lambda value: value.dtype == torch.float32,
    ) -> str | None:
        """One of the values of these ranks, newer ones rather than older."""
        found = [
            name
            for name, value in self.values.items()
            if (not ranks or value.dim() in ranks) and where(value)
        ]
        if not found:
            return None
        return self.random.choice(found[-3:] if self.random.random() < 0.8 else found)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.values[name].shape)


def divisors(*numbers: int) -> list[int]:
    """What divides all of them."""
    return [d for d in range(1, min(numbers) + 1) if all(n % d == 0 for n in numbers)]
