// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_SUMPRECISION_H
#define KERNELS_SUMPRECISION_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// The type in which elements of `type`, f16 or f32, or vectors of them, are
/// added up where f16 would not do: f32.
mlir::Type sumTypeOf(mlir::Type type);

/// `value` in the type of its sums.
mlir::Value toSumType(mlir::ImplicitLocOpBuilder &b, mlir::Value value);

/// What comes of sums, rounded to `type`.
mlir::Value fromSumType(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                        mlir::Type type);

} // namespace patternc

#endif // KERNELS_SUMPRECISION_H
