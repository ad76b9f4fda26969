// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/Quads.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

Value patternc::selectQuad(ImplicitLocOpBuilder &b, Value condition, Value x,
                           Value y) {
  Value lanes = vector::BroadcastOp::create(
      b, VectorType::get(quad, b.getI1Type()), condition);
  return arith::SelectOp::create(b, lanes, x, y);
}

SmallVector<float, 0> RecordWeights::padded(ArrayRef<float> weights) const {
  SmallVector<float, 0> result(weights.empty() ? stride : 0);
  for (; !weights.empty(); weights = weights.drop_front(count)) {
    llvm::append_range(result, weights.take_front(count));
    result.resize(llvm::alignTo(result.size(), stride));
  }
  return result;
}
