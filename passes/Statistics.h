// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PASSES_STATISTICS_H
#define PASSES_STATISTICS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace patternc {

/// Reports what a pass did to `module`, as an analysis remark `statistics`
/// whose category is the flag of the pass (`--remarks-filter`). MLIR's own pass
/// statistics count nothing in builds without assertions, such as Debian's.
void remarkStatistics(
    const mlir::Pass &pass, mlir::ModuleOp module,
    llvm::ArrayRef<std::pair<llvm::StringRef, int64_t>> statistics);

} // namespace patternc

#endif // PASSES_STATISTICS_H
