// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Raises linalg convolutions with constant weights to pattern.conv2d, together
// with the tensor.pad of their input and the bias in their initial value. A 1-D
// convolution is one of images of height 1. Precondition: linalg on tensors.
// Postcondition: no static convolution of f32 or f16 with constant weights is
// left in NCHW or NCW form. Refuses weights that are not finite; leaves alone
// whatever it has no pattern form for.

#include "analysis/KernelInference.h"
#include "analysis/LinalgMatchers.h"
#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
#include "dialect/KernelMap.h"
#include "dialect/LayerName.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/GreedyRewrite.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

#include <cmath>

namespace patternc {
#define GEN_PASS_DEF_RAISECONVOLUTIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

/// The parts of a linalg convolution in the terms of pattern.conv2d.
struct Convolution {
  Value input;
  SmallVector<int64_t, 2> strides, dilations;
  OpFoldResult bias;     // a constant or a value; null without bias
  ElementsAttr weights;  // filters × channels of a group × height × width
  StringRef weightsName; // of the blob, if any
  int64_t groups = 1;
  SmallVector<int64_t> outputShape; // N, O, H', W'
};

} // namespace

/// N×C×W to or from N×C×1×W.
static const SmallVector<ReassociationIndices> rowOfImage{{0}, {1}, {2, 3}};

/// True if strides and dilations are positive, the output is as large as the
/// input allows and nothing is too large for pattern.conv2d; linalg also takes
/// others.
static bool readsWholeImage(const Convolution &conv, ArrayRef<int64_t> image,
                            ArrayRef<int64_t> kernel) {
  for (int d : {0, 1})
    if (conv.strides[d] < 1 || conv.dilations[d] < 1 ||
        ArrayRef(conv.outputShape).take_back(2)[d] !=
            ConvolutionGeometry::outputSize(image.take_back(2)[d], kernel[d],
                                            conv.dilations[d], conv.strides[d]))
      return false;
  return whatIsTooLarge(image.take_back(4), /*padding=*/{0, 0, 0, 0}, kernel,
                        conv.strides)
             .empty() &&
         saturatedProduct(conv.strides) <= maxPhases &&
         saturatedProduct(kernel) <= maxKernelPositions &&
         conv.weights.getNumElements() <=
             saturatedProduct({maxKernels, kernel[0], kernel[1]});
}

/// Reads what all convolution ops share; the caller fills in the groups.
template <typename LinalgOp>
static FailureOr<Convolution> matchConvolution(LinalgOp op) {
  Convolution conv;
  if (!op.hasPureTensorSemantics() || !llvm::all_of(op.getInputs(), isPlain) ||
      !isPlain(op->getResult(0)) || !isOfOneType(op))
    return failure();
  Value source = skipReshapes(op.getInputs()[1]);
  if (!matchPattern(source, m_Constant(&conv.weights)))
    return failure();
  // N × O × H' × W', or N × groups × O × H' × W'.
  ArrayRef<int64_t> out = shapeOf(op->getResult(0));
  conv.outputShape.assign(out.begin(), out.end());
  llvm::append_range(conv.dilations,
                     op.getDilations().template getValues<int64_t>());
  // A stride over a single output leads beyond the image, no matter how far.
  ArrayRef<int64_t> image = shapeOf(op.getInputs()[0]);
  for (auto [in, size, stride] :
       llvm::zip_equal(image.take_back(2), out.take_back(2),
                       op.getStrides().template getValues<int64_t>()))
    conv.strides.push_back(size == 1 ? std::min(stride, in) : stride);
  if (!readsWholeImage(conv, image, shapeOf(op.getInputs()[1]).take_back(2)))
    return failure();
  FailureOr<OpFoldResult> bias = matchBias(
      op.getOutputs()[0], llvm::product_of(out.drop_front().drop_back(2)));
  if (failed(bias))
    return failure();
  conv.bias = *bias;
  conv.weightsName = blobName(source);
  conv.input = op.getInputs()[0];
  return conv;
}

static FailureOr<Convolution> match(linalg::Conv2DNchwFchwOp op) {
  return matchConvolution(op);
}

static FailureOr<Convolution> match(linalg::DepthwiseConv2DNchwChwOp op) {
  FailureOr<Convolution> conv = matchConvolution(op);
  if (succeeded(conv))
    conv->groups = conv->outputShape[1];
  return conv;
}

static FailureOr<Convolution> match(linalg::Conv2DNgchwGfchwOp op) {
  FailureOr<Convolution> conv = matchConvolution(op);
  if (failed(conv))
    return failure();
  conv->groups = conv->outputShape[1];
  ArrayRef<int64_t> out = conv->outputShape;
  conv->outputShape = {out[0], out[1] * out[2], out[3], out[4]};
  return conv;
}

