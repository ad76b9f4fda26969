# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Modules of random functions."""

import random
from dataclasses import dataclass, field

from fuzz.linalg.builder import Builder
from fuzz.linalg.steps import follow
from fuzz.linalg.values import Shape, Signature, Value


@dataclass
class RandomModule:
    """A module: its text, and what its functions take and return."""

    text: str
    arguments: dict[str, list[tuple[Shape | None, str]]] = field(default_factory=dict)
    results: dict[str, list[Value]] = field(default_factory=dict)


def random_module(seed: int, functions: int, *, portable: bool = False) -> RandomModule:
    """The module of a seed.

    Args:
      seed: of all that is random.
      functions: how many it has.
      portable: whether all of it may cross to IREE, on any processor: no named elementwise
        operations, no float16, no float64.
    """
    rng = random.Random(seed)
    blobs: dict[str, bytes] = {}
    parts: list[str] = []
    callees: list[Signature] = []
    module = RandomModule("")
    for i in range(functions):
        name = f"f{i}"
        builder = Builder(rng, blobs, callees, follow, portable=portable)
        text, results = _function(builder, name)
        parts.append(text)
        module.results[name] = results
        module.arguments[name] = builder.arguments
        if None not in [shape for shape, _ in builder.arguments]:
            arguments = [(shape or (), element) for shape, element in builder.arguments]
            callees.append(Signature(name, arguments, results))
    module.text = "\n".join(parts) + _resources(blobs)
    return module


def _function(builder: Builder, name: str) -> tuple[str, list[Value]]:
    """The text of a function, and its results."""
    rng = builder.rng
    last = rng.choice((_image, _image, _image, _rows, _row))(builder)
    builder.values = [last]
    for _ in range(rng.randint(2, 9)):
        last = follow(builder, last)
    results = [builder.values[-1]]
    others = builder.values[1:-1]
    results += rng.sample(others, min(len(others), rng.choice((0, 0, 0, 1, 2))))
    rng.shuffle(results)
    types = ", ".join(v.type for v in results)
    names = ", ".join(v.name for v in results)
    builder.line(f"return {names} : {types}")
    visibility = "private " if rng.random() < 0.1 else ""
    header = f"func.func {visibility}@{name}({', '.join(builder.signature)}) -> ({types}) {{"
    return "\n".join([header, *builder.lines, "}"]), results


def _image(builder: Builder) -> Value:
    rng = builder.rng
    size = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 17))
    other = size if rng.random() < 0.6 else rng.choice((1, 1, 2, 5, 8, 16, 33))
    batch = rng.choice((1, 1, 1, 2, 3))
    shape = (batch, rng.choice((1, 2, 3, 4, 6, 8, 16, 17)), size, other)
    return Value(builder.argument(shape, builder.element), shape, builder.element)


def _rows(builder: Builder) -> Value:
    shape = (
        builder.rng.choice((1, 1, 2)),
        builder.rng.choice((1, 2, 4, 8, 9)),
        builder.rng.randint(1, 24),
    )
    return Value(builder.argument(shape, builder.element), shape, builder.element)


def _row(builder: Builder) -> Value:
    shape = (builder.rng.choice((1, 1, 2, 3, 7)), builder.rng.choice((1, 2, 8, 16, 17, 32)))
    return Value(builder.argument(shape, builder.element), shape, builder.element)


def _resources(blobs: dict[str, bytes]) -> str:
    if not blobs:
        return ""
    lines = ",\n".join(
        f'      {name}: "0x04000000{data.hex().upper()}"' for name, data in blobs.items()
    )
    head = "\n{-#\n  dialect_resources: {\n    builtin: {\n"
    return f"{head}{lines}\n    }}\n  }}\n#-}}\n"
