"""Computes functions of linalg, scf, cf and the pattern dialect with numpy.

Floats are computed in float64, whatever their type: where numbers are chosen so that their sums
have no error in it, two ways to compute the same have the same result. Planes are a layout in
memory, and so are plain images here.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fuzz.reading import Block, Function, Operation, Type, dtype

Env = dict[str, np.ndarray]
_DYNAMIC = -(1 << 63)

_COMPARE_FLOATS = {
    0: lambda a, b: np.zeros(np.broadcast(a, b).shape, bool),
    1: lambda a, b: a == b,
    2: lambda a, b: a > b,
    3: lambda a, b: a >= b,
    4: lambda a, b: a < b,
    5: lambda a, b: a <= b,
    6: lambda a, b: (a < b) | (a > b),
    7: lambda a, b: ~(np.isnan(a) | np.isnan(b)),
    8: lambda a, b: ~((a < b) | (a > b)),
    9: lambda a, b: ~(a <= b),
    10: lambda a, b: ~(a < b),
    11: lambda a, b: ~(a >= b),
    12: lambda a, b: ~(a > b),
    13: lambda a, b: a != b,
    14: lambda a, b: np.isnan(a) | np.isnan(b),
    15: lambda a, b: np.ones(np.broadcast(a, b).shape, bool),
}
_COMPARE_INTEGERS = [
    np.equal,
    np.not_equal,
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
]
_FLOATS: dict[str, Callable[..., np.ndarray]] = {
    "arith.addf": np.add,
    "arith.subf": np.subtract,
    "arith.mulf": np.multiply,
    "arith.divf": np.divide,
    "arith.maximumf": np.maximum,
    "arith.minimumf": np.minimum,
    "arith.maxnumf": np.fmax,
    "arith.minnumf": np.fmin,
    "arith.negf": np.negative,
    "math.exp": np.exp,
    "math.absf": np.abs,
    "math.sqrt": np.sqrt,
    "math.rsqrt": lambda a: 1 / np.sqrt(a),
    "math.tanh": np.tanh,
    "math.floor": np.floor,
    "math.ceil": np.ceil,
    "math.log": np.log,
    "math.fma": lambda a, b, c: a * b + c,
    "linalg.add": np.add,
    "linalg.sub": np.subtract,
    "linalg.mul": np.multiply,
    "linalg.div": np.divide,
    "linalg.max": np.maximum,
    "linalg.min": np.minimum,
    "linalg.exp": np.exp,
    "linalg.abs": np.abs,
    "linalg.negf": np.negative,
    "linalg.floor": np.floor,
    "linalg.square": np.square,
}
_INTEGERS: dict[str, Callable[..., np.ndarray]] = {
    "arith.addi": np.add,
    "arith.subi": np.subtract,
    "arith.muli": np.multiply,
    "arith.maxsi": np.maximum,
    "arith.minsi": np.minimum,
    "arith.andi": np.bitwise_and,
    "arith.ori": np.bitwise_or,
    "arith.xori": np.bitwise_xor,
    "arith.extsi": np.positive,
    "arith.trunci": np.positive,
    "arith.index_cast": np.positive,
}


class Unknown(Exception):  # noqa: N818 - not a fault
    """An operation that is not computed here."""


class Interpreter:
    """Computes functions of a module."""

    def __init__(self, functions: Mapping[str, Function], blobs: Mapping[str, bytes]) -> None:
        self.functions, self.blobs = functions, blobs

    def run(self, name: str, arguments: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The results of a function. Floats come as float64.

        Raises:
          Unknown: it has an operation that is not computed here.
        """
        with np.errstate(all="ignore"):
            return self._region(self.functions[name].body, {}, arguments)

    def _region(
        self, blocks: Mapping[str, Block], env: Env, arguments: Sequence[np.ndarray] = ()
    ) -> list[np.ndarray]:
        """What the terminator of the last block yields."""
        block = next(iter(blocks.values()))
        while True:
            for (name, _), value in zip(block.arguments, arguments, strict=True):
                env[name] = value
            *body, last = block.operations
            for operation in body:
                results = self._operation(operation, env)
                for name, value in zip(operation.results, results, strict=True):
                    env[name] = value
            operands = [env[name] for name in last.operands]
            if last.name == "cf.br":
                block, arguments = blocks[last.successors[0][0]], operands
            elif last.name == "cf.cond_br":
                sizes = last["operandSegmentSizes"]
                taken = 0 if operands[0] else 1
                first = 1 if taken == 0 else 1 + sizes[1]  # type: ignore[index]
                arguments = operands[first : first + sizes[1 + taken]]  # type: ignore[index]
                block = blocks[last.successors[taken][0]]
            else:
                return operands

    def _operation(self, op: Operation, env: Env) -> Sequence[np.ndarray]:
        operands = [env[name] for name in op.operands]
        name = op.name
        if compute := _FLOATS.get(name):
            if name.startswith("linalg"):
                operands = operands[:-1]
                if op.result_types[0].element[0] == "i":
                    return [_wrap(compute(*operands), op.result_types[0])]
            return [compute(*operands)]
        if compute := _INTEGERS.get(name):
            return [_wrap(compute(*operands), op.result_types[0])]
        if method := _METHODS.get(name):
            return method(self, op, operands, env)
        if name.startswith("linalg."):
            return self._generic(op, operands, env)
        raise Unknown(name)

    # Scalars and elementwise operations.

    def _constant(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        value = op["value"]
        if isinstance(value, tuple) and value[0] == "resource":
            _, name, type_ = value
            data = np.frombuffer(self.blobs[name.strip('"')], dtype(type_.element))
            value = data.reshape(type_.shape)
        return [_computed(np.asarray(value))]

    def _comparef(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [_COMPARE_FLOATS[int(op["predicate"])](*operands)]  # type: ignore[call-overload]

    def _comparei(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        predicate = int(op["predicate"])  # type: ignore[call-overload]
        if predicate >= 6:
            raise Unknown("unsigned comparison")
        return [_COMPARE_INTEGERS[predicate](*operands)]

    def _select(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [np.where(*operands)]

    def _round(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        kind = dtype(op.result_types[0].element)
        return [operands[0].astype(kind).astype(np.float64)]

    def _to_float(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [np.asarray(operands[0]).astype(np.float64)]

    def _to_integer(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [_wrap(np.trunc(operands[0]).astype(np.int64), op.result_types[0])]

    def _same(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [operands[0]]

    def _nothing(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return []

    def _extui(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        if operands[0].dtype != bool:
            raise Unknown("extui")
        return [operands[0].astype(np.int64)]

    # Control flow.

    def _if(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        region = op.regions[0 if operands[0] else 1]
        return self._region(region, dict(env)) if region else []

    def _for(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        low, high, step, *carried = operands
        for i in range(int(low), int(high), int(step)):
            carried = self._region(op.regions[0], dict(env), [np.array(i), *carried])
        return carried

    def _call(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return self._region(self.functions[str(op["callee"])].body, {}, operands)

    # Tensors.

    def _empty(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        type_ = op.result_types[0]
        return [np.zeros(_sizes(type_.shape or (), operands, unknown=-1), _kind(type_))]

    def _splat(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [np.full(op.result_types[0].shape or (), operands[0])]

    def _from_elements(
        self, op: Operation, operands: list[np.ndarray], env: Env
    ) -> list[np.ndarray]:
        return [np.array(operands).reshape(op.result_types[0].shape or ())]

    def _reshape(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        shape = op.get("static_output_shape")
        if shape is not None:
            return [operands[0].reshape(_sizes(shape, operands[1:]))]  # type: ignore[arg-type]
        groups = op["reassociation"]
        sizes = [math.prod(operands[0].shape[i] for i in group) for group in groups]  # type: ignore[union-attr]
        return [operands[0].reshape(sizes)]

    def _dim(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [np.array(operands[0].shape[int(operands[1])])]

    def _extract(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [operands[0][tuple(int(i) for i in operands[1:])]]

    def _pad(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        image, *sizes = operands
        low = _sizes(op["static_low"], sizes)  # type: ignore[arg-type]
        number = len([n for n in op["static_low"] if n == _DYNAMIC])  # type: ignore[union-attr]
        high = _sizes(op["static_high"], sizes[number:])  # type: ignore[arg-type]
        shape = tuple(a + n + b for a, n, b in zip(low, image.shape, high, strict=True))
        grid = np.ogrid[tuple(slice(n) for n in shape)]
        (value,) = self._region(op.regions[0], dict(env), grid)
        padded = np.empty(shape, image.dtype)
        padded[...] = value
        padded[tuple(slice(a, a + n) for a, n in zip(low, image.shape, strict=True))] = image
        return [padded]

    def _slices(self, op: Operation, dynamic: list[np.ndarray]) -> tuple[slice, ...]:
        parts = []
        for what in ("static_offsets", "static_sizes", "static_strides"):
            static: list[int] = op[what]  # type: ignore[assignment]
            number = static.count(_DYNAMIC)
            parts.append(_sizes(static, dynamic[:number]))
            dynamic = dynamic[number:]
        return tuple(
            slice(offset, offset + (size - 1) * stride + 1 if size else offset, stride)
            for offset, size, stride in zip(*parts, strict=True)
        )

    def _extract_slice(
        self, op: Operation, operands: list[np.ndarray], env: Env
    ) -> list[np.ndarray]:
        part = operands[0][self._slices(op, operands[1:])]
        shape = op.result_types[0].shape or ()
        return [part if part.ndim == len(shape) else part.reshape(shape)]

    def _insert_slice(
        self, op: Operation, operands: list[np.ndarray], env: Env
    ) -> list[np.ndarray]:
        whole = operands[1].copy()
        place = self._slices(op, operands[2:])
        whole[place] = operands[0].reshape(whole[place].shape)
        return [whole]

    def _concat(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [np.concatenate(operands, axis=int(op["dim"]))]  # type: ignore[call-overload]

    # Linalg.

    def _fill(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [np.full(operands[1].shape, operands[0])]

    def _broadcast(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        dimensions: list[int] = op["dimensions"]  # type: ignore[assignment]
        expanded = np.expand_dims(operands[0], tuple(dimensions))
        return [np.broadcast_to(expanded, operands[1].shape)]

    def _transpose(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [operands[0].transpose(op["permutation"])]  # type: ignore[arg-type]

    def _matmul(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        maps = op.get("indexing_maps")
        usual = [(0, 2), (2, 1), (0, 1)] if op.name == "linalg.matmul" else None
        if maps and usual and [m[2] for m in maps] != usual:  # type: ignore[union-attr]
            return self._generic(op, operands, env)
        if maps and not usual and [m[2] for m in maps] != [(0, 1, 3), (0, 3, 2), (0, 1, 2)]:  # type: ignore[union-attr]
            return self._generic(op, operands, env)
        a, b, init = operands
        return [_wrap(init + a @ b, op.result_types[0])]

    def _conv(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
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
        sums = _convolve(image, weights, strides, dilations, size)
        return [_wrap(init + sums.reshape(out), op.result_types[0])]

    def _pool(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        image, window, init = operands
        strides, dilations = np.ravel(op["strides"]), np.ravel(op["dilations"])  # type: ignore[arg-type]
        combine = {"max": np.maximum, "sum": np.add, "min": np.minimum}[op.name[-3:]]
        result = init
        for part in _windows(image, window.shape, strides, dilations, init.shape[-2:]):
            result = combine(result, part)
        return [_wrap(result, op.result_types[0])]

    def _generic(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
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
        places = [
            None if m == identity and not reductions else m for m in maps[len(maps) - number :]
        ]

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
            inner = dict(env)
            inner["index"] = position  # type: ignore[assignment]
            written = self._region(body, inner, read)
            for i, (place, value) in enumerate(zip(places, written, strict=True)):
                if place is None:
                    results[i] = np.broadcast_to(value, results[i].shape)
                else:
                    index = at(place, position)
                    shape = np.broadcast_shapes(*map(np.shape, index))
                    value = np.reshape(value, ()) if np.size(value) == 1 else value
                    results[i][index] = np.broadcast_to(value, shape)
        return results

    def _index(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [env["index"][int(op["dim"])]]  # type: ignore[call-overload]

    # The pattern dialect.

    def _conv2d(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        sizes: list[int] = op["operandSegmentSizes"]  # type: ignore[assignment]
        image, weights, *rest = operands
        keeps = _kept(op)
        return [self._epilogue(op, _grouped(op, image, weights * keeps), rest, sizes[2:4])]

    def _packed_conv2d(
        self, op: Operation, operands: list[np.ndarray], env: Env
    ) -> list[np.ndarray]:
        sizes: list[int] = op["operandSegmentSizes"]  # type: ignore[assignment]
        image, weight, index, stride, offset, reorder, *rest = operands
        index = index.astype(np.int64)
        groups = int(op["groups"])  # type: ignore[call-overload]
        patterns, height, width = _pattern_set(str(op["storage"]))
        group = int(str(op["storage"]).rpartition("group = ")[2].rstrip(" >')"))
        index = np.where(index < 0, index + (1 << 16), index)
        filters, channels = len(reorder), image.shape[1] // groups
        dense = np.zeros((filters, channels, height * width))
        weight = weight.reshape(len(index), -1, group) if len(index) else weight
        ends = stride.reshape(filters // group, len(patterns) + 1)
        for i in range(filters // group):
            for p, positions in enumerate(patterns):
                for k in range(offset[i] + ends[i, p], offset[i] + ends[i, p + 1]):
                    for g in range(group):
                        filter_ = reorder[i * group + g]
                        first = filter_ // (filters // groups) * channels
                        assert 0 <= index[k] - first < channels
                        dense[filter_, index[k] - first, positions] = weight[k, :, g]
        dense = dense.reshape(filters, channels, height, width)
        return [self._epilogue(op, _grouped(op, image, dense), rest, sizes[6:8])]

    def _epilogue(
        self, op: Operation, y: np.ndarray, rest: list[np.ndarray], sizes: list[int]
    ) -> np.ndarray:
        rest = list(rest)
        if sizes[0]:
            y = y + rest.pop(0)[:, None, None]
        if sizes[1]:
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

    def _pool2d(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        maximum = op["pooling"][1] == "max"  # type: ignore[index]
        kernel: list[int] = op["kernel"]  # type: ignore[assignment]
        image = _padded(operands[0], op["padding"], -np.inf if maximum else 0)  # type: ignore[arg-type]
        size = (op.result_types[0].shape or ())[-2:]
        parts = list(_windows(image, kernel, op["strides"], (1, 1), size))  # type: ignore[arg-type]
        if maximum:
            return [np.maximum.reduce(parts)]
        return [np.add.reduce(parts) / math.prod(kernel)]


_METHODS: dict[str, Callable[..., Sequence[np.ndarray]]] = {
    "arith.constant": Interpreter._constant,
    "arith.cmpf": Interpreter._comparef,
    "arith.cmpi": Interpreter._comparei,
    "arith.select": Interpreter._select,
    "arith.extf": Interpreter._same,
    "arith.truncf": Interpreter._round,
    "arith.sitofp": Interpreter._to_float,
    "arith.fptosi": Interpreter._to_integer,
    "arith.extui": Interpreter._extui,
    "cf.assert": Interpreter._nothing,
    "scf.if": Interpreter._if,
    "scf.for": Interpreter._for,
    "func.call": Interpreter._call,
    "tensor.empty": Interpreter._empty,
    "tensor.splat": Interpreter._splat,
    "tensor.from_elements": Interpreter._from_elements,
    "tensor.expand_shape": Interpreter._reshape,
    "tensor.collapse_shape": Interpreter._reshape,
    "tensor.dim": Interpreter._dim,
    "tensor.extract": Interpreter._extract,
    "tensor.pad": Interpreter._pad,
    "tensor.extract_slice": Interpreter._extract_slice,
    "tensor.insert_slice": Interpreter._insert_slice,
    "tensor.concat": Interpreter._concat,
    "tensor.cast": Interpreter._same,
    "linalg.fill": Interpreter._fill,
    "linalg.broadcast": Interpreter._broadcast,
    "linalg.transpose": Interpreter._transpose,
    "linalg.matmul": Interpreter._matmul,
    "linalg.batch_matmul": Interpreter._matmul,
    "linalg.conv_2d_nchw_fchw": Interpreter._conv,
    "linalg.conv_2d_ngchw_gfchw": Interpreter._conv,
    "linalg.depthwise_conv_2d_nchw_chw": Interpreter._conv,
    "linalg.conv_1d_ncw_fcw": Interpreter._conv,
    "linalg.pooling_nchw_max": Interpreter._pool,
    "linalg.pooling_nchw_sum": Interpreter._pool,
    "linalg.index": Interpreter._index,
    "pattern.conv2d": Interpreter._conv2d,
    "pattern.packed_conv2d": Interpreter._packed_conv2d,
    "pattern.pool2d": Interpreter._pool2d,
    "pattern.pack": Interpreter._same,
    "pattern.unpack": Interpreter._same,
}


def _computed(value: np.ndarray) -> np.ndarray:
    """In the type that is computed in."""
    if value.dtype.kind == "f":
        return value.astype(np.float64)
    return value if value.dtype == bool else value.astype(np.int64)


def _kind(type_: Type) -> type:
    if type_.element[0] == "f":
        return np.float64
    return np.bool_ if type_.element == "i1" else np.int64


def _wrap(value: np.ndarray, type_: Type) -> np.ndarray:
    """Integers modulo 2 to the bits that they have."""
    if type_.element[0] == "f":
        return value
    if type_.element == "i1":
        return np.asarray(value).astype(np.int64) % 2 == 1
    if type_.element in ("i64", "index"):
        return np.asarray(value)
    bits = int(type_.element[1:])
    half = 1 << (bits - 1)
    return (np.asarray(value) + half & (1 << bits) - 1) - half


def _sizes(
    static: Sequence[int], dynamic: Sequence[np.ndarray], unknown: int = _DYNAMIC
) -> list[int]:
    rest = iter(dynamic)
    return [int(next(rest)) if size == unknown else int(size) for size in static]


def _windows(image, kernel, strides, dilations, size):
    """What each position of a kernel reads."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            y, x = i * int(dilations[0]), j * int(dilations[1])
            yield image[
                ...,
                y : y + (size[0] - 1) * int(strides[0]) + 1 : int(strides[0]),
                x : x + (size[1] - 1) * int(strides[1]) + 1 : int(strides[1]),
            ]


def _convolve(image, weights, strides, dilations, size):
    """Of [N, G, C, H, W] and [G, F, C, kh, kw]: [N, G, F, H', W']."""
    kernel = weights.shape[-2:]
    shape = (image.shape[0], image.shape[1], weights.shape[1], *size)
    total = np.zeros(shape, np.result_type(image, weights))
    for k, part in enumerate(_windows(image, kernel, strides, dilations, size)):
        tap = weights[..., k // kernel[1], k % kernel[1]]  # [G, F, C]
        product = tap @ part.reshape(*part.shape[:3], -1)
        total += product.reshape(shape)
    return total


def _padded(image: np.ndarray, padding: Sequence[int], value: float) -> np.ndarray:
    top, left, bottom, right = padding
    return np.pad(image, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def _grouped(op: Operation, image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sums of a convolution of the pattern dialect."""
    groups = int(op["groups"])  # type: ignore[call-overload]
    shape = op.result_types[0].shape or ()
    image = _padded(image, op["padding"], 0)  # type: ignore[arg-type]
    image = image.reshape(image.shape[0], groups, -1, *image.shape[2:])
    weights = weights.reshape(groups, -1, *weights.shape[1:])
    sums = _convolve(image, weights, op["strides"], op["dilations"], shape[-2:])
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


def _kept(op: Operation) -> np.ndarray:
    """[filters, channels, height, width], 1 where the kernel map keeps a weight."""
    from fuzz.reading import elements

    text = op["map"][1]  # type: ignore[index]
    patterns, height, width = _pattern_set(text)
    ids = elements(text[text.index("ids = ") + 6 :].strip())
    assert ids is not None
    masks = np.zeros((len(patterns) + 1, height * width))
    for p, positions in enumerate(patterns):
        masks[p + 1, positions] = 1
    return masks[ids].reshape(*ids.shape, height, width)
