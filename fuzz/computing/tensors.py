# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operations of the tensor dialect."""

import math

import numpy as np

from fuzz.computing.values import DYNAMIC, Inside, Operands, kind_of, sizes_of
from fuzz.reading import Operation


def empty(op: Operation, operands: Operands, inside: Inside) -> Operands:
    type_ = op.result_types[0]
    return [np.zeros(sizes_of(type_.shape or (), operands, unknown=-1), kind_of(type_))]


def splat(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [np.full(op.result_types[0].shape or (), operands[0])]


def from_elements(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [np.array(operands).reshape(op.result_types[0].shape or ())]


def reshape(op: Operation, operands: Operands, inside: Inside) -> Operands:
    shape = op.get("static_output_shape")
    if shape is not None:
        return [operands[0].reshape(sizes_of(shape, operands[1:]))]  # type: ignore[arg-type]
    groups = op["reassociation"]
    sizes = [math.prod(operands[0].shape[i] for i in group) for group in groups]  # type: ignore[union-attr]
    return [operands[0].reshape(sizes)]


def dim(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [np.array(operands[0].shape[int(operands[1])])]


def extract(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [operands[0][tuple(int(i) for i in operands[1:])]]


def pad(op: Operation, operands: Operands, inside: Inside) -> Operands:
    image, *sizes = operands
    low = sizes_of(op["static_low"], sizes)  # type: ignore[arg-type]
    number = len([n for n in op["static_low"] if n == DYNAMIC])  # type: ignore[union-attr]
    high = sizes_of(op["static_high"], sizes[number:])  # type: ignore[arg-type]
    shape = tuple(a + n + b for a, n, b in zip(low, image.shape, high, strict=True))
    grid = np.ogrid[tuple(slice(n) for n in shape)]
    (value,) = inside(op.regions[0], grid)
    padded = np.empty(shape, image.dtype)
    padded[...] = value
    padded[tuple(slice(a, a + n) for a, n in zip(low, image.shape, strict=True))] = image
    return [padded]


def extract_slice(op: Operation, operands: Operands, inside: Inside) -> Operands:
    part = operands[0][_slices(op, operands[1:])]
    shape = op.result_types[0].shape or ()
    return [part if part.ndim == len(shape) else part.reshape(shape)]


def insert_slice(op: Operation, operands: Operands, inside: Inside) -> Operands:
    whole = operands[1].copy()
    place = _slices(op, operands[2:])
    whole[place] = operands[0].reshape(whole[place].shape)
    return [whole]


def concat(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [np.concatenate(operands, axis=int(op["dim"]))]  # type: ignore[call-overload]


def _slices(op: Operation, dynamic: list[np.ndarray]) -> tuple[slice, ...]:
    parts = []
    for what in ("static_offsets", "static_sizes", "static_strides"):
        static: list[int] = op[what]  # type: ignore[assignment]
        number = static.count(DYNAMIC)
        parts.append(sizes_of(static, dynamic[:number]))
        dynamic = dynamic[number:]
    return tuple(
        slice(offset, offset + (size - 1) * stride + 1 if size else offset, stride)
        for offset, size, stride in zip(*parts, strict=True)
    )
