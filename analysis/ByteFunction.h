// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_BYTEFUNCTION_H
#define ANALYSIS_BYTEFUNCTION_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/SetVector.h"

#include <optional>

namespace patternc {

/// What elementwise operations compute of the bytes of one tensor.
struct ByteFunction {
  mlir::Value bytes;
  bool isSigned;
  /// Operands before users; the last one computes the result.
  llvm::SetVector<mlir::Operation *> operations;

  /// The function of each byte, in the order of the bytes without a sign.
  std::optional<llvm::SmallVector<float>> evaluate() const;
};

/// Finds the function that a tensor of f32 is of bytes alone.
std::optional<ByteFunction> findByteFunction(mlir::Value result);

} // namespace patternc

#endif // ANALYSIS_BYTEFUNCTION_H
