// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_INTRINSICS_H
#define KERNELS_INTRINSICS_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// Calls an intrinsic of LLVM, for what no other operation says.
inline mlir::Value callIntrinsic(mlir::ImplicitLocOpBuilder &b,
                                 llvm::StringRef name, mlir::Type result,
                                 mlir::ValueRange operands) {
  return mlir::LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name),
                                             operands)
      .getResult(0);
}

} // namespace patternc

#endif // KERNELS_INTRINSICS_H
