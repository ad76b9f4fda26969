# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operations of the pattern dialect."""

import math
import re
from collections.abc import Mapping

import numpy as np

from fuzz.computing.values import Inside, Operands, Unknown
from fuzz.computing.windows import convolved, padded, windows
from fuzz.reading import Operation, elements, read_types


def conv2d(op: Operation, operands: Operands, blobs: Mapping[str, bytes]) -> Operands:
    sizes: list[int] = op["operandSegmentSizes"]  # type: ignore[assignment]
    image, weights, *rest = operands
    keeps = _kept(op, blobs)
    return [_epilogue(op, _grouped(op, image, weights * keeps), rest, sizes[2:5])]


def packed_conv2d(op: Operation, operands: Operands, inside: Inside) -> Operands:
    sizes: list[int] = op["operandSegmentSizes"]  # type: ignore[assignment]
    image, weight, index, pattern_offset, offset, reorder, *rest = operands
    index = index.astype(np.int64)
    groups = int(op["groups"])  # type: ignore[call-overload]
    patterns, height, width = _pattern_set(str(op["storage"]))
    group = int(str(op["storage"]).rpartition("group = ")[2].rstrip(" >')"))
    index = np.where(index < 0, index + (1 << 16), index)
    filters, channels = len(reorder), image.shape[1] // groups
    dense = np.zeros((filters, channels, height * width))
    weight = weight.reshape(len(index), -1, group) if len(index) else weight
    ends = pattern_offset.reshape(filters // group, len(patterns) + 1)
    for i in range(filters // group):
        for p, positions in enumerate(patterns):
            for k in range(offset[i] + ends[i, p], offset[i] + ends[i, p + 1]):
                for g in range(group):
                    filter_ = reorder[i * group + g]
                    first = filter_ // (filters // groups) * channels
                    assert 0 <= index[k] - first < channels
                    dense[filter_, index[k] - first, positions] = weight[k, :, g]
    dense = dense.reshape(filters, channels, height, width)
    return [_epilogue(op, _grouped(op, image, dense), rest, sizes[6:9])]


def pool2d(op: Operation, operands: Operands, inside: Inside) -> Operands:
    maximum = op["pooling"][1] == "max"  # type: ignore[index]
    kernel: list[int] = op["kernel"]  # type: ignore[assignment]
    image = padded(operands[0], op["padding"], -np.inf if maximum else 0)  # type: ignore[arg-type]
    size = (op.result_types[0].shape or ())[-2:]
    parts = list(windows(image, kernel, op["strides"], (1, 1), size))  # type: ignore[arg-type]
    if maximum:
        return [np.maximum.reduce(parts)]
    return [np.add.reduce(parts) / math.prod(kernel)]


def _epilogue(op: Operation, y: np.ndarray, rest: list[np.ndarray], sizes: list[int]) -> np.ndarray:
    rest = list(rest)
    scales, biases, residuals = sizes
    if scales:
        raise Unknown("a convolution of bytes")
    if biases:
        y = y + rest.pop(0)[:, None, None]
    if residuals:
        y = y + rest.pop(0)
    kind = op["activation"][1]  # type: ignore[index]
    if kind == "relu":
        return np.maximum(y, 0)
    if kind == "relu6":
        return np.minimum(np.maximum(y, 0), 6)
    if kind == "hard_swish":
        return y * np.minimum(np.maximum(y + 3, 0), 6) / 6
    if kind == "silu":
        return y / (1 + np.exp(-y))
    if kind != "none":
        raise Unknown(f"activation {kind}")
    return y


def _grouped(op: Operation, image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sums of a convolution of the pattern dialect."""
    groups = int(op["groups"])  # type: ignore[call-overload]
    shape = op.result_types[0].shape or ()
    image = padded(image, op["padding"], 0)  # type: ignore[arg-type]
    image = image.reshape(image.shape[0], groups, -1, *image.shape[2:])
    weights = weights.reshape(groups, -1, *weights.shape[1:])
    sums = convolved(image, weights, op["strides"], op["dilations"], shape[-2:])
    return sums.reshape(shape)


def _pattern_set(text: str) -> tuple[list[list[int]], int, int]:
    _, _, text = text.partition("set = <")
    size, _, rest = text.partition(",")
    height, _, width = size.partition("x")
    inside = rest[: rest.index("]]")].replace("[", "")
    patterns = [
        [int(position) for position in part.split(",") if position.strip()]
        for part in inside.split("]")
        if part.strip(", ")
    ]
    return patterns, int(height), int(width)


def _kept(op: Operation, blobs: Mapping[str, bytes]) -> np.ndarray:
    """[filters, channels, height, width], 1 where the kernel map keeps a weight."""
    text = op["map"][1]  # type: ignore[index]
    patterns, height, width = _pattern_set(text)
    ids = _elements(text[text.index("ids = ") + 6 :].strip(), blobs)
    masks = np.zeros((len(patterns) + 1, height * width))
    for p, positions in enumerate(patterns):
        masks[p + 1, positions] = 1
    return masks[ids].reshape(*ids.shape, height, width)


def _elements(text: str, blobs: Mapping[str, bytes]) -> np.ndarray:
    """The array of `dense<...> : type` or `dense_resource<...> : type`, of ui8."""
    resource = re.match(r'dense_resource<"?(.*?)"?> : (.*)', text)
    if resource is None:
        array = elements(text)
        assert array is not None
        return array
    return np.frombuffer(blobs[resource[1]], np.uint8).reshape(read_types(resource[2])[0].shape)
