// Raises fully connected layers to pattern.conv2d: a vector times a constant
// matrix is a 1x1 convolution of an image of one position. Precondition: linalg
// on tensors. Postcondition: no static product of one row with transposed
// constant weights is left. Refuses nothing; leaves alone products of more
// rows, which is where general matrix products are good.

#include "dialect/ConstantData.h"
#include "dialect/PatternOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/KernelInference.h"
#include "passes/LayerName.h"
#include "passes/LinalgMatchers.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_RAISEFULLYCONNECTEDPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// 1×C to or from 1×C×1×1.
static const SmallVector<ReassociationIndices> onePosition{{0}, {1, 2, 3}};

/// Whether `collapse` gives the rows of images of one position.
static bool isOfOnePosition(tensor::CollapseShapeOp collapse) {
  return collapse.getReassociationIndices() == onePosition &&
         collapse.getSrcType().getShape().take_back(2) ==
             ArrayRef<int64_t>{1, 1};
}

/// A single zero would keep the filters around it from sharing their indices,
/// so weights that are mostly there are stored whole.
static KernelMapAttr mapOf(MLIRContext *context, ArrayRef<float> weights,
                           ArrayRef<int64_t> shape) {
  if (2 * llvm::count(weights, 0.0f) >= static_cast<int64_t>(weights.size()))
    return inferKernelMap(context, weights, shape, /*maxPatterns=*/1);
  auto type = RankedTensorType::get(
      shape.take_front(2), IntegerType::get(context, 8, IntegerType::Unsigned));
  return KernelMapAttr::get(context,
                            KernelPatternsAttr::getAllPositions(context, 1, 1),
                            DenseIntElementsAttr::get(type, uint8_t(1)));
}

namespace {

struct RaiseMatmul : OpRewritePattern<linalg::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::MatmulOp op,
                                PatternRewriter &rewriter) const override {
    Value input = op.getInputs()[0];
    auto transpose = op.getInputs()[1].getDefiningOp<linalg::TransposeOp>();
    if (!op.hasPureTensorSemantics() || op.hasUserDefinedMaps() || !transpose ||
        !isPlain(input) || !isPlain(op->getResult(0)) || !isOfOneType(op) ||
        !isPlain(transpose.getInput()) || !isZeroFill(op.getOutputs()[0]))
      return failure();
    Value source = transpose.getInput();
    ElementsAttr attribute;
    auto data = ConstantData<float>::of(source);
    if (!data || !matchPattern(source, m_Constant(&attribute)))
      return failure();
    auto outputType = cast<RankedTensorType>(op->getResult(0).getType());
    int64_t filters = outputType.getDimSize(1);
    int64_t channels = cast<RankedTensorType>(input.getType()).getDimSize(1);
    if (outputType.getDimSize(0) != 1)
      return failure();

    Location loc = nameLayer(op.getLoc(), blobName(source));
    auto imageOf = [&](int64_t channels) {
      return RankedTensorType::get({1, channels, 1, 1},
                                   outputType.getElementType());
    };
    SmallVector<int64_t> shape{filters, channels, 1, 1};
    Value weights = arith::ConstantOp::create(
        rewriter, loc,
        cast<TypedAttr>(reshapeConstant(
            attribute,
            RankedTensorType::get(shape, outputType.getElementType()))));
    Value image = tensor::ExpandShapeOp::create(
        rewriter, loc, imageOf(channels), input, onePosition);
    auto pair = rewriter.getDenseI64ArrayAttr({1, 1});
    Value conv = Conv2DOp::create(
        rewriter, loc, imageOf(filters), image, weights, /*bias=*/nullptr,
        /*residual=*/nullptr,
        mapOf(rewriter.getContext(), data->elements(), shape),
        /*filter_order=*/nullptr, /*strides=*/pair,
        rewriter.getDenseI64ArrayAttr({0, 0, 0, 0}), /*dilations=*/pair,
        rewriter.getI64IntegerAttr(1),
        ActivationAttr::get(rewriter.getContext(), Activation::None));
    rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(op, outputType, conv,
                                                         onePosition);
    return success();
  }

private:
  static bool isZeroFill(Value init) {
    auto fill = init.getDefiningOp<linalg::FillOp>();
    return isZero(fill ? fill.getInputs()[0] : init);
  }
};

/// Takes over the bias that is added behind the product.
struct TakeBias : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
        op.getNumDpsInits() != 1 || op.getNumParallelLoops() != 2 ||
        op.getNumLoops() != 2 || !addsArguments(*op.getBody()))
      return failure();
    auto collapse = op.getInputs()[0].getDefiningOp<tensor::CollapseShapeOp>();
    auto conv =
        collapse ? collapse.getSrc().getDefiningOp<Conv2DOp>() : nullptr;
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    if (!conv || conv.getBias() || conv.getActivation() != Activation::None ||
        !isOfOnePosition(collapse) || !collapse->hasOneUse() ||
        !conv->hasOneUse() ||
        collapse.getType() != op->getResult(0).getType() ||
        !isPlain(op.getInputs()[1]) || !maps[0].isIdentity() ||
        maps[1].getResults() != ArrayRef(rewriter.getAffineDimExpr(1)) ||
        !maps[2].isIdentity())
      return failure();
    rewriter.moveOpBefore(conv, op);
    rewriter.modifyOpInPlace(
        conv, [&] { conv.getBiasMutable().assign(op.getInputs()[1]); });
    rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(
        op, collapse.getType(), conv.getOutput(), onePosition);
    rewriter.eraseOp(collapse);
    return success();
  }
};

class RaiseFullyConnected
    : public patternc::impl::RaiseFullyConnectedPassBase<RaiseFullyConnected> {
public:
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    auto convolutions = [&] {
      int64_t count = 0;
      getOperation().walk([&](Conv2DOp) { ++count; });
      return count;
    };
    int64_t before = convolutions();
    RewritePatternSet patterns(context);
    patterns.add<RaiseMatmul>(context);
    patterns.add<TakeBias>(context, /*benefit=*/2);
    // What is computed from each output moves to the image, where it can be
    // fused; then the reshapes between two layers, and those behind a global
    // pooling, cancel.
    linalg::populateFoldReshapeOpsByExpansionPatterns(
        patterns, [](OpOperand *operand) {
          auto collapse =
              operand->get().getDefiningOp<tensor::CollapseShapeOp>();
          return collapse && isOfOnePosition(collapse);
        });
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    remarkStatistics(*this, getOperation(),
                     {{"layers", convolutions() - before}});
  }
};

} // namespace
