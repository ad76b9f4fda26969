// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Arithmetic between bytes and the 32-bit numbers that kernels compute with.
// Every step is exact or one IEEE operation, and none is a product whose result
// an addition takes, which a compiler might fuse: so all targets agree.

#include "kernels/Requantization.h"

#include "dialect/ConstantData.h"
#include "kernels/ByteBlocks.h"
#include "kernels/ByteLookup.h"
#include "kernels/FusedMultiplyAdd.h"
#include "kernels/Intrinsics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

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

/// Cut off where they are beyond `least` and `most`; NaN becomes `least`.
static Value clamp(ImplicitLocOpBuilder &b, Value numbers, double least,
                   double most) {
  Value low = constantLike(b, numbers, least);
  Value high = constantLike(b, numbers, most);
  Value above =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, numbers, low);
  numbers = arith::SelectOp::create(b, above, numbers, low);
  Value below =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, numbers, high);
  return arith::SelectOp::create(b, below, numbers, high);
}

Value patternc::roundToBytes(ImplicitLocOpBuilder &b, Value steps,
                             int64_t zeroPoint, int64_t low, int64_t high) {
  steps = clamp(b, steps, low - zeroPoint, high - zeroPoint);
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

/// Whether no sum, scaled, with bias and residual, is beyond 32 bits in steps
/// of the output.
static bool fitInI32(const ConvolutionKernel &kernel, ArrayRef<float> weights,
                     const FkwIndices &indices, ArrayRef<float> multipliers) {
  double scale = kernel.quantization.getRounded().scaleAsDouble();
  SmallVector<double, 0> most(multipliers.size());
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int64_t k = indices.offset[i] * kernel.taps();
         k < indices.offset[i + 1] * kernel.taps(); ++k)
      for (int64_t f = 0; f < indices.group; ++f)
        most[indices.reorder[i * indices.group + f]] +=
            255 * std::abs(weights[k * indices.group + f]);
  for (auto [number, multiplier] : llvm::zip_equal(most, multipliers))
    number *= multiplier;
  if (Value bias = PackedConv2DOp(kernel.op).getBias()) {
    auto biases = ConstantData<float>::of(bias);
    if (!biases)
      return false;
    for (auto [number, b] : llvm::zip_equal(most, biases->elements()))
      number += std::abs(b) / scale;
  }
  double added = 0;
  if (UniformAttr residual = kernel.quantization.getResidual())
    added = 255 * residual.scaleAsDouble() / scale;
  // Rounding of f32 is not counted, and NaN is not within.
  return llvm::all_of(
      most, [&](double number) { return number + added < (1 << 30); });
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
  double outputScale = kernel.quantization.getRounded().scaleAsDouble();
  SmallVector<float, 0> multipliers;
  for (float scale : scales->elements())
    multipliers.push_back(input.scaleAsDouble() * scale / outputScale);
  fitI32 = fitInI32(kernel, weights, indices, multipliers);
  operands.push_back(KernelArray{kernel.arrayName(".multiplier"),
                                 std::move(multipliers),
                                 Float32Type::get(op.getContext())});
  if (input.getZeroPoint())
    operands.push_back(KernelArray{
        "", {StoredNumbers{sumsToBeginWith(kernel, weights, indices)}}});
  if (LookupAttr lookup = kernel.quantization.getLookup()) {
    StoredNumbers bytes{{}, 8};
    for (const APInt &byte : lookup.getTable())
      bytes.values.push_back(byte.getZExtValue());
    operands.push_back(
        KernelArray{kernel.arrayName(".lookup"), std::move(bytes)});
  }
  return success();
}

void ScaleArrays::bind(BufferCursor &buffers, QuantizationAttr quantization) {
  multiplier = buffers.take();
  starts = quantization.getInput().getZeroPoint() ? buffers.take() : Value();
  table = quantization.getLookup() ? buffers.take() : Value();
}

Value ScaleArrays::lookUp(ImplicitLocOpBuilder &b, Value bytes,
                          TargetAttr target) const {
  return table ? lookUpBytes(b, table, bytes, target) : bytes;
}

/// What the output of sums is, in steps from its zero point; `residual` is as
/// many i32, or null.
static Value stepsOf(ImplicitLocOpBuilder &b, Value sums,
                     const FilterScales &filters, Value residual,
                     QuantizationAttr quantization) {
  double scale = quantization.getRounded().scaleAsDouble();
  Value steps = toFloat(b, sums);
  if (filters.bias) {
    Value bias = arith::MulFOp::create(
        b, filters.bias, constantLike(b, filters.bias, 1 / scale));
    steps = fusedMultiplyAdd(b, steps, filters.multiplier, bias,
                             filters.multiplier);
  } else {
    steps = arith::MulFOp::create(b, steps, filters.multiplier);
  }
  if (!residual)
    return steps;
  UniformAttr uniform = quantization.getResidual();
  residual = arith::SubIOp::create(
      b, residual, constantLike(b, residual, uniform.getZeroPoint()));
  return fusedMultiplyAdd(
      b, toFloat(b, residual),
      constantLike(b, steps, uniform.scaleAsDouble() / scale), steps,
      filters.multiplier);
}

Value patternc::requantize(ImplicitLocOpBuilder &b, Value sums,
                           const FilterScales &filters, Value residual,
                           QuantizationAttr quantization) {
  if (residual)
    residual = widenBytes(b, residual, quantization.getBytes());
  return roundToBytes(b, stepsOf(b, sums, filters, residual, quantization),
                      quantization.getRounded().getZeroPoint(),
                      quantization.getLow(), quantization.getHigh());
}

Value patternc::requantizeBlocks(ImplicitLocOpBuilder &b, ValueRange sums,
                                 const FilterScales &filters, Value residual,
                                 QuantizationAttr quantization, bool fitI32) {
  SmallVector<Value, 4> added(vectorsOfBlocks), rounded;
  if (residual) {
    Value zero =
        arith::ConstantOp::create(b, b.getZeroAttr(residual.getType()));
    added = unpackToBlocks(b, {residual, zero, zero, zero});
  }
  auto type = cast<VectorType>(sums.front().getType());
  std::string lrint =
      llvm::formatv("llvm.lrint.v{0}i32.v{0}f32", type.getNumElements());
  for (auto [sum, words] : llvm::zip_equal(sums, added)) {
    Value steps = stepsOf(
        b, sum, filters,
        words ? Value(vector::BitCastOp::create(b, type, words)) : Value(),
        quantization);
    if (!fitI32)
      steps = clamp(b, steps, -wholeNumbers, wholeNumbers);
    rounded.push_back(callIntrinsic(b, lrint, type, steps));
  }
  Value bytes =
      packFromBlocks(b, rounded, quantization.getRounded().getZeroPoint());
  if (quantization.getLow() > 0)
    bytes = arith::MaxUIOp::create(
        b, bytes, constantLike(b, bytes, quantization.getLow()));
  if (quantization.getHigh() < 255)
    bytes = arith::MinUIOp::create(
        b, bytes, constantLike(b, bytes, quantization.getHigh()));
  return bytes;
}
