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

/// The sums that filters begin with: what the zero point of the input adds to
/// them, negated.
static SmallVector<int32_t, 0> sumsToBeginWith(const ConvolutionKernel &kernel,
                                               ArrayRef<float> weights,
                                               const FkwIndices &indices) {
  int64_t zeroPoint = kernel.quantization.getInput().getZeroPoint();
  SmallVector<int32_t, 0> sums(indices.reorder.size());
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int64_t k = indices.offset[i] * kernel.taps();
         k < indices.offset[i + 1] * kernel.taps(); ++k)
      for (int64_t f = 0; f < indices.group; ++f)
        sums[indices.reorder[i * indices.group + f]] -=
            zeroPoint * static_cast<int64_t>(weights[k * indices.group + f]);
  return sums;
}

LogicalResult ScaleArrays::addArrays(const ConvolutionKernel &kernel,
                                     ArrayRef<float> weights,
                                     const FkwIndices &indices,
                                     KernelOperands &operands,
                                     std::string &reason) {
  PackedConv2DOp op = kernel.op;
  auto scales = ConstantData<float>::of(op.getScale());
  if (!scales) {
    reason = "its scales are not constant";
    return failure();
  }
  UniformAttr input = kernel.quantization.getInput();
  double outputScale = kernel.quantization.getOutput().scaleAsDouble();
  SmallVector<float, 0> multipliers;
  for (float scale : scales->elements())
    multipliers.push_back(input.scaleAsDouble() * scale / outputScale);
  operands.push_back(KernelArray{kernel.arrayName(".multiplier"),
                                 std::move(multipliers),
                                 Float32Type::get(op.getContext())});
  if (input.getZeroPoint())
    operands.push_back(KernelArray{
        "", {StoredNumbers{sumsToBeginWith(kernel, weights, indices)}}});
  return success();
}

void ScaleArrays::bind(BufferCursor &buffers, QuantizationAttr quantization) {
  multiplier = buffers.take();
  starts = quantization.getInput().getZeroPoint() ? buffers.take() : Value();
}

Value patternc::requantize(ImplicitLocOpBuilder &b, Value sums,
                           const FilterScales &filters, Value residual,
                           QuantizationAttr quantization) {
  double scale = quantization.getOutput().scaleAsDouble();
  Value steps = toFloat(b, sums);
  if (filters.bias) {
    Value bias = arith::MulFOp::create(
        b, filters.bias, constantLike(b, filters.bias, 1 / scale));
    steps = vector::FMAOp::create(b, steps, filters.multiplier, bias);
  } else {
    steps = arith::MulFOp::create(b, steps, filters.multiplier);
  }
  if (residual) {
    UniformAttr uniform = quantization.getResidual();
    Value added = widenBytes(b, residual, quantization.getBytes());
    added = arith::SubIOp::create(
        b, added, constantLike(b, added, uniform.getZeroPoint()));
    steps = vector::FMAOp::create(
        b, toFloat(b, added),
        constantLike(b, steps, uniform.scaleAsDouble() / scale), steps);
  }
  return roundToBytes(b, steps, quantization);
}
