// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Fuses what follows a pattern.conv2d into it: the addition of another image
// and then an activation. Precondition: pattern.conv2d among linalg on tensors.
// Postcondition: no convolution without activation is used by one activation
// alone, and none without residual by one addition alone. Refuses nothing.

#include "analysis/ActivationMatcher.h"
#include "analysis/LinalgMatchers.h"
#include "dialect/PatternOps.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/GreedyRewrite.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_FUSEEPILOGUESPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

/// Fuses an image that is added to a pattern.conv2d.
struct FuseResidual : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op, 2) || !addsArguments(*op.getBody()))
      return failure();
    Value lhs = op.getInputs()[0], rhs = op.getInputs()[1];
    Conv2DOp conv = findConvolution(lhs, op), other = findConvolution(rhs, op);
    // Of two convolutions the later one adds the result of the earlier.
    if (!conv || (other && conv->isBeforeInBlock(other)))
      std::swap(conv, other);
    if (!conv)
      return failure();
    rewriter.modifyOpInPlace(conv, [&] {
      conv.getResidualMutable().assign(conv.getOutput() == lhs ? rhs : lhs);
    });
    // Nothing else needs the convolution before what it adds is known.
    rewriter.moveOpBefore(conv, op);
    rewriter.replaceOp(op, conv.getOutput());
    return success();
  }

private:
  /// The convolution that computes `value` for `op` alone and could add an
  /// image.
  static Conv2DOp findConvolution(Value value, linalg::GenericOp op) {
    auto conv = value.getDefiningOp<Conv2DOp>();
    if (!conv || !conv->hasOneUse() || conv->getBlock() != op->getBlock() ||
        conv.getResidual() || conv.getActivation() != Activation::None ||
        llvm::any_of(op->getOperandTypes(),
                     [&](Type type) { return type != conv.getType(); }))
      return {};
    return conv;
  }
};

/// Fuses the activation that a pattern.conv2d is made for.
struct FuseActivation : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    MatchedActivation matched = matchActivation(op);
    auto conv =
        matched.image ? matched.image.getDefiningOp<Conv2DOp>() : nullptr;
    if (!conv || conv.getActivation() != Activation::None ||
        conv.getType() != op->getResult(0).getType())
      return failure();
    rewriter.modifyOpInPlace(conv,
                             [&] { conv.setActivation(matched.activation); });
    rewriter.replaceOp(op, conv.getOutput());
    return success();
  }
};

class FuseEpilogues
    : public patternc::impl::FuseEpiloguesPassBase<FuseEpilogues> {
public:
  using FuseEpiloguesPassBase::FuseEpiloguesPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet residualPatterns(context), activationPatterns(context);
    residualPatterns.add<FuseResidual>(context);
    activationPatterns.add<FuseActivation>(context);
    // From the end, because what an activation begins with may be one as well.
    GreedyRewriteConfig fromTheEnd;
    fromTheEnd.setUseTopDownTraversal(false);
    if (failed(rewriteGreedily(*this, getOperation(),
                               std::move(residualPatterns), maxRewrites)) ||
        failed(rewriteGreedily(*this, getOperation(),
                               std::move(activationPatterns), maxRewrites,
                               fromTheEnd)))
      return signalPassFailure();

    int64_t residuals = 0, activations = 0;
    getOperation().walk([&](Conv2DOp op) {
      residuals += op.getResidual() != nullptr;
      activations += op.getActivation() != Activation::None;
    });
    remarkStatistics(*this, getOperation(),
                     {{"residuals", residuals}, {"activations", activations}});
  }
};

} // namespace
