// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/Activations.h"

#include "kernels/Requantization.h"
#include "kernels/SumPrecision.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace patternc;

/// max(x, bound) or min(x, bound) as PyTorch's ReLU has it: NaN stays NaN.
static Value clamp(ImplicitLocOpBuilder &b, Value x, float bound,
                   arith::CmpFPredicate keep) {
  Value limit = constantLike(b, x, bound);
  Value kept = arith::CmpFOp::create(b, keep, x, limit);
  return arith::SelectOp::create(b, kept, x, limit);
}

static Value relu(ImplicitLocOpBuilder &b, Value x) {
  return clamp(b, x, 0, arith::CmpFPredicate::UGT);
}

static Value relu6(ImplicitLocOpBuilder &b, Value x) {
  return clamp(b, relu(b, x), 6, arith::CmpFPredicate::ULT);
}

/// x · (relu6(x + 3) / 6)
static Value hardSwish(ImplicitLocOpBuilder &b, Value x) {
  Value sum = arith::AddFOp::create(b, x, constantLike(b, x, 3));
  Value sixth = constantLike(b, x, 1.0f / 6);
  Value gate = arith::MulFOp::create(b, relu6(b, sum), sixth);
  return arith::MulFOp::create(b, x, gate);
}

/// x / (1 + exp(−x)), in which f16 would have no exp(−x) for x below −11.
static Value silu(ImplicitLocOpBuilder &b, Value input) {
  Value x = toSumType(b, input);
  Value power = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  Value divisor = arith::AddFOp::create(b, constantLike(b, x, 1), power);
  return fromSumType(b, arith::DivFOp::create(b, x, divisor), input.getType());
}

Value patternc::activate(ImplicitLocOpBuilder &b, Value x,
                         Activation activation) {
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return relu(b, x);
  case Activation::Relu6:
    return relu6(b, x);
  case Activation::HardSwish:
    return hardSwish(b, x);
  case Activation::Silu:
    return silu(b, x);
  }
  llvm_unreachable("unknown activation");
}
