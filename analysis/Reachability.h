// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_REACHABILITY_H
#define ANALYSIS_REACHABILITY_H

#include "mlir/IR/Dominance.h"

namespace patternc {

/// Whether control flow comes to an operation. Elsewhere values may be computed
/// of each other in circles, which nothing may follow to their beginning.
inline bool isReachable(mlir::Operation *op, mlir::DominanceInfo &dominance) {
  for (; op && op->getBlock(); op = op->getParentOp())
    if (!dominance.isReachableFromEntry(op->getBlock()))
      return false;
  return true;
}

} // namespace patternc

#endif // ANALYSIS_REACHABILITY_H
