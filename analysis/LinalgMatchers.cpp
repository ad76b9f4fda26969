// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What more than one of the raising passes looks for in linalg.

#include "analysis/LinalgMatchers.h"

#include "dialect/SizeLimits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace patternc;

bool patternc::isPlain(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() &&
         !llvm::is_contained(type.getShape(), 0) &&
         (type.getElementType().isF32() || type.getElementType().isF16()) &&
         !type.getEncoding() && bytesOf(type);
}

ArrayRef<int64_t> patternc::shapeOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getShape();
}

bool patternc::hasStaticTensors(Operation *op) {
  return llvm::all_of(op->getOperandTypes(), [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  });
}

bool patternc::isOfOneType(Operation *op) {
  Type element = getElementTypeOrSelf(op->getResult(0));
  return llvm::all_of(op->getOperandTypes(), [&](Type type) {
    return getElementTypeOrSelf(type) == element;
  });
}

bool patternc::isZero(Value value) {
  return matchPattern(value, m_AnyZeroFloat());
}

SmallVector<int64_t>
patternc::takePadding(Value &image, function_ref<bool(Value)> isPadding) {
  auto pad = image.getDefiningOp<tensor::PadOp>();
  if (!pad || !pad.getConstantPaddingValue() ||
      !isPadding(pad.getConstantPaddingValue()) || !isPlain(pad.getSource()) ||
      pad.getSourceType().getRank() != 4)
    return {0, 0, 0, 0};
  ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
  auto negativeOrDynamic = [](int64_t p) { return p < 0; };
  if (llvm::any_of(low, negativeOrDynamic) ||
      llvm::any_of(high, negativeOrDynamic) || low[0] || low[1] || high[0] ||
      high[1])
    return {0, 0, 0, 0};
  image = pad.getSource();
  return {low[2], low[3], high[2], high[3]};
}

bool patternc::isElementwise(linalg::GenericOp op, unsigned numInputs) {
  return op.hasPureTensorSemantics() && op.getNumDpsInputs() == numInputs &&
         op.getNumDpsInits() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); }) &&
         llvm::all_of(
             op.getBody()->without_terminator(),
             [](Operation &inner) { return isMemoryEffectFree(&inner); }) &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
}

bool patternc::addsArguments(Block &body) {
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  Value first = body.getArgument(0), second = body.getArgument(1);
  return add && add->getBlock() == &body &&
         llvm::hasSingleElement(body.without_terminator()) &&
         ((add.getLhs() == first && add.getRhs() == second) ||
          (add.getLhs() == second && add.getRhs() == first));
}
