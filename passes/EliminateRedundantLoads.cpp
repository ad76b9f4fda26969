// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Load redundancy elimination (LRE). A load of an address that was loaded
// before in the same block, without a write in between, takes that value.
// Addresses are equal if their arithmetic is, once sums with constants are
// folded: then this is common subexpression elimination. Precondition: kernels
// are lowered to executables. Postcondition: no block of an executable's
// functions has two such loads. Refuses nothing.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/CSE.h"
#include "passes/GreedyRewrite.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_ELIMINATEREDUNDANTLOADSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// A multiply-add of vectors, or of scalars.
static bool isMultiplyAdd(Operation &op) {
  return isa<vector::FMAOp>(op) ||
         (isa<arith::AddFOp>(op) && llvm::any_of(op.getOperands(), [](Value x) {
            return x.getDefiningOp<arith::MulFOp>() != nullptr;
          }));
}

namespace {

/// What the micro-kernels of a function do in one iteration.
struct Counts {
  int64_t multiplyAdds = 0, loads = 0;
};

class EliminateRedundantLoads
    : public patternc::impl::EliminateRedundantLoadsPassBase<
          EliminateRedundantLoads> {
public:
  using EliminateRedundantLoadsPassBase::EliminateRedundantLoadsPassBase;

  void runOnOperation() override {
    RewritePatternSet sums(&getContext());
    arith::AddIOp::getCanonicalizationPatterns(sums, &getContext());
    FrozenRewritePatternSet foldSums(std::move(sums));
    Counts before, after;
    SmallVector<FunctionOpInterface> functions;
    getOperation().walk([&](Operation *executable) {
      if (executable->getName().getStringRef() == "stream.executable")
        executable->walk([&](FunctionOpInterface function) {
          if (function->hasTrait<OpTrait::IsIsolatedFromAbove>())
            functions.push_back(function);
        });
    });
    for (FunctionOpInterface function : functions) {
      count(function, before);
      if (failed(rewriteGreedily(*this, function, foldSums, maxRewrites)))
        return signalPassFailure();
      IRRewriter rewriter(&getContext());
      DominanceInfo dominance(function);
      eliminateCommonSubExpressions(rewriter, dominance, function);
      count(function, after);
    }
    remarkStatistics(*this, getOperation(),
                     {{"multiply-adds", after.multiplyAdds},
                      {"loads-before", before.loads},
                      {"loads-after", after.loads}});
  }

private:
  static void count(FunctionOpInterface function, Counts &counts) {
    function.walk([&](Block *block) {
      int64_t multiplyAdds = llvm::count_if(*block, isMultiplyAdd);
      if (multiplyAdds == 0)
        return;
      counts.multiplyAdds += multiplyAdds;
      counts.loads +=
          llvm::count_if(*block, llvm::IsaPred<vector::LoadOp, memref::LoadOp>);
    });
  }
};

} // namespace