namespace {

/// By weights.
using KernelMaps = llvm::DenseMap<Attribute, KernelMapAttr>;

template <typename LinalgOp>
struct RaiseConvolution : OpRewritePattern<LinalgOp> {
  RaiseConvolution(MLIRContext *context, int64_t maxPatterns, KernelMaps &maps)
      : OpRewritePattern<LinalgOp>(context), maxPatterns(maxPatterns),
        maps(maps) {}

  LogicalResult matchAndRewrite(LinalgOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<Convolution> conv = match(op);
    if (failed(conv))
      return failure();
    Type element = conv->weights.getElementType();
    // The kernel is the last two dimensions of the linalg weights.
    ArrayRef<int64_t> linalgWeights = shapeOf(op.getInputs()[1]);
    auto weightsType = RankedTensorType::get(
        {conv->outputShape[1],
         conv->weights.getNumElements() /
             (conv->outputShape[1] * linalgWeights.back() *
              linalgWeights.drop_back().back()),
         linalgWeights.drop_back().back(), linalgWeights.back()},
        element);
    ElementsAttr weights = reshapeConstant(conv->weights, weightsType);
    auto data = weights ? ConstantData<float>::of(weights) : std::nullopt;
    if (!data)
      return rewriter.notifyMatchFailure(op, "weights have no data");
    // An unrolled loop has the same weights in each of its steps.
    KernelMapAttr &map = maps[weights];
    if (!map)
      map =
          inferKernelMap(rewriter.getContext(), layerOf(conv->weightsName),
                         data->elements(), weightsType.getShape(), maxPatterns);

    StringAttr layer = layerAttr(rewriter.getContext(), conv->weightsName);
    Location loc = nameLayer(op.getLoc(), layer);
    auto constant = [&](Attribute value) -> Value {
      return arith::ConstantOp::create(rewriter, loc, cast<TypedAttr>(value));
    };
    Value bias = dyn_cast_if_present<Value>(conv->bias);
    if (auto splat = dyn_cast_if_present<Attribute>(conv->bias))
      bias = constant(splat);
    Value input = conv->input;
    if (shapeOf(input).size() == 5)
      input = joinGroups(rewriter, loc, input);
    SmallVector<int64_t> padding = takePadding(input, isZero);
    auto outputType = RankedTensorType::get(conv->outputShape, element);
    Value result = Conv2DOp::create(
        rewriter, loc, outputType, input, constant(weights),
        /*scale=*/nullptr, bias,
        /*residual=*/nullptr, map,
        /*filter_order=*/nullptr, /*filter_group=*/nullptr,
        rewriter.getDenseI64ArrayAttr(conv->strides),
        rewriter.getDenseI64ArrayAttr(padding),
        rewriter.getDenseI64ArrayAttr(conv->dilations),
        rewriter.getI64IntegerAttr(conv->groups),
        ActivationAttr::get(rewriter.getContext(), Activation::None),
        /*quantization=*/nullptr, layer);
    auto wanted = cast<RankedTensorType>(op->getResult(0).getType());
    if (wanted.getRank() == 5)
      result = tensor::ExpandShapeOp::create(rewriter, loc, wanted, result,
                                             groupsJoined());
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// N×G×C×H×W to N×(G·C)×H×W, through the reshape that made it if there is
  /// one.
  static Value joinGroups(PatternRewriter &rewriter, Location loc,
                          Value input) {
    auto expand = input.getDefiningOp<tensor::ExpandShapeOp>();
    if (expand &&
        ArrayRef(expand.getReassociationIndices()) == groupsJoined() &&
        isPlain(expand.getSrc()))
      return expand.getSrc();
    return tensor::CollapseShapeOp::create(rewriter, loc, input,
                                           groupsJoined());
  }

  int64_t maxPatterns;
  KernelMaps &maps;
};

/// Makes a 1-D convolution a 2-D one, which is then raised.
struct ExpandConvolution1D : OpRewritePattern<linalg::Conv1DNcwFcwOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::Conv1DNcwFcwOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() ||
        !llvm::all_of(op.getInputs(), isPlain) || !isPlain(op->getResult(0)) ||
        !isOfOneType(op) ||
        !matchPattern(skipReshapes(op.getInputs()[1]), m_Constant()))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto ofRows = [&](DenseElementsAttr attribute) {
      return b.getI64VectorAttr({1, *attribute.getValues<int64_t>().begin()});
    };
    Value init = expandBias(b, op.getOutputs()[0]);
    Value conv = linalg::Conv2DNchwFchwOp::create(
                     b, init.getType(),
                     ValueRange{expandPadded(b, op.getInputs()[0]),
                                expand(b, op.getInputs()[1])},
                     init, ofRows(op.getStrides()), ofRows(op.getDilations()))
                     .getResult(0);
    rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(
        op, op->getResult(0).getType(), conv, rowOfImage);
    return success();
  }

