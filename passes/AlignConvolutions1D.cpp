// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Gives the images of 1-D convolutions one form, which is a row. Importers
// write some as columns, and what is between two convolutions on tensors of
// rank 3. Precondition: pattern.conv2d among linalg on tensors. Postcondition:
// no convolution along a column is left, and elementwise operations on what a
// convolution along a row makes are on images. Refuses nothing.

#include "analysis/LinalgMatchers.h"
#include "dialect/ConstantData.h"
#include "dialect/PatternOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/GreedyRewrite.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_ALIGNCONVOLUTIONS1DPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// N×C×L to or from N×C×1×L or N×C×L×1.
static const SmallVector<ReassociationIndices> line{{0}, {1}, {2, 3}};

/// The same image with height and width in turn; one of them is 1.
static RankedTensorType turned(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  return RankedTensorType::get({shape[0], shape[1], shape[3], shape[2]},
                               type.getElementType());
}

static Value turn(PatternRewriter &rewriter, Location loc, Value image) {
  auto type = cast<RankedTensorType>(image.getType());
  Value collapsed = tensor::CollapseShapeOp::create(rewriter, loc, image, line);
  return tensor::ExpandShapeOp::create(rewriter, loc, turned(type), collapsed,
                                       line);
}

/// Whether `collapse` gives the elements of images that are rows.
static bool isOfRows(tensor::CollapseShapeOp collapse) {
  return collapse.getReassociationIndices() == line &&
         collapse.getSrcType().getRank() == 4 &&
         collapse.getSrcType().getDimSize(2) == 1;
}

namespace {

/// Turns a convolution along a column.
struct TurnConvolution : OpRewritePattern<Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(Conv2DOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType input = op.getInput().getType();
    RankedTensorType weights = op.getWeights().getType();
    ArrayRef<int64_t> padding = op.getPadding();
    ElementsAttr constant;
    if (input.getDimSize(2) == 1 || input.getDimSize(3) != 1 ||
        weights.getDimSize(3) != 1 || padding[1] || padding[3] ||
        op.getResidual() ||
        !matchPattern(op.getWeights(), m_Constant(&constant)))
      return failure();
    ElementsAttr turnedWeights = reshapeConstant(constant, turned(weights));
    if (!turnedWeights)
      return failure();
    Location loc = op.getLoc();
    KernelPatternsAttr set = op.getMap().getSet();
    auto map = KernelMapAttr::get(
        getContext(),
        KernelPatternsAttr::get(getContext(), set.getWidth(), set.getHeight(),
                                set.getEntries(), set.getPositions()),
        op.getMap().getIds());
    auto swapped = [&](ArrayRef<int64_t> pair) {
      return rewriter.getDenseI64ArrayAttr({pair[1], pair[0]});
    };
    Value conv = Conv2DOp::create(
        rewriter, loc, turned(op.getType()), turn(rewriter, loc, op.getInput()),
        arith::ConstantOp::create(rewriter, op.getWeights().getLoc(),
                                  cast<TypedAttr>(turnedWeights)),
        op.getScale(), op.getBias(), /*residual=*/nullptr, map,
        op.getFilterOrderAttr(), op.getFilterGroupAttr(),
        swapped(op.getStrides()),
        rewriter.getDenseI64ArrayAttr(
            {padding[1], padding[0], padding[3], padding[2]}),
        swapped(op.getDilations()), op.getGroupsAttr(), op.getActivationAttr(),
        op.getQuantizationAttr(), op.getLayerAttr());
    rewriter.replaceOp(op, turn(rewriter, loc, conv));
    return success();
  }
};

class AlignConvolutions1D
    : public patternc::impl::AlignConvolutions1DPassBase<AlignConvolutions1D> {
public:
  using AlignConvolutions1DPassBase::AlignConvolutions1DPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<TurnConvolution>(context);
    // What is computed from each output moves to the image, where it can be
    // fused; then the reshapes between two convolutions cancel.
    linalg::populateFoldReshapeOpsByExpansionPatterns(
        patterns, [](OpOperand *operand) {
          auto collapse =
              operand->get().getDefiningOp<tensor::CollapseShapeOp>();
          return collapse && isOfRows(collapse) &&
                 hasStaticTensors(operand->getOwner());
        });
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    if (failed(rewriteGreedily(*this, getOperation(), std::move(patterns),
                               maxRewrites)))
      return signalPassFailure();
    int64_t rows = 0;
    getOperation().walk([&](Conv2DOp op) {
      ArrayRef<int64_t> shape = op.getInput().getType().getShape();
      rows += shape[2] == 1 && shape[3] > 1;
    });
    remarkStatistics(*this, getOperation(), {{"rows", rows}});
  }
};

} // namespace
