// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/SumPrecision.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace patternc;

Type patternc::sumTypeOf(Type type) {
  Type element = Float32Type::get(type.getContext());
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

Value patternc::toSumType(ImplicitLocOpBuilder &b, Value value) {
  Type type = sumTypeOf(value.getType());
  if (type == value.getType())
    return value;
  return arith::ExtFOp::create(b, type, value);
}

Value patternc::fromSumType(ImplicitLocOpBuilder &b, Value value, Type type) {
  if (type == value.getType())
    return value;
  return arith::TruncFOp::create(b, type, value);
}