private:
  static RankedTensorType expanded(Value value) {
    ArrayRef<int64_t> shape = shapeOf(value);
    return RankedTensorType::get({shape[0], shape[1], 1, shape[2]},
                                 getElementTypeOrSelf(value.getType()));
  }

  static Value expand(ImplicitLocOpBuilder &b, Value value) {
    return tensor::ExpandShapeOp::create(b, expanded(value), value, rowOfImage);
  }

  /// Padding stays the operation before the convolution.
  static Value expandPadded(ImplicitLocOpBuilder &b, Value image) {
    auto pad = image.getDefiningOp<tensor::PadOp>();
    if (!pad || !pad.getConstantPaddingValue() || !isPlain(pad.getSource()))
      return expand(b, image);
    auto ofRows = [&](SmallVector<OpFoldResult> sizes) {
      sizes.insert(sizes.begin() + 2, b.getIndexAttr(0));
      return sizes;
    };
    // A constant may stand inside the operation, where only it is seen.
    Value padding = pad.getConstantPaddingValue();
    if (TypedAttr constant; matchPattern(padding, m_Constant(&constant)))
      padding = arith::ConstantOp::create(b, constant);
    return tensor::PadOp::create(b, expanded(image), expand(b, pad.getSource()),
                                 ofRows(pad.getMixedLowPad()),
                                 ofRows(pad.getMixedHighPad()), padding);
  }

  static Value expandBias(ImplicitLocOpBuilder &b, Value init) {
    auto broadcast = init.getDefiningOp<linalg::BroadcastOp>();
    if (!broadcast || broadcast.getDimensions() != ArrayRef<int64_t>{0, 2})
      return expand(b, init);
    RankedTensorType type = expanded(init);
    Value empty =
        tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
    return linalg::BroadcastOp::create(b, broadcast.getInput(), empty,
                                       ArrayRef<int64_t>{0, 2, 3})
        ->getResult(0);
  }
};

class RaiseConvolutions
    : public patternc::impl::RaiseConvolutionsPassBase<RaiseConvolutions> {
public:
  using RaiseConvolutionsPassBase::RaiseConvolutionsPassBase;

  void runOnOperation() override {
    if (failed(checkWeights<linalg::Conv2DNchwFchwOp>()) ||
        failed(checkWeights<linalg::DepthwiseConv2DNchwChwOp>()) ||
        failed(checkWeights<linalg::Conv2DNgchwGfchwOp>()) ||
        failed(checkWeights<linalg::Conv1DNcwFcwOp>()))
      return signalPassFailure();

    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    KernelMaps maps;
    patterns.add<RaiseConvolution<linalg::Conv2DNchwFchwOp>,
                 RaiseConvolution<linalg::DepthwiseConv2DNchwChwOp>,
                 RaiseConvolution<linalg::Conv2DNgchwGfchwOp>>(
        context, static_cast<int64_t>(maxPatterns), maps);
    patterns.add<ExpandConvolution1D>(context);
    // The reshapes around grouped convolutions cancel.
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    if (failed(rewriteGreedily(*this, getOperation(), std::move(patterns),
                               maxRewrites)))
      return signalPassFailure();

    int64_t patterned = 0, dense = 0, removedKernels = 0;
    getOperation().walk([&](Conv2DOp op) {
      ++(op.getMap().getSet().isAllPositions() ? dense : patterned);
      if (auto ids = KernelIds::of(op.getMap()))
        removedKernels += ids->countRemoved();
    });
    remarkStatistics(*this, getOperation(),
                     {{"patterned", patterned},
                      {"dense", dense},
                      {"removed-kernels", removedKernels}});
  }

private:
  template <typename LinalgOp> LogicalResult checkWeights() {
    WalkResult result = getOperation().walk([&](LinalgOp op) {
      Value source = skipReshapes(op.getInputs()[1]);
      auto weights = ConstantData<float>::of(source);
      if (!weights || llvm::all_of(weights->elements(),
                                   [](float w) { return std::isfinite(w); }))
        return WalkResult::advance();
      StringRef name = blobName(source);
      op.emitError("weights ") << (name.empty() ? "of this convolution" : name)
                               << " hold a value that is not finite";
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }
};

} // namespace
