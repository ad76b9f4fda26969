// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PASSES_GREEDYREWRITE_H
#define PASSES_GREEDYREWRITE_H

#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace patternc {

/// Applies `patterns` to what is inside `root` until none matches, and nothing
/// else: control flow stays as it is. It ends in any case: after
/// `maxRewrites`, or if that is 0, after a number that grows with the
/// operations of `root`, it fails with an error at the operation that is still
/// rewritten, which names the pass and the pattern.
llvm::LogicalResult
rewriteGreedily(const mlir::Pass &pass, mlir::Operation *root,
                const mlir::FrozenRewritePatternSet &patterns,
                int64_t maxRewrites, mlir::GreedyRewriteConfig config = {});

} // namespace patternc

#endif // PASSES_GREEDYREWRITE_H
