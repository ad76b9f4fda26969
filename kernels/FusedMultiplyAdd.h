// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_FUSEDMULTIPLYADD_H
#define KERNELS_FUSEDMULTIPLYADD_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// x · y + z of f32, or vectors of them, rounded once on every target. Of
/// scalars the product is finite, and `loaded` is an f32 from memory that is
/// no NaN.
mlir::Value fusedMultiplyAdd(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                             mlir::Value y, mlir::Value z, mlir::Value loaded);

} // namespace patternc

#endif // KERNELS_FUSEDMULTIPLYADD_H
