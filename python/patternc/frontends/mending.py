# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Linalg as torch-mlir leaves it, to linalg that computes what PyTorch does."""

# torch-mlir's bindings are compiled and have no type stubs.
# pyright: reportAttributeAccessIssue=false

import math
from collections.abc import Callable

from torch_mlir import ir
from torch_mlir.dialects import arith

# Numbers of `arith::CmpFPredicate`.
_OGT, _OLT, _UGT, _ULT = 2, 4, 9, 11
_GREATER, _LESS = (_OGT, _UGT), (_OLT, _ULT)


def mend_(module: ir.Module) -> None:
    """Rewrites scalar arithmetic, in place.

    - Maxima and minima, of which a clamp has both, are comparisons and selections that lose NaN.
    - Numbers of Python are float64, and so are comparisons with them. PyTorch rounds them to the
      type of the tensor, and GPUs have no float64.
    """
    rewrites: dict[str, Callable[[ir.Operation], None]] = {
        "arith.select": _keep_nan,
        "arith.truncf": _round_constant,
        "arith.cmpf": _compare_in_float32,
    }
    found: list[ir.Operation] = []

    def visit(operation: ir.Operation) -> ir.WalkResult:
        if operation.name in rewrites:
            found.append(operation)
        return ir.WalkResult.ADVANCE

    module.operation.walk(visit)
    for operation in found:
        with operation.location, ir.InsertionPoint(operation):
            rewrites[operation.name](operation)


def failed_assertions(module: ir.Module) -> list[tuple[str, ir.Location]]:
    """Assertions that never hold, by which torch-mlir says what it cannot lower."""
    failed: list[tuple[str, ir.Location]] = []

    def visit(operation: ir.Operation) -> ir.WalkResult:
        if operation.name == "cf.assert" and _constant(operation.operands[0]) == 0:
            text = ir.StringAttr(operation.attributes["msg"]).value
            failed.append((text.rstrip("."), operation.location))
        return ir.WalkResult.ADVANCE

    module.operation.walk(visit)
    return failed


def _keep_nan(select: ir.Operation) -> None:
    condition, chosen, other = select.operands
    compare = _definition(condition, "arith.cmpf")
    if compare is None:
        return
    left, right = compare.operands
    predicate = ir.IntegerAttr(compare.attributes["predicate"]).value
    if (chosen, other) not in ((left, right), (right, left)) or predicate not in _GREATER + _LESS:
        return
    kept = chosen if predicate in (_UGT, _ULT) else other  # where one of the two is NaN
    bound = right if kept == left else left
    if _is_number(bound):
        return  # as in a ReLU
    takes_greater = (predicate in _GREATER) == (chosen == left)
    mended = (arith.MaximumFOp if takes_greater else arith.MinimumFOp)(left, right)
    _replace(select, mended.result)


def _round_constant(truncation: ir.Operation) -> None:
    value = _constant(truncation.operands[0])
    if value is not None:
        constant = arith.ConstantOp(truncation.result.type, value)
        _replace(truncation, constant.result)


def _compare_in_float32(compare: ir.Operation) -> None:
    float32 = ir.F32Type.get()
    operands = []
    for operand in compare.operands:
        extension = _definition(operand, "arith.extf")
        value = _constant(operand)
        if extension is not None and extension.operands[0].type == float32:
            operands.append(extension.operands[0])
        elif value is not None and operand.type == ir.F64Type.get():
            operands.append(arith.ConstantOp(float32, value).result)
        else:
            return
    _replace(compare, arith.CmpFOp(compare.attributes["predicate"], *operands).result)


def _replace(operation: ir.Operation, value: ir.Value) -> None:
    operation.result.replace_all_uses_with(value)
    sources = {operand.owner for operand in operation.operands}
    operation.erase()
    for source in sources:
        if isinstance(source, ir.Operation | ir.OpView) and _is_dead(source):
            source.erase()


def _is_dead(operation: ir.Operation) -> bool:
    is_scalar = operation.name in ("arith.constant", "arith.cmpf", "arith.extf")
    return is_scalar and not any(True for _ in operation.results[0].uses)


def _definition(value: ir.Value, name: str) -> ir.Operation | None:
    owner = value.owner
    if isinstance(owner, ir.Block) or owner.name != name:
        return None
    return owner.operation


def _is_number(value: ir.Value) -> bool:
    constant = _constant(value)
    return constant is not None and not math.isnan(constant)


def _constant(value: ir.Value) -> float | int | None:
    """The number that a scalar value is, if it is constant."""
    operation = _definition(value, "arith.constant")
    if operation is None:
        return None
    attribute = operation.attributes["value"]
    numbers = ir.FloatAttr | ir.IntegerAttr | ir.BoolAttr
    return attribute.value if isinstance(attribute, numbers) else None
