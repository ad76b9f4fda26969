// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Raises poolings of NCHW images to pattern.pool2d, together with the
// tensor.pad of their input: maxima, means, which linalg has as sums and a
// division by the size of the kernel, and means of whole channels.
// Precondition: linalg on tensors. Postcondition: no such pooling of static
// images of f32 or f16 is left. Refuses nothing; leaves alone whatever it has
// no pattern form for, as poolings with dilations and means that divide by the
// image positions in each window.

#include "analysis/LinalgMatchers.h"
#include "dialect/ConvolutionGeometry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/GreedyRewrite.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_RAISEPOOLINGPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

/// A kernel that slides over an image, in the terms of pattern.pool2d.
struct Windows {
  Value image;
  SmallVector<int64_t> kernel, strides, padding, outputShape;
};

} // namespace

static bool isNegativeInfinity(Value value) {
  return matchPattern(value, m_NegInfFloat());
}

/// True if all elements of `init` are what `isNeutral` accepts.
static bool isFilled(Value init, function_ref<bool(Value)> isNeutral) {
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    init = fill.getInputs()[0];
  return isNeutral(init);
}

/// Takes the padding of the image over into the windows. Fails if they are then
/// not those of pattern.pool2d.
static FailureOr<Windows> withPadding(Windows windows,
                                      function_ref<bool(Value)> isNeutral) {
  windows.padding = takePadding(windows.image, isNeutral);
  ArrayRef<int64_t> in = shapeOf(windows.image).take_back(2);
  ArrayRef<int64_t> out = ArrayRef(windows.outputShape).take_back(2);
  auto isTooLarge = [&] {
    return !whatIsTooLarge(shapeOf(windows.image), windows.padding,
                           windows.kernel, windows.strides)
                .empty();
  };
  if (isTooLarge())
    return failure();
  for (int d : {0, 1}) {
    int64_t kernel = windows.kernel[d], stride = windows.strides[d];
    int64_t low = windows.padding[d];
    // In ceil mode, torch-mlir pads for a window that is not in the output.
    int64_t end = (out[d] - 1) * stride + kernel;
    int64_t high = std::max<int64_t>(0, end - low - in[d]);
    if (low >= kernel || high >= kernel ||
        out[d] != ConvolutionGeometry::outputSize(low + in[d] + high, kernel,
                                                  /*dilation=*/1, stride))
      return failure();
    windows.padding[2 + d] = high;
  }
  if (isTooLarge())
    return failure();
  return windows;
}

template <typename LinalgOp>
static FailureOr<Windows> matchPooling(LinalgOp op,
                                       function_ref<bool(Value)> isNeutral) {
  auto values = [](DenseElementsAttr attribute) {
    return llvm::to_vector(attribute.getValues<int64_t>());
  };
  if (!op.hasPureTensorSemantics() || !llvm::all_of(op.getInputs(), isPlain) ||
      !isPlain(op->getResult(0)) || !isOfOneType(op) ||
      !isFilled(op.getOutputs()[0], isNeutral) ||
      values(op.getDilations()) != ArrayRef<int64_t>{1, 1})
    return failure();
  auto outputShape = llvm::to_vector(shapeOf(op->getResult(0)));
  SmallVector<int64_t> strides = values(op.getStrides());
  ArrayRef<int64_t> image = shapeOf(op.getInputs()[0]);
  for (auto [in, size, stride] : llvm::zip_equal(
           image.take_back(2), ArrayRef(outputShape).take_back(2), strides)) {
    if (stride < 1)
      return failure();
    if (size == 1) // it leads beyond the image, no matter how far
      stride = std::min(stride, in);
  }
  return withPadding({/*image=*/op.getInputs()[0],
                      /*kernel=*/llvm::to_vector(shapeOf(op.getInputs()[1])),
                      strides,
                      /*padding=*/{}, outputShape},
                     isNeutral);
}

