// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_BYTELOOKUP_H
#define KERNELS_BYTELOOKUP_H

#include "dialect/PatternAttributes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// The elements of `table`, a buffer of 256 bytes, for `bytes`, which are one
/// or a vector, as numbers without a sign.
mlir::Value lookUpBytes(mlir::ImplicitLocOpBuilder &b, mlir::Value table,
                        mlir::Value bytes, TargetAttr target);

} // namespace patternc

#endif // KERNELS_BYTELOOKUP_H
