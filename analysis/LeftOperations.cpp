// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The raising passes say by their matchers what a kernel computes. Here it is
// said of what they left why it is none of that, in the words of somebody who
// wonders about a model.

#include "analysis/LeftOperations.h"

#include "analysis/LinalgMatchers.h"
#include "dialect/ConstantData.h"
#include "dialect/LayerName.h"
#include "dialect/PatternAttributes.h"
#include "dialect/SizeLimits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace patternc;

/// The input that a number in the body of an operation is, perhaps converted,
/// or less a zero point.
static std::optional<unsigned> inputOf(Value value, Block &body) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<CastOpInterface, arith::SubIOp>(op))
      return std::nullopt;
    value = op->getOperand(0);
  }
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &body)
    return std::nullopt;
  return argument.getArgNumber();
}

/// Sums of products of elements of two tensors.
static bool multipliesAndAdds(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op->getNumRegions() != 1)
    return false;
  Block &body = *op.getBlock();
  return llvm::any_of(body, [&](Operation &inner) {
    if (!isa<arith::MulFOp, arith::MulIOp>(inner))
      return false;
    auto x = inputOf(inner.getOperand(0), body);
    auto y = inputOf(inner.getOperand(1), body);
    return x && y && *x != *y && *x < op.getNumDpsInputs() &&
           *y < op.getNumDpsInputs();
  });
}

/// The constant behind reshapes, transposes and copies, or null.
static Value constantBehind(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (op->hasTrait<OpTrait::ConstantLike>())
      return value;
    bool copies = isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                      linalg::TransposeOp, linalg::BroadcastOp>(op);
    auto generic = dyn_cast<linalg::GenericOp>(op);
    copies |= generic && generic.getNumDpsInputs() == 1 &&
              llvm::hasSingleElement(*generic.getBody());
    if (!copies)
      return {};
    value = op->getOperand(0);
  }
  return {};
}

/// Of a product with a constant matrix.
static std::string reasonAgainstMatrix(linalg::LinalgOp op, Value matrix) {
  if (!TargetAttr::of(op).isCpu())
    return "kernels for matrices are for CPUs";
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  int64_t rows = saturatedProduct(shape.drop_back());
  auto data = ConstantData<float>::of(matrix);
  int64_t left =
      data ? llvm::count_if(data->elements(), [](float w) { return w != 0; })
           : 0;
  if (data && 2 * left <= static_cast<int64_t>(data->elements().size()))
    return "too much is left of its matrix in blocks of rows, prune it by "
           "blocks";
  return "its matrix is dense, and general products are good for " +
         std::to_string(rows) + " rows";
}

static std::string reasonFor(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op->getNumResults() != 1)
    return "it is not on tensors";
  for (Type type : op->getOperandTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && !tensor.hasStaticShape())
      return "its shapes are dynamic";
    Type element = getElementTypeOrSelf(type);
    if (!element.isF32() && !element.isF16()) {
      std::string text = "it computes in ";
      llvm::raw_string_ostream(text) << element;
      return text;
    }
  }
  Value weights = op->getOperand(1);
  Value constant = constantBehind(weights);
  if (isConvolution(op))
    return constant ? "its window, its size or its initial value is none that "
                      "kernels have"
                    : "its weights are computed in each call";
  if (isa<linalg::ConvolutionOpInterface>(op.getOperation()))
    return "no kernel computes this kind of convolution";
  if (!constant && !constantBehind(op->getOperand(0)))
    return "both of its operands are computed in each call";
  if (isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op.getOperation()) &&
      constant && isPlain(constant))
    return reasonAgainstMatrix(op, constant);
  return "no kernel computes this kind of product";
}

SmallVector<LeftOperation> patternc::leftOperations(ModuleOp module) {
  SmallVector<LeftOperation> left;
  module.walk([&](linalg::LinalgOp op) {
    if (!multipliesAndAdds(op))
      return;
    SmallVector<int64_t> loops = op.getStaticLoopRanges();
    bool isStatic = llvm::none_of(loops, ShapedType::isDynamic);
    Value constant = constantBehind(op->getOperand(1));
    if (!constant)
      constant = constantBehind(op->getOperand(0));
    StringRef blob = constant ? blobName(constant) : StringRef();
    left.push_back({op, layerOf(blob).str(),
                    isStatic ? saturatedProduct(loops) : 0, reasonFor(op)});
  });
  return left;
}

std::string patternc::leftReport(ModuleOp module) {
  llvm::json::Array array;
  for (const LeftOperation &left : leftOperations(module))
    array.push_back(
        llvm::json::Object{{"layer", llvm::json::fixUTF8(left.layer)},
                           {"operation", left.op->getName().getStringRef()},
                           {"multiply_adds", left.multiplyAdds},
                           {"reason", left.reason}});
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::json::Value(std::move(array));
  return text;
}
