// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/QuantizationMatcher.h"

#include "analysis/LinalgMatchers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace patternc;

/// The body of the elementwise operation of one tensor that defines `tensor`;
/// null if that is none, or sees its elements elsewhere than in place.
static linalg::GenericOp elementwiseOf(Value tensor) {
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  return op && isElementwise(op, 1) ? op : linalg::GenericOp();
}

/// What an elementwise operation yields.
static Value yielded(linalg::GenericOp op) {
  return op.getBody()->getTerminator()->getOperand(0);
}

/// The scalar that computes an element of `tensor`, or null.
static Value scalarOf(Value tensor) {
  linalg::GenericOp op = elementwiseOf(tensor);
  return op ? yielded(op) : Value();
}

/// The tensor of which a scalar is the element, or null.
static Value tensorOf(Value scalar) {
  auto argument = dyn_cast_if_present<BlockArgument>(scalar);
  auto op = argument ? dyn_cast_or_null<linalg::GenericOp>(
                           argument.getOwner()->getParentOp())
                     : linalg::GenericOp();
  if (!op || argument.getArgNumber() >= op.getNumDpsInputs())
    return {};
  return op.getDpsInputOperand(argument.getArgNumber())->get();
}

/// What computes a scalar: in its own body or, for an element of a tensor, in
/// the body of the operation before.
static Value resolve(Value scalar) {
  while (scalar) {
    Value tensor = tensorOf(scalar);
    if (!tensor)
      return scalar;
    Value before = scalarOf(tensor);
    if (!before)
      return scalar;
    scalar = before;
  }
  return scalar;
}

static std::optional<double> constantOf(Value scalar) {
  FloatAttr attribute;
  if (!matchPattern(scalar, m_Constant(&attribute)))
    return std::nullopt;
  return attribute.getValueAsDouble();
}

/// If `scalar` is `Op` of something and a constant, in either order where that
/// is the same, what it is of.
template <typename Op>
static std::optional<std::pair<Value, double>> matchWithConstant(Value scalar) {
  auto op = scalar ? scalar.getDefiningOp<Op>() : Op();
  if (!op)
    return std::nullopt;
  if (std::optional<double> constant = constantOf(op.getRhs()))
    return std::pair(op.getLhs(), *constant);
  if (!op->template hasTrait<OpTrait::IsCommutative>())
    return std::nullopt;
  if (std::optional<double> constant = constantOf(op.getLhs()))
    return std::pair(op.getRhs(), *constant);
  return std::nullopt;
}

/// A whole number of at most nine bits, as zero points and bounds are.
static std::optional<int64_t> smallInteger(double number) {
  if (!(std::abs(number) <= 255) || number != std::nearbyint(number))
    return std::nullopt;
  return static_cast<int64_t>(number);
}

static bool isScale(double scale) { return std::isfinite(scale) && scale > 0; }

static bool isOfF32(Value tensor) {
  return tensor && getElementTypeOrSelf(tensor.getType()).isF32();
}

std::optional<Quantized> patternc::matchQuantized(Value value) {
  if (!isOfF32(value))
    return std::nullopt;
  Value scalar = scalarOf(value);
  std::optional<int64_t> low, high;
  // A clamp, from either end.
  for (int i = 0; i < 2; ++i) {
    if (auto least = matchWithConstant<arith::MaximumFOp>(scalar);
        least && !low) {
      low = smallInteger(least->second);
      scalar = resolve(least->first);
    } else if (auto most = matchWithConstant<arith::MinimumFOp>(scalar);
               most && !high) {
      high = smallInteger(most->second);
      scalar = resolve(most->first);
    }
  }
  if (!low || !high || *low > *high)
    return std::nullopt;
  Quantized quantized{{}, false, 0, 0, *low, *high};
  if (auto sum = matchWithConstant<arith::AddFOp>(scalar)) {
    std::optional<int64_t> zeroPoint = smallInteger(sum->second);
    if (!zeroPoint)
      return std::nullopt;
    quantized.zeroPoint = *zeroPoint;
    scalar = resolve(sum->first);
  }
  auto round =
      scalar ? scalar.getDefiningOp<math::RoundEvenOp>() : math::RoundEvenOp();
  if (!round)
    return std::nullopt;
  scalar = resolve(round.getOperand());
  if (auto product = matchWithConstant<arith::MulFOp>(scalar)) {
    quantized.scale = 1 / product->second;
    quantized.image = tensorOf(product->first);
  } else if (auto quotient = matchWithConstant<arith::DivFOp>(scalar)) {
    quantized.isQuotient = true;
    quantized.scale = quotient->second;
    quantized.image = tensorOf(quotient->first);
  }
  if (!isOfF32(quantized.image) || !isScale(quantized.scale))
    return std::nullopt;
  return quantized;
}

std::optional<Dequantized> patternc::matchDequantized(Value value) {
  if (!isOfF32(value))
    return std::nullopt;
  auto product = matchWithConstant<arith::MulFOp>(scalarOf(value));
  if (!product || !isScale(product->second))
    return std::nullopt;
  Dequantized result{tensorOf(product->first), product->second, 0};
  // What brings bytes into the range of the numbers is no zero point.
  std::optional<std::pair<Value, double>> difference;
  if (!result.numbers || !matchFromBytes(result.numbers))
    difference = matchWithConstant<arith::SubFOp>(resolve(product->first));
  if (difference) {
    std::optional<int64_t> zeroPoint = smallInteger(difference->second);
    if (!zeroPoint)
      return std::nullopt;
    result.zeroPoint = *zeroPoint;
    result.numbers = tensorOf(difference->first);
  }
  if (!isOfF32(result.numbers))
    return std::nullopt;
  return result;
}

std::optional<FromBytes> patternc::matchFromBytes(Value value) {
  if (!isOfF32(value))
    return std::nullopt;
  linalg::GenericOp op = elementwiseOf(value);
  if (!op)
    return std::nullopt;
  FromBytes result{op.getInputs()[0], false, 0};
  Value scalar = yielded(op);
  if (auto difference = matchWithConstant<arith::SubFOp>(scalar)) {
    std::optional<int64_t> shift = smallInteger(difference->second);
    if (!shift)
      return std::nullopt;
    result.shift = *shift;
    scalar = difference->first;
  }
  Operation *conversion = scalar.getDefiningOp();
  if (!isa_and_nonnull<arith::UIToFPOp, arith::SIToFPOp>(conversion) ||
      tensorOf(conversion->getOperand(0)) != result.bytes ||
      !getElementTypeOrSelf(result.bytes.getType()).isSignlessInteger(8))
    return std::nullopt;
  result.isSigned = isa<arith::SIToFPOp>(conversion);
  return result;
}
