# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Products with matrices of weights: fully connected layers."""

import numpy as np

from fuzz.linalg.builder import Builder
from fuzz.linalg.constants import filled, initial_sums, random_bias
from fuzz.linalg.expressions import compute, generic, swapped, whole
from fuzz.linalg.shapes import transposed
from fuzz.linalg.values import FLOATS, LETTERS, Value, tensor
from fuzz.linalg.weights import random_weights, weights_constant


def matmul(builder: Builder, value: Value) -> Value | None:
    """The product with a matrix of weights, transposed as importers do or not."""
    rng, element = builder.rng, value.element
    if element not in FLOATS:
        return None
    rows, channels = value.shape
    filters = channels if rng.random() < 0.2 else rng.choice((1, 2, 8, 10, 16, 17, 32))
    data = random_weights(builder, (filters, channels), matrix=True)
    way = rng.random()
    shape = (rows, filters)
    type_ = tensor(shape, element)
    if way < 0.75:
        matrix = transposed(builder, weights_constant(builder, data, element), [1, 0])
    elif way < 0.85 and filters == channels:
        matrix = transposed(builder, weights_constant(builder, data, element), [0, 1])
    else:
        matrix = weights_constant(builder, np.ascontiguousarray(data.T), element)
    if rng.random() < 0.85:
        begin, special = filled(builder, shape, 0, element).name, False
    else:
        begin, special = initial_sums(builder, shape, element, 1)
    maps = ""
    if way >= 0.95:
        matrix = weights_constant(builder, data, element)
        maps = (
            "indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, "
            "affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>] "
        )
    result = builder.define(
        f"linalg.matmul {maps}ins({value.name}, {matrix.name} : {value.type}, {matrix.type}) "
        f"outs({begin} : {type_}) -> {type_}",
        shape,
        element,
        special,
    )
    return _with_bias(builder, result)


def batch_matmul(builder: Builder, value: Value) -> Value | None:
    """The product of each image with the same matrix of weights."""
    rng, element = builder.rng, value.element
    if element not in FLOATS:
        return None
    batch, rows, channels = value.shape
    filters = rng.choice((1, 2, 8, 16))
    matrix = transposed(
        builder,
        weights_constant(
            builder, random_weights(builder, (filters, channels), matrix=True), element
        ),
        [1, 0],
    )

    def copy(arguments: list[str]) -> str:
        return arguments[0]

    matrices = generic(
        builder,
        [(matrix, "d1, d2")],
        (batch, channels, filters),
        copy,
        element=element,
        input_elements=[element],
        special=False,
    )
    shape = (batch, rows, filters)
    init = filled(builder, shape, 0, element)
    result = builder.define(
        f"linalg.batch_matmul ins({value.name}, {matrices.name} : {value.type}, "
        f"{matrices.type}) outs({init.name} : {init.type}) -> {init.type}",
        shape,
        element,
    )
    return _with_bias(builder, result)


def _with_bias(builder: Builder, result: Value) -> Value:
    """A bias, as it is added mostly."""
    if builder.rng.random() < 0.5:
        return result
    last = len(result.shape) - 1
    bias = random_bias(builder, result.shape[last], result.element)
    tree = swapped(builder, "add", whole(result), ("image", bias, LETTERS[last]))
    return compute(builder, tree, result.shape, result.element)