/// Matches the sum over the height and the width of an image, which it keeps
/// with one position or drops, as one window for each channel.
static FailureOr<Windows> matchGlobalSum(linalg::GenericOp op) {
  using utils::IteratorType;
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 1 ||
      op.getNumDpsInits() != 1 ||
      op.getIteratorTypesArray() !=
          ArrayRef{IteratorType::parallel, IteratorType::parallel,
                   IteratorType::reduction, IteratorType::reduction} ||
      !isPlain(op.getInputs()[0]) || !isPlain(op->getResult(0)) ||
      !isOfOneType(op) || !isFilled(op.getOutputs()[0], isZero) ||
      !addsArguments(*op.getBody()))
    return failure();
  Builder b(op.getContext());
  AffineExpr n = b.getAffineDimExpr(0), c = b.getAffineDimExpr(1),
             zero = b.getAffineConstantExpr(0);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (!maps[0].isIdentity() ||
      (maps[1].getResults() != ArrayRef{n, c} &&
       maps[1].getResults() != ArrayRef{n, c, zero, zero}))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(op.getInputs()[0]);
  return withPadding({/*image=*/op.getInputs()[0],
                      /*kernel=*/llvm::to_vector(shape.take_back(2)),
                      /*strides=*/{1, 1},
                      /*padding=*/{},
                      /*outputShape=*/{shape[0], shape[1], 1, 1}},
                     isZero);
}

static Value createPool(PatternRewriter &rewriter, Location loc, Pooling kind,
                        const Windows &windows) {
  return Pool2DOp::create(
      rewriter, loc,
      RankedTensorType::get(windows.outputShape,
                            getElementTypeOrSelf(windows.image.getType())),
      windows.image, kind, windows.kernel, windows.strides, windows.padding,
      /*quantization=*/nullptr, /*schedule=*/nullptr, /*layer=*/nullptr);
}

namespace {

struct RaiseMaximum : OpRewritePattern<linalg::PoolingNchwMaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::PoolingNchwMaxOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<Windows> windows = matchPooling(op, isNegativeInfinity);
    if (failed(windows))
      return failure();
    rewriter.replaceOp(
        op, createPool(rewriter, op.getLoc(), Pooling::Max, *windows));
    return success();
  }
};

/// Matches the division that makes a mean of a sum.
struct RaiseMean : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op, 1) || !op.getInputs()[0].hasOneUse() ||
        op.getInputs()[0].getType() != op->getResult(0).getType())
      return failure();
    FailureOr<Windows> windows = matchSum(op.getInputs()[0].getDefiningOp());
    if (failed(windows) ||
        !dividesBy(*op.getBody(), llvm::product_of(windows->kernel)))
      return failure();
    Value mean = createPool(rewriter, op.getLoc(), Pooling::Average, *windows);
    auto wanted = cast<RankedTensorType>(op->getResult(0).getType());
    if (wanted.getRank() == 2)
      mean = tensor::CollapseShapeOp::create(
          rewriter, op.getLoc(), wanted, mean,
          SmallVector<ReassociationIndices>{{0}, {1, 2, 3}});
    rewriter.replaceOp(op, mean);
    return success();
  }

private:
  static FailureOr<Windows> matchSum(Operation *op) {
    if (auto pooling = dyn_cast_if_present<linalg::PoolingNchwSumOp>(op))
      return matchPooling(pooling, isZero);
    if (auto generic = dyn_cast_if_present<linalg::GenericOp>(op))
      return matchGlobalSum(generic);
    return failure();
  }

  /// The divisor in the body may be rounded to f16.
  static bool dividesBy(Block &body, int64_t divisor) {
    auto division =
        body.getTerminator()->getOperand(0).getDefiningOp<arith::DivFOp>();
    FloatAttr constant;
    return division && division.getLhs() == body.getArgument(0) &&
           matchPattern(division.getRhs(), m_Constant(&constant)) &&
           constant == FloatAttr::get(constant.getType(), divisor);
  }
};

class RaisePooling : public patternc::impl::RaisePoolingPassBase<RaisePooling> {
public:
  using RaisePoolingPassBase::RaisePoolingPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<RaiseMaximum, RaiseMean>(context);
    if (failed(rewriteGreedily(*this, getOperation(), std::move(patterns),
                               maxRewrites)))
      return signalPassFailure();

    int64_t maxima = 0, means = 0;
    getOperation().walk([&](Pool2DOp op) {
      ++(op.getPooling() == Pooling::Max ? maxima : means);
    });
    remarkStatistics(*this, getOperation(),
                     {{"maxima", maxima}, {"means", means}});
  }
};

} // namespace
