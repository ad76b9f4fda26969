// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Arithmetic between bytes and the 32-bit numbers that kernels compute with.
// Every step is exact or one IEEE operation, and none is a product whose result
// an addition takes, which a compiler might fuse: so all targets agree.

#include "kernels/Requantization.h"

#include "dialect/ConstantData.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace patternc;

/// 1.5 · 2^23: between 2^23 and 2^24 the steps of f32 are whole numbers.
static constexpr double wholeNumbers = 12582912;

/// `type` with elements of another kind.
static Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

Value patternc::widenBytes(ImplicitLocOpBuilder &b, Value bytes, Bytes kind) {
  Type type = withElement(bytes.getType(), b.getI32Type());
  if (kind == Bytes::Signed)
    return arith::ExtSIOp::create(b, type, bytes);
  return arith::ExtUIOp::create(b, type, bytes);
}

Value patternc::toFloat(ImplicitLocOpBuilder &b, Value integers) {
  return arith::SIToFPOp::create(
      b, withElement(integers.getType(), b.getF32Type()), integers);
}

Value patternc::constantLike(ImplicitLocOpBuilder &b, Value like,
                             double number) {
  Type element = getElementTypeOrSelf(like.getType());
  TypedAttr attribute = element.isInteger()
                            ? TypedAttr(b.getIntegerAttr(element, number))
                            : TypedAttr(b.getFloatAttr(element, number));
  if (auto type = dyn_cast<VectorType>(like.getType()))
    attribute = DenseElementsAttr::get(type, attribute);
  return arith::ConstantOp::create(b, attribute);
}

Value patternc::roundToBytes(ImplicitLocOpBuilder &b, Value steps,
                             QuantizationAttr quantization) {
  int64_t zeroPoint = quantization.getOutput().getZeroPoint();
  Value least = constantLike(b, steps, quantization.getLow() - zeroPoint);
  Value most = constantLike(b, steps, quantization.getHigh() - zeroPoint);
  Value above =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, steps, least);
  steps = arith::SelectOp::create(b, above, steps, least);
  Value below =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, steps, most);
  steps = arith::SelectOp::create(b, below, steps, most);
  // The addition rounds to even, and leaves the number in the low bits.
  Value shifted =
      arith::AddFOp::create(b, steps, constantLike(b, steps, wholeNumbers));
  Value bits = arith::BitcastOp::create(
      b, withElement(shifted.getType(), b.getI32Type()), shifted);
  bits = arith::AddIOp::create(b, bits, constantLike(b, bits, zeroPoint));
  return arith::TruncIOp::create(b, withElement(bits.getType(), b.getI8Type()),
                                 bits);
}

std::optional<SmallVector<float, 0>>
patternc::multipliersOf(PackedConv2DOp op) {
  auto scales = ConstantData<float>::of(op.getScale());
  if (!scales)
    return std::nullopt;
  QuantizationAttr quantization = op.getQuantizationAttr();
  SmallVector<float, 0> multipliers;
  for (float scale : scales->elements())
    multipliers.push_back(quantization.getInput().scaleAsDouble() * scale /
                          quantization.getOutput().scaleAsDouble());
  return multipliers;
}

Value patternc::requantize(ImplicitLocOpBuilder &b, Value sums,
                           Value multipliers, Value residual,
                           QuantizationAttr quantization) {
  Value steps = arith::MulFOp::create(b, toFloat(b, sums), multipliers);
  if (residual) {
    UniformAttr uniform = quantization.getResidual();
    Value added = widenBytes(b, residual, quantization.getBytes());
    added = arith::SubIOp::create(
        b, added, constantLike(b, added, uniform.getZeroPoint()));
    Value scale = constantLike(b, steps,
                               uniform.scaleAsDouble() /
                                   quantization.getOutput().scaleAsDouble());
    steps = vector::FMAOp::create(b, toFloat(b, added), scale, steps);
  }
  return roundToBytes(b, steps, quantization);
}
