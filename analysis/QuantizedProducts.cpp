// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/QuantizedProducts.h"

#include "analysis/ActivationMatcher.h"
#include "analysis/LinalgMatchers.h"
#include "analysis/QuantizationMatcher.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace patternc;

/// Operations between a product and its bytes: a bias, an addition, an
/// activation of three, a quantisation of five, and reshapes between them. IR
/// that is never run may go round in circles.
static constexpr int maxOperations = 16;

static bool isDequantized(Value image) {
  return matchDequantized(skipReshapes(image)).has_value();
}

/// Whether `op` adds to `image` a vector or what is dequantised.
static bool isEpilogueSum(linalg::GenericOp op, Value image) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      !addsArguments(*op.getBody()))
    return false;
  Value other = op.getInputs()[op.getInputs()[0] == image];
  auto type = dyn_cast<RankedTensorType>(other.getType());
  return type && (type.getRank() == 1 || isDequantized(other));
}

static bool isRange(Activation activation) {
  return activation == Activation::Relu || activation == Activation::Relu6;
}

static bool isQuantized(Value image) {
  Value last = image;
  for (int i = 0; i < maxOperations && last.hasOneUse(); ++i) {
    Operation *user = *last.user_begin();
    if (user->getBlock() != last.getParentBlock() || user->getNumResults() != 1)
      return false;
    bool isDone = last == image; // else within an activation or quantisation
    last = user->getResult(0);
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(user)) {
      if (!isDone)
        return false;
      image = last;
      continue;
    }
    auto op = dyn_cast<linalg::GenericOp>(user);
    if (!op)
      return false;
    if (std::optional<Quantized> quantized = matchQuantized(last))
      return quantized->image == image;
    MatchedActivation matched = matchActivation(op);
    if ((isDone && isEpilogueSum(op, image)) ||
        (matched.image == image && isRange(matched.activation)))
      image = last;
  }
  return false;
}

bool patternc::isBetweenQuantizations(Value input, Value output) {
  return isDequantized(input) && isQuantized(output);
}
