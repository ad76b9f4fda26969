# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operations that move elements: reshapes, transposes, slices, paddings."""

from collections.abc import Sequence

import numpy as np

from fuzz.linalg.builder import Builder
from fuzz.linalg.constants import literal
from fuzz.linalg.expressions import generic
from fuzz.linalg.values import FLOATS, Shape, Value, tensor


def reshape(builder: Builder, value: Value) -> Value | None:
    """Joins dimensions, or splits one."""
    rng, shape = builder.rng, value.shape
    if len(shape) >= 2 and rng.random() < 0.5:
        first = rng.randrange(len(shape) - 1)
        last = rng.randint(first + 1, len(shape) - 1)
        return collapse(builder, value, first, last)
    if not shape or len(shape) > 4:
        return None
    at = rng.randrange(len(shape))
    n = shape[at]
    parts = rng.choice([p for p in range(1, n + 1) if n % p == 0])
    sizes = (parts, n // parts) if rng.random() < 0.7 else (parts, n // parts, 1)
    if len(shape) + len(sizes) - 1 > 5:
        return None
    return expand(builder, value, at, sizes)


def collapse(builder: Builder, value: Value, first: int, last: int) -> Value:
    """Joins the dimensions `first` to `last`."""
    shape = value.shape
    joined = (*shape[:first], int(np.prod(shape[first : last + 1])), *shape[last + 1 :])
    groups = [[d] for d in range(first)] + [list(range(first, last + 1))]
    groups += [[d] for d in range(last + 1, len(shape))]
    return builder.define(
        f"tensor.collapse_shape {value.name} {groups} : {value.type} into "
        f"{tensor(joined, value.element)}",
        joined,
        value.element,
        value.special,
    )


def expand(builder: Builder, value: Value, at: int, sizes: Shape) -> Value:
    """Splits the dimension `at`."""
    shape = (*value.shape[:at], *sizes, *value.shape[at + 1 :])
    extra = len(sizes) - 1
    groups = [[d] for d in range(at)] + [list(range(at, at + extra + 1))]
    groups += [[d + extra] for d in range(at + 1, len(value.shape))]
    return builder.define(
        f"tensor.expand_shape {value.name} {groups} output_shape {list(shape)} : "
        f"{value.type} into {tensor(shape, value.element)}",
        shape,
        value.element,
        value.special,
    )


def flatten(builder: Builder, value: Value) -> Value | None:
    """Joins all but the first dimension."""
    if int(np.prod(value.shape[1:])) > 300:
        return None
    return collapse(builder, value, 1, len(value.shape) - 1)


def transpose(builder: Builder, value: Value) -> Value | None:
    """Dimensions in a random order."""
    rng = builder.rng
    if not value.shape:
        return None
    order = list(range(len(value.shape)))
    if rng.random() < 0.6:
        rng.shuffle(order)
    return transposed(builder, value, order)


def transposed(builder: Builder, value: Value, order: list[int]) -> Value:
    """Dimensions in this order."""
    shape = tuple(value.shape[d] for d in order)
    empty = builder.empty(shape, value.element)
    if builder.rng.random() < 0.2:
        inverse = [f"d{order.index(d)}" for d in range(len(order))]

        def copy(arguments: list[str]) -> str:
            return arguments[0]

        return generic(
            builder,
            [(value, ", ".join(inverse))],
            shape,
            copy,
            element=value.element,
            input_elements=[value.element],
            special=value.special,
        )
    return builder.define(
        f"linalg.transpose ins({value.name} : {value.type}) outs({empty} : "
        f"{tensor(shape, value.element)}) permutation = {order}",
        shape,
        value.element,
        value.special,
    )


def extract_slice(builder: Builder, value: Value) -> Value | None:
    """A part, which may be put back or joined to the whole."""
    rng = builder.rng
    if not value.shape:
        return None
    offsets, sizes, strides = [], [], []
    for n in value.shape:
        stride = rng.choice((1, 1, 1, 2)) if n > 1 else 1
        offset = rng.choice((0, 0, rng.randrange(n)))
        most = (n - offset - 1) // stride + 1
        offsets.append(offset)
        sizes.append(rng.choice((most, most, rng.randint(1, most))))
        strides.append(stride)
    shape = tuple(sizes)
    part = builder.define(
        f"tensor.extract_slice {value.name}{offsets} {sizes} {strides} : {value.type} to "
        f"{tensor(shape, value.element)}",
        shape,
        value.element,
        value.special,
    )
    if rng.random() < 0.4:
        return builder.define(
            f"tensor.insert_slice {part.name} into {value.name}{offsets} {sizes} {strides} : "
            f"{part.type} into {value.type}",
            value.shape,
            value.element,
            value.special,
        )
    if rng.random() < 0.3 and value.shape[1:] == shape[1:]:
        joined = (value.shape[0] + shape[0], *shape[1:])
        return builder.define(
            f"tensor.concat dim(0) {value.name}, {part.name} : ({value.type}, {part.type}) -> "
            f"{tensor(joined, value.element)}",
            joined,
            value.element,
            value.special,
        )
    return part


def through_dynamic(builder: Builder, value: Value) -> Value | None:
    """To a tensor of unknown sizes and back, with an operation in between or without."""
    rng = builder.rng
    if not value.shape:
        return None
    sizes = [None if rng.random() < 0.5 else n for n in value.shape]
    unknown = f"tensor<{''.join('?x' if n is None else f'{n}x' for n in sizes)}{value.element}>"
    name = builder.scalar(f"tensor.cast {value.name} : {value.type} to {unknown}")
    special = value.special
    if rng.random() < 0.5 and value.element in FLOATS:
        name = builder.scalar(f"arith.addf {name}, {name} : {unknown}")
    return builder.define(
        f"tensor.cast {name} : {unknown} to {value.type}", value.shape, value.element, special
    )


def pad(
    builder: Builder,
    value: Value,
    low: Sequence[int] | None = None,
    high: Sequence[int] | None = None,
    number: float | None = None,
) -> Value | None:
    """Borders of a number; what is not given is random."""
    rng = builder.rng
    rank = len(value.shape)
    if low is None or high is None:
        low = [rng.choice((0, 0, 0, 1)) for _ in range(rank - 2)]
        low = [rng.choice((0, 0, 0, 0, 1)), rng.choice((0, 0, 0, 0, 1)), *low]
        high = [rng.choice((0, 0, n, n + 1)) for n in low]
    if number is None:
        number = rng.choices((0, 1, -np.inf, -0.0), (6, 1, 1, 1))[0]
    element = value.element
    if element == "i1":
        return None
    if element[0] == "i":
        number = 0
    shape = tuple(a + n + b for a, n, b in zip(low, value.shape, high, strict=True))
    indices = ", ".join(f"{builder.fresh()}: index" for _ in shape)
    inside = rng.random() < 0.3
    constant = f"arith.constant {literal(number, element)} : {element}"
    outer = "" if inside else builder.scalar(constant)
    result = builder.fresh()
    builder.line(f"{result} = tensor.pad {value.name} low{list(low)} high{list(high)} {{")
    builder.line(f"^bb0({indices}):")
    name = builder.scalar(constant) if inside else outer
    builder.line(f"tensor.yield {name} : {element}")
    builder.line(f"}} : {value.type} to {tensor(shape, element)}")
    return Value(result, shape, element, value.special or not np.isfinite(number))
