# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Convolutions of all kinds, and layers: convolutions with what is fused with them."""

from fuzz.linalg.activations import activation
from fuzz.linalg.builder import Builder
from fuzz.linalg.constants import filled, initial_sums
from fuzz.linalg.elementwise import addition
from fuzz.linalg.shapes import collapse, expand
from fuzz.linalg.values import FLOATS, Shape, Value, tensor
from fuzz.linalg.weights import random_weights, weights_constant
from fuzz.linalg.windows import padded, pair, random_kernel, random_windows


def convolution(builder: Builder, value: Value) -> Value | None:
    """A convolution of one group."""
    rng = builder.rng
    image = padded(builder, value)
    n, c, h, w = image.shape
    kernel = random_kernel(builder, (h, w))
    geometry = random_windows(builder, (h, w), kernel)
    if geometry is None:
        return None
    strides, dilations, out = geometry
    filters = rng.choice((1, 2, 3, 4, 8, 8, 16, 17))
    if rng.random() < 0.3:
        filters = value.shape[1]
    if image.element[0] == "i" and image.element not in ("i32", "i64"):
        return None
    data = random_weights(builder, (filters, c, *kernel))
    weights = weights_constant(builder, data, image.element)
    return _convolve(
        builder, "conv_2d_nchw_fchw", image, weights, (n, filters, *out), strides, dilations
    )


def layer(builder: Builder, value: Value) -> Value | None:
    """A convolution with what is fused with it, and often a bias that is no number."""
    rng = builder.rng
    specials, builder.specials, builder.biased = builder.specials, rng.random() < 0.5, True
    kinds = (convolution, grouped_convolution, depthwise_convolution)
    result = rng.choices(kinds, (3, 1, 1))[0](builder, value)
    builder.specials, builder.biased = specials, False
    if result is None:
        return None
    builder.values.append(result)
    if rng.random() < 0.3 and (total := addition(builder, result)) is not None:
        builder.values.append(total)
        result = total
    return activation(builder, result)


def grouped_convolution(builder: Builder, value: Value) -> Value | None:
    """A convolution of several groups, which importers write on one dimension more."""
    rng = builder.rng
    image = padded(builder, value)
    n, c, h, w = image.shape
    kernel = random_kernel(builder, (h, w))
    geometry = random_windows(builder, (h, w), kernel)
    if geometry is None or image.element[0] == "i":
        return None
    strides, dilations, out = geometry
    groups = rng.choice([g for g in (1, 2, 3, 4, 8) if c % g == 0])
    filters = rng.choice((1, 2, 4))
    split = expand(builder, image, 1, (groups, c // groups))
    data = random_weights(builder, (groups * filters, c // groups, *kernel))
    if rng.random() < 0.5:
        flat = weights_constant(builder, data, image.element)
        weights = expand(builder, flat, 0, (groups, filters))
    else:
        weights = weights_constant(
            builder, data.reshape(groups, filters, *data.shape[1:]), image.element
        )
    shape = (n, groups, filters, *out)
    if rng.random() < 0.5:
        joined = (n, groups * filters, *out)
        init, special = initial_sums(builder, joined, image.element, 1)
        begin = expand(builder, Value(init, joined, image.element), 1, (groups, filters)).name
    else:
        init = filled(builder, shape, 0, image.element)
        begin, special = init.name, False
    type_ = tensor(shape, image.element)
    result = builder.define(
        f"linalg.conv_2d_ngchw_gfchw {{strides = {pair(strides)}, dilations = "
        f"{pair(dilations)}}} ins({split.name}, {weights.name} : {split.type}, "
        f"{weights.type}) outs({begin} : {type_}) -> {type_}",
        shape,
        image.element,
        special,
    )
    return collapse(builder, result, 1, 2)


def depthwise_convolution(builder: Builder, value: Value) -> Value | None:
    """A convolution of each channel by itself."""
    image = padded(builder, value)
    n, c, h, w = image.shape
    kernel = random_kernel(builder, (h, w))
    geometry = random_windows(builder, (h, w), kernel)
    if geometry is None or image.element[0] == "i":
        return None
    strides, dilations, out = geometry
    data = random_weights(builder, (c, 1, *kernel))
    if builder.rng.random() < 0.5:
        whole = weights_constant(builder, data, image.element)
        weights = collapse(builder, whole, 0, 1)
    else:
        weights = weights_constant(builder, data[:, 0], image.element)
    return _convolve(
        builder, "depthwise_conv_2d_nchw_chw", image, weights, (n, c, *out), strides, dilations
    )


def convolution_1d(builder: Builder, value: Value) -> Value | None:
    """A convolution along a line, sometimes of one written as an image."""
    rng = builder.rng
    if value.element not in FLOATS:
        return None
    image = padded(builder, value)
    n, c, length = image.shape
    if rng.random() < 0.2:  # as a convolution of a column
        column = expand(builder, image, 2, (length, 1))
        result = (
            depthwise_convolution(builder, column)
            if rng.random() < 0.5
            else grouped_convolution(builder, column)
        )
        return None if result is None or result.shape[3] != 1 else collapse(builder, result, 2, 3)
    kernel = rng.choice((1, 2, 3, 5))
    geometry = random_windows(builder, (length, 1), (kernel, 1))
    if geometry is None:
        return None
    strides, dilations, out = geometry
    filters = rng.choice((1, 2, 4, 8))
    weights = weights_constant(
        builder, random_weights(builder, (filters, c, kernel)), image.element
    )
    return _convolve(
        builder, "conv_1d_ncw_fcw", image, weights, (n, filters, out[0]), strides[:1], dilations[:1]
    )


def _convolve(
    builder: Builder,
    name: str,
    image: Value,
    weights: Value,
    out: Shape,
    strides: list[int],
    dilations: list[int],
) -> Value:
    init, special = initial_sums(builder, out, image.element, 1)
    type_ = tensor(out, image.element)
    return builder.define(
        f"linalg.{name} {{strides = {pair(strides)}, dilations = {pair(dilations)}}} "
        f"ins({image.name}, {weights.name} : {image.type}, {weights.type}) "
        f"outs({init} : {type_}) -> {type_}",
        out,
        image.element,
        special,
    )
