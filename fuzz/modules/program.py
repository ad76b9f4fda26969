# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A module as the text of a program, and what is done with it."""

import re
from dataclasses import dataclass

import torch

# Names of values, which layers have as well.
VALUE = re.compile(r"(?<!self\.)\bv\d+\b")


@dataclass(frozen=True)
class Input:
    """One argument of `forward`.

    Attributes:
      shape: of the tensor.
      make: an expression that makes it, after a seed was set.
    """

    shape: tuple[int, ...]
    make: str


@dataclass(frozen=True)
class Step:
    """One line of `forward`.

    Attributes:
      value: the name of what it computes.
      expression: of earlier values; `self.NUMBER` is its layer.
      layer: an expression that makes the layer, or empty.
      like: an expression that makes an input to replace it with, or empty.
      shape, dtype: of what it computes.
      jumps: whether a small change of what it reads may become a large one.
    """

    value: str
    expression: str
    layer: str
    like: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    jumps: bool

    @property
    def reads(self) -> list[str]:
        return VALUE.findall(self.expression)


@dataclass(frozen=True)
class Program:
    """A module, its inputs, and what is done with it.

    Attributes:
      inputs: of `forward`, by name.
      steps: of `forward`, in order.
      outputs: names of values.
      result: how they are returned; `{}` stands for their names.
      preparation: what is done to the model before it is compiled, a line each.
      spoil: what is written into the inputs, a line; or empty.
      target, precision: as for `patternc.compile`.
    """

    inputs: dict[str, Input]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    result: str
    preparation: tuple[str, ...]
    spoil: str
    target: str
    precision: str

    @property
    def jumps(self) -> bool:
        return any(step.jumps for step in self.steps)

    def text(self) -> str:
        """A program that defines `model` and `inputs`, and compares when it is run."""
        layers = [
            line
            for step in self.steps
            if step.layer
            for line in (
                f"        torch.manual_seed({step.value[1:]})",
                f"        self.{step.value} = {step.layer}",
            )
        ]
        forward = [f"        {step.value} = {step.expression}" for step in self.steps]
        inputs = [
            line
            for name, value in self.inputs.items()
            for line in (f"torch.manual_seed(SEED + {name[1:]})", f"{name} = {value.make}")
        ]
        names = ", ".join(self.inputs)
        prepared = [f"    {line}" for line in self.preparation]
        return "\n".join(
            [
                "import torch",
                "from torch import nn",
                "from torch.nn import functional as F",
                "",
                "import patternc",
                "",
                "SEED = 0",
                "",
                "",
                "class Model(nn.Module):",
                "    def __init__(self):",
                "        super().__init__()",
                *layers,
                "",
                f"    def forward(self, {names}):",
                *forward,
                f"        return {self.returned()}",
                "",
                "",
                "model = Model().eval()",
                "torch.manual_seed(0)",
                "with torch.no_grad():",
                *(prepared or ["    pass"]),
                *inputs,
                *([self.spoil] if self.spoil else []),
                f"inputs = ({names},)",
                "",
                'if __name__ == "__main__":',
                f"    options = {{'target': '{self.target}', 'precision': '{self.precision}'}}",
                "    compiled = patternc.compile(model, inputs, **options)",
                '    print("PyTorch:", model(*inputs))',
                '    print("patternc:", compiled(*inputs))',
                "",
            ]
        )

    def returned(self) -> str:
        if self.result == "dict":
            return "{" + ", ".join(f"'{name}': {name}" for name in self.outputs) + "}"
        if self.result == "nested":
            first, *others = self.outputs
            return f"{{'first': {first}, 'others': [{', '.join(others)}]}}"
        if len(self.outputs) == 1:
            return self.outputs[0]
        brackets = "[]" if self.result == "list" else "()"
        return f"{brackets[0]}{', '.join(self.outputs)}{brackets[1]}"
