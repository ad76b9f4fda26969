# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Poolings, means, sums and maxima."""

from collections.abc import Sequence

import numpy as np

from fuzz.linalg.builder import Builder
from fuzz.linalg.constants import filled
from fuzz.linalg.expressions import compute, operation, whole
from fuzz.linalg.shapes import pad
from fuzz.linalg.values import FLOATS, LETTERS, Value, tensor
from fuzz.linalg.windows import padded, pair, random_windows


def pooling(builder: Builder, value: Value) -> Value | None:
    """A maximum or a mean over windows."""
    rng = builder.rng
    if value.element not in FLOATS:
        return None
    kind = rng.choice(("max", "max", "sum", "sum", "sum"))
    neutral = -np.inf if kind == "max" else 0
    image = value
    if rng.random() < 0.4:
        low = [0, 0, *(rng.choice((0, 1, 1)) for _ in (0, 1))]
        high = [0, 0, *(rng.choice((n, n, 0, 1)) for n in low[2:])]
        image = pad(builder, value, low, high, neutral if rng.random() < 0.9 else 1) or value
    n, c, h, w = image.shape
    kernel = [min(rng.choice((1, 2, 2, 3, 3, 5)), h), min(rng.choice((1, 2, 2, 3, 3)), w)]
    if rng.random() < 0.15:
        kernel = [h, w]
    geometry = random_windows(builder, (h, w), kernel)
    if geometry is None:
        return None
    strides, dilations, out = geometry
    element = image.element
    window = builder.empty(tuple(kernel), element)
    shape = (n, c, *out)
    begin = neutral if rng.random() < 0.95 else 1
    init = filled(builder, shape, begin, element)
    type_ = tensor(shape, element)
    result = builder.define(
        f"linalg.pooling_nchw_{kind} {{strides = {pair(strides)}, dilations = "
        f"{pair(dilations)}}} ins({image.name}, {window} : {image.type}, "
        f"{tensor(kernel, element)}) outs({init.name} : {type_}) -> {type_}",
        shape,
        element,
        special=image.special and kind != "max",
    )
    if kind == "sum" and rng.random() < 0.9:
        return _mean(builder, result, kernel[0] * kernel[1])
    return result


def global_mean(builder: Builder, value: Value) -> Value | None:
    """The mean of each channel."""
    rng = builder.rng
    n, c, h, w = value.shape
    if value.element not in FLOATS or h * w > 150:
        return None
    image = padded(builder, value) if rng.random() < 0.3 else value
    keeps = rng.random() < 0.5
    shape = (n, c, 1, 1) if keeps else (n, c)
    init = filled(builder, shape, 0 if rng.random() < 0.95 else 1, value.element)
    total = _reduce(builder, image, (0, 1), "d0, d1, 0, 0" if keeps else "d0, d1", init, False)
    return _mean(builder, total, image.shape[2] * image.shape[3])


def reduction(builder: Builder, value: Value) -> Value | None:
    """A sum or a maximum over some dimensions."""
    rng, shape, element = builder.rng, value.shape, value.element
    if not shape or int(np.prod(shape)) > 400:
        return None
    over = sorted(rng.sample(range(len(shape)), rng.randint(1, min(2, len(shape)))))
    kept = [d for d in range(len(shape)) if d not in over]
    if not kept and rng.random() < 0.5:
        return None
    maximum = rng.random() < 0.3
    out_shape = tuple(shape[d] for d in kept)
    init = filled(builder, out_shape, -np.inf if maximum else 0, element)
    return _reduce(builder, value, kept, ", ".join(LETTERS[d] for d in kept), init, maximum)


def _reduce(
    builder: Builder, value: Value, kept: Sequence[int], results: str, init: Value, maximum: bool
) -> Value:
    """Writes a generic that sums or takes the maximum."""
    element = value.element
    dims = ", ".join(LETTERS[: len(value.shape)])
    kinds = ", ".join('"parallel"' if d in kept else '"reduction"' for d in range(len(value.shape)))
    a, b, name = builder.fresh(), builder.fresh(), builder.fresh()
    builder.line(
        f"{name} = linalg.generic {{indexing_maps = [affine_map<({dims}) -> ({dims})>, "
        f"affine_map<({dims}) -> ({results})>], iterator_types = [{kinds}]}} "
        f"ins({value.name} : {value.type}) outs({init.name} : {init.type}) {{"
    )
    builder.line(f"^bb0({a}: {element}, {b}: {element}):")
    if builder.rng.random() < 0.5:
        a, b = b, a
    total = operation(builder, "max" if maximum else "add", [a, b], element)
    builder.line(f"linalg.yield {total} : {element}")
    builder.line(f"}} -> {init.type}")
    return Value(name, init.shape, element, value.special)


def _mean(builder: Builder, total: Value, area: int) -> Value:
    """A sum divided by the positions, or by something else."""
    rng = builder.rng
    divisor = area if rng.random() < 0.9 else rng.choice((1, 2, 9))
    x = whole(total)
    tree = (
        ("div", x, ("constant", divisor))
        if rng.random() < 0.9
        else ("mul", x, ("constant", 1 / divisor))
    )
    return compute(builder, tree, total.shape, total.element)
