// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_REQUANTIZATION_H
#define KERNELS_REQUANTIZATION_H

#include "kernels/ConvolutionKernel.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// Bytes, or a vector of them, in 32 bits.
mlir::Value widenBytes(mlir::ImplicitLocOpBuilder &b, mlir::Value bytes,
                       Bytes kind);

/// 32-bit integers as the nearest f32.
mlir::Value toFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value integers);

/// A constant of f32 or i32, in all elements of a type like that of `like`.
mlir::Value constantLike(mlir::ImplicitLocOpBuilder &b, mlir::Value like,
                         double number);

/// The bytes that stand for `steps` steps, f32, from a zero point: rounded to
/// even and clamped to the range from `low` to `high`. All targets give the
/// same bits; NaN becomes the least byte.
mlir::Value roundToBytes(mlir::ImplicitLocOpBuilder &b, mlir::Value steps,
                         int64_t zeroPoint, int64_t low, int64_t high);

/// What an epilogue needs of the filters of a vector of sums, each as numbers
/// in its lanes.
struct FilterScales {
  mlir::Value multiplier; // steps of the output in one of the sums, f32
  mlir::Value bias;       // f32, or null
};

/// The arrays of a kernel that make bytes of its sums.
class ScaleArrays {
public:
  /// Appends them to what `kernel` reads; `weights` and `indices` are those of
  /// its layer. Fails with a reason.
  llvm::LogicalResult addArrays(const ConvolutionKernel &kernel,
                                llvm::ArrayRef<float> weights,
                                const FkwIndices &indices,
                                KernelOperands &operands, std::string &reason);
  /// Takes their buffers.
  void bind(BufferCursor &buffers, QuantizationAttr quantization);

  /// What is stored for the bytes that sums are rounded to.
  mlir::Value lookUp(mlir::ImplicitLocOpBuilder &b, mlir::Value bytes,
                     TargetAttr target) const;

  mlir::Value multiplier; // filters, f32: steps of the output in one of a sum
  mlir::Value starts;     // filters, i32: sums to begin with; null for zeros
  mlir::Value table;      // 256 bytes: of a lookup; null without one
  bool fitI32 = false;    // outputs in steps are no wider, before they are cut
};

/// A vector of sums as bytes: `residual`, bytes or null, is added, and all is
/// rounded. What is stored of them may have to be looked up.
mlir::Value requantize(mlir::ImplicitLocOpBuilder &b, mlir::Value sums,
                       const FilterScales &filters, mlir::Value residual,
                       QuantizationAttr quantization);

/// The same of four vectors of sums that lie in blocks (ByteBlocks.h), as one
/// vector of bytes without a sign, as which the residual is, too. `fitI32` as
/// in ScaleArrays.
mlir::Value requantizeBlocks(mlir::ImplicitLocOpBuilder &b,
                             mlir::ValueRange sums, const FilterScales &filters,
                             mlir::Value residual,
                             QuantizationAttr quantization, bool fitI32);

} // namespace patternc

#endif // KERNELS_REQUANTIZATION_H
