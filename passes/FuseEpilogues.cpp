// Fuses what follows a pattern.conv2d into it: the addition of another image
// and then a ReLU or ReLU6. Precondition: pattern.conv2d among linalg on
// tensors. Postcondition: no convolution without activation is used by one ReLU
// alone, and none without residual by one addition alone. Refuses nothing.

#include "dialect/PatternOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/LinalgMatchers.h"
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

/// Fuses a ReLU or ReLU6 that is the only use of a pattern.conv2d.
struct FuseActivation : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op, 1))
      return failure();
    auto conv = op.getDpsInputOperand(0)->get().getDefiningOp<Conv2DOp>();
    if (!conv || !conv->hasOneUse() ||
        conv.getActivation() != Activation::None ||
        conv.getType() != op->getResult(0).getType())
      return failure();
    FailureOr<Activation> activation = matchActivation(*op.getBody());
    if (failed(activation))
      return failure();
    rewriter.modifyOpInPlace(conv, [&] { conv.setActivation(*activation); });
    rewriter.replaceOp(op, conv.getOutput());
    return success();
  }

private:
  /// If `value` is max(x, 0), returns x. `value` may be a maximum, or a
  /// comparison and a select in any of their mirrored forms.
  static Value matchClampBelow(Value value) {
    if (auto max = value.getDefiningOp<arith::MaximumFOp>())
      return isZero(max.getRhs())   ? max.getLhs()
             : isZero(max.getLhs()) ? max.getRhs()
                                    : Value();
    return matchSelect(value, isZero, /*keepsGreater=*/true);
  }

  static Value matchClampAbove(Value value, double bound) {
    auto isBound = [&](Value v) {
      FloatAttr attribute;
      return matchPattern(v, m_Constant(&attribute)) &&
             attribute.getValueAsDouble() == bound;
    };
    if (auto min = value.getDefiningOp<arith::MinimumFOp>())
      return isBound(min.getRhs())   ? min.getLhs()
             : isBound(min.getLhs()) ? min.getRhs()
                                     : Value();
    return matchSelect(value, isBound, /*keepsGreater=*/false);
  }

  /// Matches `select(cmpf(x, bound), a, b)`, or that of `cmpf(bound, x)`, with
  /// {a, b} = {x, bound} that keeps the greater (or the lesser) of the two;
  /// returns x.
  static Value matchSelect(Value value, function_ref<bool(Value)> isBound,
                           bool keepsGreater) {
    auto select = value.getDefiningOp<arith::SelectOp>();
    auto compare =
        select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : nullptr;
    if (!compare)
      return {};
    using Predicate = arith::CmpFPredicate;
    bool greater = llvm::is_contained(
        {Predicate::OGT, Predicate::UGT, Predicate::OGE, Predicate::UGE},
        compare.getPredicate());
    bool less = llvm::is_contained(
        {Predicate::OLT, Predicate::ULT, Predicate::OLE, Predicate::ULE},
        compare.getPredicate());
    Value x = compare.getLhs(), bound = compare.getRhs();
    if (isBound(x)) {
      std::swap(x, bound);
      std::swap(greater, less);
    }
    if (!isBound(bound))
      return {};
    Value whenTrue = select.getTrueValue(), whenFalse = select.getFalseValue();
    bool xWhenTrue = whenTrue == x && isBound(whenFalse);
    bool xWhenFalse = whenFalse == x && isBound(whenTrue);
    if ((greater && xWhenTrue) || (less && xWhenFalse))
      return keepsGreater ? x : Value();
    if ((less && xWhenTrue) || (greater && xWhenFalse))
      return keepsGreater ? Value() : x;
    return {};
  }

  static FailureOr<Activation> matchActivation(Block &body) {
    Value result = body.getTerminator()->getOperand(0);
    Value input = body.getArgument(0);
    if (matchClampBelow(result) == input)
      return Activation::Relu;
    if (Value inner = matchClampAbove(result, 6.0);
        inner && matchClampBelow(inner) == input)
      return Activation::Relu6;
    if (Value inner = matchClampBelow(result);
        inner && matchClampAbove(inner, 6.0) == input)
      return Activation::Relu6;
    return failure();
  }
};

class FuseEpilogues
    : public patternc::impl::FuseEpiloguesPassBase<FuseEpilogues> {
public:
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<FuseResidual, FuseActivation>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
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
