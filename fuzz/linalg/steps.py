# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Which operation follows: the table of steps with their probabilities."""

from collections.abc import Callable

from fuzz.linalg.activations import activation
from fuzz.linalg.builder import Builder
from fuzz.linalg.control_flow import branch, call, jump, loop
from fuzz.linalg.convolutions import (
    convolution,
    convolution_1d,
    depthwise_convolution,
    grouped_convolution,
    layer,
)
from fuzz.linalg.elementwise import (
    addition,
    cast,
    identity,
    named_elementwise,
    random_expression,
    to_float,
)
from fuzz.linalg.products import batch_matmul, matmul
from fuzz.linalg.reductions import global_mean, pooling, reduction
from fuzz.linalg.shapes import (
    extract_slice,
    flatten,
    pad,
    reshape,
    through_dynamic,
    transpose,
)
from fuzz.linalg.values import FLOATS, Value

# Writes operations that read a value; None where it does not fit, whatever was written.
Step = Callable[[Builder, Value], Value | None]
Condition = Callable[[Builder, Value], bool]


def _any(_: Builder, __: Value) -> bool:
    return True


def _no_float(_: Builder, value: Value) -> bool:
    return value.element not in FLOATS


def _float_not_portable(builder: Builder, value: Value) -> bool:
    return value.element in FLOATS and not builder.portable


def _finite_float(_: Builder, value: Value) -> bool:
    return value.element in FLOATS and not value.special


def _shallow(builder: Builder, _: Value) -> bool:
    return builder.depth < 2


def _outermost(builder: Builder, _: Value) -> bool:
    return builder.depth == 0


def _image(_: Builder, value: Value) -> bool:
    return len(value.shape) == 4 and not value.special


def _image_of_others(builder: Builder, value: Value) -> bool:
    return _image(builder, value) and not builder.mostly_layers


def _image_of_layers(builder: Builder, value: Value) -> bool:
    return _image(builder, value) and builder.mostly_layers


def _rows(_: Builder, value: Value) -> bool:
    return len(value.shape) == 3 and not value.special


def _matrix(_: Builder, value: Value) -> bool:
    return len(value.shape) == 2 and not value.special


def _three_or_more(_: Builder, value: Value) -> bool:
    return len(value.shape) >= 3


_STEPS: tuple[tuple[float, Step, Condition], ...] = (
    (4, activation, _any),
    (3, random_expression, _any),
    (3, addition, _any),
    (1, reshape, _any),
    (0.7, transpose, _any),
    (0.5, extract_slice, _any),
    (0.6, identity, _any),
    (0.3, through_dynamic, _any),
    (0.3, cast, _float_not_portable),
    (0.5, named_elementwise, _float_not_portable),
    (0.5, reduction, _finite_float),
    (4, to_float, _no_float),
    (0.7, branch, _shallow),
    (0.7, loop, _shallow),
    (0.4, jump, _outermost),
    (0.4, call, _outermost),
    (6, convolution, _image),
    (5, layer, _image_of_others),
    (50, layer, _image_of_layers),
    (3, grouped_convolution, _image),
    (3, depthwise_convolution, _image),
    (4, pooling, _image),
    (2, global_mean, _image),
    (2, flatten, _image),
    (7, convolution_1d, _rows),
    (4, batch_matmul, _rows),
    (9, matmul, _matrix),
    (1, pad, _three_or_more),
)
_SUMS_OF_PRODUCTS = (
    convolution,
    grouped_convolution,
    depthwise_convolution,
    convolution_1d,
    matmul,
    batch_matmul,
)
_TRIES = 20


def follow(builder: Builder, last: Value) -> Value:
    """Adds a step, mostly behind the last one."""
    rng = builder.rng
    if builder.behind_convolution and rng.random() < 0.6:
        builder.behind_convolution = False
        step = rng.choice((activation, activation, addition))
        if (result := step(builder, last)) is not None:
            builder.behind_convolution = step is addition
            builder.values.append(result)
            return result
    for _ in range(_TRIES):
        value = last if rng.random() < 0.75 else rng.choice(builder.values)
        fitting = [(weight, step) for weight, step, fits in _STEPS if fits(builder, value)]
        weights, steps = zip(*fitting, strict=True)
        step = rng.choices(steps, weights)[0]
        if (result := step(builder, value)) is not None:
            builder.behind_convolution = step in _SUMS_OF_PRODUCTS
            builder.values.append(result)
            return result
    return builder.values[-1]
