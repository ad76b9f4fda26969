// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_LEFTOPERATIONS_H
#define ANALYSIS_LEFTOPERATIONS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace patternc {

/// An operation that multiplies and adds, and that no kernel computes.
struct LeftOperation {
  mlir::linalg::LinalgOp op;
  /// The layer whose weights it multiplies by, or empty.
  std::string layer;
  /// 0 where sizes are dynamic.
  int64_t multiplyAdds;
  /// Why no kernel computes it.
  std::string reason;
};

/// Those of `module`, in program order, once convolutions and matrices are
/// raised: what is left to IREE.
llvm::SmallVector<LeftOperation> leftOperations(mlir::ModuleOp module);

/// The same as a JSON array with one object an operation.
std::string leftReport(mlir::ModuleOp module);

} // namespace patternc

#endif // ANALYSIS_LEFTOPERATIONS_H
