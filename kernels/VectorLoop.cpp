// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/VectorLoop.h"

#include "kernels/IndexArithmetic.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

void patternc::emitLoop(ImplicitLocOpBuilder &b, Value begin, Value end,
                        function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, begin, end, IndexArithmetic(b).constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void patternc::emitLoop(ImplicitLocOpBuilder &b, int64_t begin, int64_t end,
                        int64_t step, function_ref<void(Value)> body) {
  if (begin >= end)
    return;
  IndexArithmetic index(b);
  auto loop = scf::ForOp::create(b, index.constant(begin), index.constant(end),
                                 index.constant(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void patternc::emitVectorLoop(ImplicitLocOpBuilder &b, int64_t begin,
                              int64_t end, int64_t lanes, Type element,
                              function_ref<void(Value, VectorType)> body) {
  if (lanes == 1 || end - begin < lanes)
    return emitLoop(b, begin, end, 1, [&](Value i) { body(i, {}); });
  auto type = VectorType::get(lanes, element);
  emitLoop(b, begin, end - lanes, lanes, [&](Value i) { body(i, type); });
  body(IndexArithmetic(b).constant(end - lanes), type);
}

Value patternc::emitFold(ImplicitLocOpBuilder &b, int64_t count, Value init,
                         function_ref<Value(Value, Value)> body) {
  auto constant = [&](int32_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  };
  // It counts in 32 bits: a branch of IREE 3.13's VM moves 64-bit indices and
  // 32-bit floats in such an order that one may overwrite the other.
  auto loop =
      scf::ForOp::create(b, constant(0), constant(count), constant(1), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value i =
      arith::IndexCastUIOp::create(b, b.getIndexType(), loop.getInductionVar());
  scf::YieldOp::create(b, body(i, loop.getRegionIterArg(0)));
  return loop.getResult(0);
}

void patternc::emitFill(ImplicitLocOpBuilder &b, Value buffer, Value base,
                        int64_t begin, int64_t end, int64_t lanes,
                        int64_t number) {
  IndexArithmetic index(b);
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  TypedAttr one = element.isInteger()
                      ? TypedAttr(b.getIntegerAttr(element, number))
                      : TypedAttr(b.getFloatAttr(element, number));
  emitVectorLoop(b, begin, end, lanes, element, [&](Value i, VectorType type) {
    Value at = index.add(base, i);
    if (type)
      vector::StoreOp::create(
          b, arith::ConstantOp::create(b, DenseElementsAttr::get(type, one)),
          buffer, at);
    else
      memref::StoreOp::create(b, arith::ConstantOp::create(b, one), buffer, at);
  });
}
