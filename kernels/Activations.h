// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_ACTIVATIONS_H
#define KERNELS_ACTIVATIONS_H

#include "dialect/PatternAttributes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// Applies the activation to a scalar or vector.
mlir::Value activate(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                     Activation activation);

} // namespace patternc

#endif // KERNELS_ACTIVATIONS_H
