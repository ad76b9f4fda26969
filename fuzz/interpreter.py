# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Computes functions of linalg, scf, cf and the pattern dialect with numpy.

Floats are computed in float64, whatever their type: where numbers are chosen so that their sums
have no error in it, two ways to compute the same have the same result. Planes are a layout in
memory, and so are plain images here.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fuzz.computing import elements, linalg, pattern, tensors
from fuzz.computing.values import Inside, Operands, Unknown, computed, wrapped
from fuzz.reading import Block, Function, Operation, dtype

Env = dict[str, np.ndarray]

_OPERATIONS: dict[str, Callable[[Operation, Operands, Inside], Operands]] = {
    "arith.cmpf": elements.compare_floats,
    "arith.cmpi": elements.compare_integers,
    "arith.select": elements.select,
    "arith.extf": elements.same,
    "arith.truncf": elements.round_,
    "arith.sitofp": elements.to_float,
    "arith.fptosi": elements.to_integer,
    "arith.extui": elements.extend_unsigned,
    "cf.assert": elements.nothing,
    "tensor.empty": tensors.empty,
    "tensor.splat": tensors.splat,
    "tensor.from_elements": tensors.from_elements,
    "tensor.expand_shape": tensors.reshape,
    "tensor.collapse_shape": tensors.reshape,
    "tensor.dim": tensors.dim,
    "tensor.extract": tensors.extract,
    "tensor.pad": tensors.pad,
    "tensor.extract_slice": tensors.extract_slice,
    "tensor.insert_slice": tensors.insert_slice,
    "tensor.concat": tensors.concat,
    "tensor.cast": elements.same,
    "linalg.fill": linalg.fill,
    "linalg.broadcast": linalg.broadcast,
    "linalg.transpose": linalg.transpose,
    "linalg.matmul": linalg.matmul,
    "linalg.batch_matmul": linalg.matmul,
    "linalg.conv_2d_nchw_fchw": linalg.conv,
    "linalg.conv_2d_ngchw_gfchw": linalg.conv,
    "linalg.depthwise_conv_2d_nchw_chw": linalg.conv,
    "linalg.conv_1d_ncw_fcw": linalg.conv,
    "linalg.pooling_nchw_max": linalg.pool,
    "linalg.pooling_nchw_sum": linalg.pool,
    "pattern.packed_conv2d": pattern.packed_conv2d,
    "pattern.pool2d": pattern.pool2d,
    "pattern.pack": elements.same,
    "pattern.unpack": elements.same,
}


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
        if compute := elements.FLOATS.get(name):
            if name.startswith("linalg"):
                operands = operands[:-1]
                if op.result_types[0].element[0] == "i":
                    return [wrapped(compute(*operands), op.result_types[0])]
            return [compute(*operands)]
        if compute := elements.INTEGERS.get(name):
            return [wrapped(compute(*operands), op.result_types[0])]
        if method := _METHODS.get(name):
            return method(self, op, operands, env)
        compute = _OPERATIONS.get(name)
        if compute is None and name.startswith("linalg."):
            compute = linalg.generic
        if compute is None:
            raise Unknown(name)

        def inside(
            region: Mapping[str, Block],
            arguments: Sequence[np.ndarray],
            index: Sequence[np.ndarray] | None = None,
        ) -> list[np.ndarray]:
            inner = dict(env)
            if index is not None:
                inner["index"] = index  # type: ignore[assignment]
            return self._region(region, inner, arguments)

        return compute(op, operands, inside)

    def _constant(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        value = op["value"]
        if isinstance(value, tuple) and value[0] == "resource":
            _, name, type_ = value
            data = np.frombuffer(self.blobs[name.strip('"')], dtype(type_.element))
            value = data.reshape(type_.shape)
        return [computed(np.asarray(value))]

    def _if(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        region = op.regions[0 if operands[0] else 1]
        return self._region(region, dict(env)) if region else []

    def _for(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        low, high, step, *carried = operands
        for i in range(int(low), int(high), int(step)):
            carried = self._region(op.regions[0], dict(env), [np.array(i), *carried])
        return carried

    def _conv2d(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return pattern.conv2d(op, operands, self.blobs)

    def _call(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return self._region(self.functions[str(op["callee"])].body, {}, operands)

    def _index(self, op: Operation, operands: list[np.ndarray], env: Env) -> list[np.ndarray]:
        return [env["index"][int(op["dim"])]]  # type: ignore[call-overload]


# What needs the module or the values that there are.
_METHODS: dict[str, Callable[[Interpreter, Operation, Operands, Env], Operands]] = {
    "arith.constant": Interpreter._constant,
    "scf.if": Interpreter._if,
    "scf.for": Interpreter._for,
    "func.call": Interpreter._call,
    "pattern.conv2d": Interpreter._conv2d,
    "linalg.index": Interpreter._index,
}
