# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operations by element: random expressions, additions, copies and casts."""

import numpy as np

from fuzz.linalg.builder import Builder
from fuzz.linalg.constants import constant, random_bias, random_number
from fuzz.linalg.expressions import Expression, compute, generic, swapped, whole
from fuzz.linalg.values import FLOATS, LETTERS, Value, tensor


def random_expression(builder: Builder, value: Value) -> Value | None:
    """A random elementwise expression of images of one shape, rows, numbers and scalars."""
    rng, element = builder.rng, value.element
    if element == "i1" or not value.shape:
        return None
    same = [v for v in builder.values if v.shape == value.shape and v.element == element]
    dims = LETTERS[: len(value.shape)]

    def leaf() -> Expression:
        way = rng.random()
        if way < 0.5:
            return whole(rng.choice(same))
        if way < 0.7:
            return ("constant", random_number(builder) if element in FLOATS else rng.randint(-3, 3))
        if way < 0.78:
            return ("scalar", builder.argument(None, element))
        if way < 0.84:
            rank0 = constant(builder, np.array(random_number(builder)), element)
            return ("image", rank0, "")
        if way < 0.9 and len(value.shape) > 1:
            d = rng.randrange(len(value.shape))
            return ("image", random_bias(builder, value.shape[d], element), dims[d])
        if way < 0.95:
            shape = tuple(n if rng.random() < 0.5 else 1 for n in value.shape)
            results = ", ".join(
                d if n == m and (n > 1 or rng.random() < 0.5) else "0"
                for d, n, m in zip(dims, shape, value.shape, strict=True)
            )
            data = np.array([random_number(builder) for _ in range(int(np.prod(shape)))])
            return ("image", constant(builder, data.reshape(shape), element), results)
        square = [i for i in range(1, len(dims)) if value.shape[i] == value.shape[i - 1]]
        if square:
            i = rng.choice(square)
            turned = [*dims[: i - 1], dims[i], dims[i - 1], *dims[i + 1 :]]
            return ("image", rng.choice(same), ", ".join(turned))
        return whole(rng.choice(same))

    def node(depth: int) -> Expression:
        if depth == 0 or rng.random() < 0.2:
            return leaf()
        kinds = ["add", "add", "sub", "mul", "max", "min"]
        if element in FLOATS:
            kinds += ["neg", "abs"]
        kind = rng.choice(kinds)
        if kind in ("neg", "abs"):
            return (kind, node(depth - 1))
        return (kind, node(depth - 1), node(depth - 1))

    tree = node(rng.choice((1, 1, 2, 3)))
    if tree[0] in ("constant", "scalar"):
        return None
    if tree[0] == "image":
        tree = ("add", tree, whole(value))
    return compute(builder, tree, value.shape, element)


def addition(builder: Builder, value: Value) -> Value | None:
    """Another image is added, or a bias."""
    rng, element = builder.rng, value.element
    if element == "i1" or not value.shape:
        return None
    dims = LETTERS[: len(value.shape)]
    x = whole(value)
    if rng.random() < 0.4 and len(value.shape) > 1:
        channel = 1 if rng.random() < 0.8 else rng.randrange(len(value.shape))
        bias = random_bias(builder, value.shape[channel], element)
        return compute(
            builder,
            swapped(builder, "add", x, ("image", bias, dims[channel])),
            value.shape,
            element,
        )
    same = [v for v in builder.values if v.shape == value.shape and v.element == element]
    if len(same) == 1 and rng.random() < 0.7:
        name = builder.argument(value.shape, element)
        special = builder.specials and element in FLOATS
        same.append(Value(name, value.shape, element, special))
    other = rng.choice(same)
    if rng.random() < 0.1 and element in FLOATS:
        special = value.special or other.special
        return builder.define(
            f"arith.addf {value.name}, {other.name} : {value.type}",
            value.shape,
            element,
            special,
        )
    return compute(builder, swapped(builder, "add", x, whole(other)), value.shape, element)


def named_elementwise(builder: Builder, value: Value) -> Value | None:
    """A linalg operation for one elementwise function."""
    rng, element, type_ = builder.rng, value.element, value.type
    empty = builder.empty(value.shape, element)
    same = [v for v in builder.values if v.shape == value.shape and v.element == element]
    other = rng.choice(same)
    special = value.special or other.special
    if rng.random() < 0.5:
        name = rng.choice(("add", "sub", "mul", "max", "min"))
        return builder.define(
            f"linalg.{name} ins({value.name}, {other.name} : {type_}, {type_}) "
            f"outs({empty} : {type_}) -> {type_}",
            value.shape,
            element,
            special,
        )
    name = rng.choice(("abs", "negf", "floor", "square"))
    return builder.define(
        f"linalg.{name} ins({value.name} : {type_}) outs({empty} : {type_}) -> {type_}",
        value.shape,
        element,
        special,
    )


def identity(builder: Builder, value: Value) -> Value | None:
    """A generic that copies, or reads its output."""
    rng = builder.rng
    if not value.shape:
        return None
    if rng.random() < 0.3:
        index = rng.randrange(len(value.shape))
        if value.element not in FLOATS:
            return None

        def add_index(arguments: list[str]) -> str:
            i = builder.scalar(f"linalg.index {index} : index")
            j = builder.scalar(f"arith.index_cast {i} : index to i32")
            f = builder.scalar(f"arith.sitofp {j} : i32 to {value.element}")
            return builder.scalar(f"arith.addf {arguments[0]}, {f} : {value.element}")

        body = add_index
    else:

        def copy(arguments: list[str]) -> str:
            return arguments[0]

        body = copy
    return generic(
        builder,
        [(value, ", ".join(LETTERS[: len(value.shape)]))],
        value.shape,
        body,
        element=value.element,
        input_elements=[value.element],
        special=value.special,
    )


def cast(builder: Builder, value: Value) -> Value | None:
    """To another float and maybe back."""
    rng = builder.rng
    other = rng.choice([e for e in FLOATS if e != value.element])
    order = ("f16", "f32", "f64")
    name = "extf" if order.index(other) > order.index(value.element) else "truncf"
    if rng.random() < 0.5:
        return builder.define(
            f"arith.{name} {value.name} : {value.type} to {tensor(value.shape, other)}",
            value.shape,
            other,
            special=value.special or name == "truncf",
        )

    def body(arguments: list[str]) -> str:
        return builder.scalar(f"arith.{name} {arguments[0]} : {value.element} to {other}")

    return generic(
        builder,
        [(value, ", ".join(LETTERS[: len(value.shape)]))],
        value.shape,
        body,
        element=other,
        input_elements=[value.element],
        special=value.special or name == "truncf",
    )


def to_float(builder: Builder, value: Value) -> Value | None:
    """Integers as floats."""
    if value.element == "i1":
        return None
    return builder.define(
        f"arith.sitofp {value.name} : {value.type} to {tensor(value.shape, 'f32')}",
        value.shape,
        "f32",
        value.special,
    )
