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

bool patternc::isConvolution(Operation *op) {
  return isa<linalg::Conv1DNcwFcwOp, linalg::Conv2DNchwFchwOp,
             linalg::DepthwiseConv2DNchwChwOp, linalg::Conv2DNgchwGfchwOp>(op);
}

Value patternc::skipReshapes(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

ArrayRef<ReassociationIndices> patternc::groupsJoined() {
  static const SmallVector<ReassociationIndices> dimensions{
      {0}, {1, 2}, {3}, {4}};
  return dimensions;
}

FailureOr<OpFoldResult> patternc::matchBias(Value init, int64_t filters) {
  Value source = skipReshapes(init);
  DenseElementsAttr constant;
  if (matchPattern(source, m_Constant(&constant)) && constant.isSplat()) {
    if (constant.getSplatValue<APFloat>().isZero())
      return OpFoldResult();
    return OpFoldResult(constant.resizeSplat(
        RankedTensorType::get({filters}, constant.getElementType())));
  }
  if (auto fill = source.getDefiningOp<linalg::FillOp>();
      fill && isZero(fill.getInputs()[0]))
    return OpFoldResult();
  // Of the reshapes, one alone leaves the values of a filter with the filter.
  auto expand = init.getDefiningOp<tensor::ExpandShapeOp>();
  if (expand && ArrayRef(expand.getReassociationIndices()) == groupsJoined())
    init = expand.getSrc();
  auto broadcast = init.getDefiningOp<linalg::BroadcastOp>();
  if (!broadcast || !isPlain(broadcast.getInput()) ||
      shapeOf(broadcast.getInput()) != ArrayRef(filters))
    return failure();
  // Along all dimensions but the channels.
  SmallVector<int64_t> others{0};
  llvm::append_range(others, llvm::seq<int64_t>(2, shapeOf(init).size()));
  if (broadcast.getDimensions() != ArrayRef(others))
    return failure();
  return OpFoldResult(broadcast.getInput());
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
