# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operations of linalg, named and generic."""

import numpy as np

from fuzz.computing.values import Inside, Operands, Unknown, wrapped
from fuzz.computing.windows import convolved, windows
from fuzz.reading import Operation


def fill(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [np.full(operands[1].shape, operands[0])]


def broadcast(op: Operation, operands: Operands, inside: Inside) -> Operands:
    dimensions: list[int] = op["dimensions"]  # type: ignore[assignment]
    expanded = np.expand_dims(operands[0], tuple(dimensions))
    return [np.broadcast_to(expanded, operands[1].shape)]


def transpose(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [operands[0].transpose(op["permutation"])]  # type: ignore[arg-type]


def matmul(op: Operation, operands: Operands, inside: Inside) -> Operands:
    maps = op.get("indexing_maps")
    usual = [(0, 2), (2, 1), (0, 1)] if op.name == "linalg.matmul" else None
    if maps and usual and [m[2] for m in maps] != usual:  # type: ignore[union-attr]
        return generic(op, operands, inside)
    if maps and not usual and [m[2] for m in maps] != [(0, 1, 3), (0, 3, 2), (0, 1, 2)]:  # type: ignore[union-attr]
        return generic(op, operands, inside)
    a, b, init = operands
    return [wrapped(init + a @ b, op.result_types[0])]


def conv(op: Operation, operands: Operands, inside: Inside) -> Operands:
    image, weights, init = operands
    strides, dilations = np.ravel(op["strides"]), np.ravel(op["dilations"])  # type: ignore[arg-type]
    out = init.shape
    if op.name == "linalg.conv_1d_ncw_fcw":
        image, weights = image[:, :, None], weights[:, :, None]
        strides, dilations = np.append(1, strides), np.append(1, dilations)
        size = (1, out[-1])
    else:
        size = out[-2:]
    if op.name == "linalg.depthwise_conv_2d_nchw_chw":
        image, weights = image[:, :, None], weights[:, None, None]
    elif op.name != "linalg.conv_2d_ngchw_gfchw":
        image, weights = image[:, None], weights[None]
    sums = convolved(image, weights, strides, dilations, size)
    return [wrapped(init + sums.reshape(out), op.result_types[0])]


def pool(op: Operation, operands: Operands, inside: Inside) -> Operands:
    image, window, init = operands
    strides, dilations = np.ravel(op["strides"]), np.ravel(op["dilations"])  # type: ignore[arg-type]
    combine = {"max": np.maximum, "sum": np.add, "min": np.minimum}[op.name[-3:]]
    result = init
    for part in windows(image, window.shape, strides, dilations, init.shape[-2:]):
        result = combine(result, part)
    return [wrapped(result, op.result_types[0])]


def generic(op: Operation, operands: Operands, inside: Inside) -> Operands:
    maps = op.get("indexing_maps") or op.get("linalg.memoized_indexing_maps")
    if not maps:
        raise Unknown(op.name)
    maps = [m[2] for m in maps]  # type: ignore[union-attr]
    dims = op.get("indexing_maps") or op.get("linalg.memoized_indexing_maps")
    rank: int = dims[0][1]  # type: ignore[index]
    extents = [0] * rank
    for results, value in zip(maps, operands, strict=True):
        for expression, size in zip(results, np.shape(value), strict=True):
            if isinstance(expression, int):
                extents[expression] = size
    number = len(op.result_types)
    outputs = operands[len(operands) - number :]
    kinds = op.get("iterator_types")
    if kinds is None:
        parallel = {e for results in maps[-number:] for e in results if isinstance(e, int)}
        reductions = [d for d in range(rank) if d not in parallel]
    else:
        reductions = [d for d, kind in enumerate(kinds) if "reduction" in kind[1]]  # type: ignore[index,arg-type]
    grid: list[np.ndarray] = list(np.ogrid[tuple(slice(n) for n in extents)])
    identity = tuple(range(rank))
    body = op.regions[0]
    results = [np.array(value) for value in outputs]
    if 0 in extents:
        return results
    places = [None if m == identity and not reductions else m for m in maps[len(maps) - number :]]

    def at(results: tuple, position: list[np.ndarray]) -> tuple:
        return tuple(
            position[e]
            if isinstance(e, int)
            else e[0]
            if isinstance(e, tuple)
            else eval(e, {"d": position})
            for e in results
        )

    for step in np.ndindex(*(extents[d] for d in reductions)):
        position = list(grid)
        for d, i in zip(reductions, step, strict=True):
            position[d] = np.full((1,) * rank, i)
        read = []
        for results_of_map, value in zip(
            maps, [*operands[: len(operands) - number], *results], strict=True
        ):
            if (results_of_map == identity and not reductions) or np.ndim(value) == 0:
                read.append(value)
            else:
                read.append(value[at(results_of_map, position)])
        written = inside(body, read, position)
        for i, (place, value) in enumerate(zip(places, written, strict=True)):
            if place is None:
                results[i] = np.broadcast_to(value, results[i].shape)
            else:
                index = at(place, position)
                shape = np.broadcast_shapes(*map(np.shape, index))
                value = np.reshape(value, ()) if np.size(value) == 1 else value
                results[i][index] = np.broadcast_to(value, shape)
    return results
