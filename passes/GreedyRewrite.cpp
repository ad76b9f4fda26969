// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/GreedyRewrite.h"

using namespace mlir;
using namespace patternc;

/// Rewrites for each operation that a pass begins with, and at least: many
/// times what patterns take that come to an end.
static constexpr int64_t rewritesForOperation = 64, rewritesAtLeast = 1024;

namespace {

/// Remembers what was rewritten last. Operations do not live as long, so it is
/// the location that is kept.
class LastRewrite : public RewriterBase::Listener {
public:
  explicit LastRewrite(Location loc) : loc(loc) {}

  void notifyPatternBegin(const Pattern &, Operation *op) override {
    candidate = op->getLoc();
  }
  void notifyPatternEnd(const Pattern &pattern, LogicalResult status) override {
    if (failed(status))
      return;
    loc = *candidate;
    name = pattern.getDebugName();
    ++rewrites;
  }

  Location loc;
  StringRef name;
  int64_t rewrites = 0;

private:
  std::optional<Location> candidate;
};

} // namespace

LogicalResult patternc::rewriteGreedily(const Pass &pass, Operation *root,
                                        const FrozenRewritePatternSet &patterns,
                                        int64_t maxRewrites,
                                        GreedyRewriteConfig config) {
  if (maxRewrites <= 0) {
    int64_t operations = 0;
    root->walk([&](Operation *) { ++operations; });
    maxRewrites = rewritesAtLeast + rewritesForOperation * operations;
  }
  LastRewrite last(root->getLoc());
  config.setMaxIterations(1)
      .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)
      .setListener(&last);
  // What a rewrite allows further down, behind a reshape for example, may be
  // found in the next round only: there are as many as a chain is long.
  for (int64_t left = maxRewrites; left > 0;) {
    last.rewrites = 0;
    bool isChanged = false;
    if (succeeded(applyPatternsGreedily(
            root, patterns, config.setMaxNumRewrites(left), &isChanged)) ||
        !isChanged)
      return success();
    left -= std::max<int64_t>(last.rewrites, 1);
  }
  InFlightDiagnostic error =
      emitError(last.loc) << pass.getArgument() << " still rewrites this after "
                          << maxRewrites << " rewrites";
  if (!last.name.empty())
    error << ", last with " << last.name;
  return error;
}
