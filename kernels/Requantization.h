// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_REQUANTIZATION_H
#define KERNELS_REQUANTIZATION_H

#include "dialect/PatternOps.h"
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

/// The bytes that stand for `steps` steps of the output from its zero point:
/// clamped to the range and rounded to even. All targets give the same bits.
mlir::Value roundToBytes(mlir::ImplicitLocOpBuilder &b, mlir::Value steps,
                         QuantizationAttr quantization);

/// The steps of the output in one of the sums of each filter, in f32; nothing
/// if the scales of the filters are not constant.
std::optional<llvm::SmallVector<float, 0>> multipliersOf(PackedConv2DOp op);

/// The output of a vector of sums, of which `multipliers` are the steps:
/// `residual`, bytes or null, is added, and all is rounded to bytes.
mlir::Value requantize(mlir::ImplicitLocOpBuilder &b, mlir::Value sums,
                       mlir::Value multipliers, mlir::Value residual,
                       QuantizationAttr quantization);

} // namespace patternc

#endif // KERNELS_REQUANTIZATION_H
