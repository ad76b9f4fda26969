// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_REQUANTIZATION_H
#define KERNELS_REQUANTIZATION_H

#include "dialect/PatternOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "storage/FkwStorage.h"

namespace patternc {

/// Bytes, or a vector of them, in 32 bits.
mlir::Value widenBytes(mlir::ImplicitLocOpBuilder &b, mlir::Value bytes,
                       Bytes kind);

/// 32-bit integers as the nearest f32.
mlir::Value toFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value integers);

/// A constant of f32 or i32, in all elements of a type like that of `like`.
mlir::Value constantLike(mlir::ImplicitLocOpBuilder &b, mlir::Value like,
                         double number);

/// The bytes that stand for `steps` steps of the output from its zero point:
/// clamped to the range and rounded to even. All targets give the same bits.
mlir::Value roundToBytes(mlir::ImplicitLocOpBuilder &b, mlir::Value steps,
                         QuantizationAttr quantization);

/// What an epilogue needs of the filters of a vector of sums, each as numbers
/// in its lanes.
struct FilterScales {
  mlir::Value multiplier; // steps of the output in one of the sums, f32
  mlir::Value bias;       // f32, or null
};

/// The multipliers of all filters; nothing if their scales are not constant.
std::optional<llvm::SmallVector<float, 0>> multipliersOf(PackedConv2DOp op);

/// The sums that filters begin with: what the zero point of the input adds to
/// them, negated. Empty if that is nothing.
llvm::SmallVector<int32_t, 0> sumsToBeginWith(PackedConv2DOp op,
                                              llvm::ArrayRef<float> weights,
                                              const FkwIndices &indices);

/// The output of a vector of sums: `residual`, bytes or null, is added, and all
/// is rounded to bytes.
mlir::Value requantize(mlir::ImplicitLocOpBuilder &b, mlir::Value sums,
                       const FilterScales &filters, mlir::Value residual,
                       QuantizationAttr quantization);

} // namespace patternc

#endif // KERNELS_REQUANTIZATION_H
