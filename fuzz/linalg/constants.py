# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Tensors of given or random numbers: constants, fills, biases, what sums begin with."""

import numpy as np

from fuzz.linalg.builder import Builder
from fuzz.linalg.values import FLOATS, Shape, Value, tensor


def random_number(builder: Builder) -> float:
    """A multiple of 1/8."""
    return builder.rng.choice((-2, -1.5, -1, -0.75, -0.5, -0.125, 0.125, 0.25, 0.5, 1, 1.25, 2, 3))


def constant(builder: Builder, data: np.ndarray, element: str, *, special: bool = False) -> Value:
    """A constant tensor, in one of the forms that there are."""
    rng = builder.rng
    kinds = {"f16": np.float16, "f32": np.float32, "f64": np.float64, "i32": np.int32}
    kind = {**kinds, "i64": np.int64}[element]
    data = data.astype(kind)
    type_ = tensor(data.shape, element)
    uniform = data.size and (data == data.flat[0]).all()
    if uniform and rng.random() < 0.9:
        text = f"dense<{literal(data.flat[0], element)}>"
    elif data.size == 0 or special or rng.random() < 0.4:
        text = f'dense<"0x{data.tobytes().hex().upper()}">' if data.size else "dense<>"
    elif rng.random() < 0.5:
        text = f"dense<{data.tolist()}>" if element[0] == "i" else f"dense<{_floats(data)}>"
    else:
        name = rng.choice(("w", "features.0.weight", "conv", "a_b")) + f".{len(builder.blobs)}"
        builder.blobs[name] = data.tobytes()
        text = f"dense_resource<{name}>"
    return builder.define(f"arith.constant {text} : {type_}", data.shape, element, special)


def _floats(data: np.ndarray) -> str:
    return str(data.astype(np.float64).tolist())


def literal(number: float, element: str) -> str:
    """A number as the text of an attribute of this element type."""
    if element[0] == "i":
        return str(int(number))
    if not np.isfinite(number):
        bits = {"f16": np.uint16, "f32": np.uint32, "f64": np.uint64}[element]
        kind = {"f16": np.float16, "f32": np.float32, "f64": np.float64}[element]
        width = {"f16": 4, "f32": 8, "f64": 16}[element]
        return f"0x{int(np.array(number, kind).view(bits)):0{width}X}"
    return f"{float(number):.17f}"


def filled(builder: Builder, shape: Shape, number: float, element: str) -> Value:
    """A tensor of one number."""
    rng = builder.rng
    type_ = tensor(shape, element)
    way = rng.random()
    text = literal(number, element)
    special = not np.isfinite(number)
    if way < 0.3:
        return builder.define(f"arith.constant dense<{text}> : {type_}", shape, element, special)
    scalar = builder.scalar(f"arith.constant {text} : {element}")
    if way < 0.4:
        return builder.define(f"tensor.splat {scalar} : {type_}", shape, element, special)
    empty = builder.empty(shape, element)
    return builder.define(
        f"linalg.fill ins({scalar} : {element}) outs({empty} : {type_}) -> {type_}",
        shape,
        element,
        special,
    )


def random_bias(builder: Builder, filters: int, element: str) -> Value:
    """Numbers along the filters: constant mostly."""
    rng = builder.rng
    if rng.random() < 0.2:
        return Value(builder.argument((filters,), element), (filters,), element)
    data = np.array([random_number(builder) for _ in range(filters)], np.float64)
    special = builder.specials and rng.random() < 0.7
    if special and element in FLOATS:
        data[rng.randrange(filters)] = rng.choice((np.inf, -np.inf, np.nan, np.nan, -0.0))
    return constant(builder, data, element, special=special)


def initial_sums(builder: Builder, shape: Shape, element: str, channel: int) -> tuple[str, bool]:
    """What sums begin with: zeros mostly, a bias along a dimension, or something else."""
    rng = builder.rng
    way = rng.uniform(0.45, 0.8) if builder.biased else rng.random()
    if way < 0.45 or element[0] == "i":
        return filled(builder, shape, rng.choice((0, 0, 0, 0, -0.0)), element).name, False
    type_ = tensor(shape, element)
    if way < 0.8:
        bias = random_bias(builder, shape[channel], element)
        dimensions = [d for d in range(len(shape)) if d != channel]
        empty = builder.empty(shape, element)
        name = builder.scalar(
            f"linalg.broadcast ins({bias.name} : {bias.type}) outs({empty} : {type_}) "
            f"dimensions = {dimensions}"
        )
        return name, bias.special
    if way < 0.87:
        return filled(builder, shape, random_number(builder), element).name, False
    if way < 0.94:
        data = np.array([random_number(builder) for _ in range(int(np.prod(shape)))])
        return constant(builder, data.reshape(shape), element).name, False
    same = [v for v in builder.values if v.shape == shape and v.element == element]
    if same:
        value = rng.choice(same)
        return value.name, value.special
    return builder.argument(shape, element), False
