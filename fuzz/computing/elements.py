# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Scalars and elementwise operations."""

from collections.abc import Callable

import numpy as np

from fuzz.computing.values import Inside, Operands, Unknown, wrapped
from fuzz.reading import Operation, dtype

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
FLOATS: dict[str, Callable[..., np.ndarray]] = {
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
INTEGERS: dict[str, Callable[..., np.ndarray]] = {
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


def compare_floats(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [_COMPARE_FLOATS[int(op["predicate"])](*operands)]  # type: ignore[call-overload]


def compare_integers(op: Operation, operands: Operands, inside: Inside) -> Operands:
    predicate = int(op["predicate"])  # type: ignore[call-overload]
    if predicate >= 6:
        raise Unknown("unsigned comparison")
    return [_COMPARE_INTEGERS[predicate](*operands)]


def select(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [np.where(*operands)]


def round_(op: Operation, operands: Operands, inside: Inside) -> Operands:
    kind = dtype(op.result_types[0].element)
    return [operands[0].astype(kind).astype(np.float64)]


def to_float(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [np.asarray(operands[0]).astype(np.float64)]


def to_integer(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [wrapped(np.trunc(operands[0]).astype(np.int64), op.result_types[0])]


def same(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return [operands[0]]


def nothing(op: Operation, operands: Operands, inside: Inside) -> Operands:
    return []


def extend_unsigned(op: Operation, operands: Operands, inside: Inside) -> Operands:
    if operands[0].dtype != bool:
        raise Unknown("extui")
    return [operands[0].astype(np.int64)]
