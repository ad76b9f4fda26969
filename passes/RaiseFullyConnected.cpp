// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Raises products with constant matrices to pattern.conv2d: the rows of such a
// product are images of one position, and the matrix is a 1x1 convolution.
// Precondition: linalg on tensors. Postcondition: no static product of one row
// with constant weights is left, nor one of more rows of which pruning leaves
// at most half, or which the model quantises where the target has dot products
// of bytes. Refuses nothing; leaves alone other dense products of more rows,
// which is where general matrix products are good.

#include "analysis/LeftOperations.h"
#include "analysis/LinalgMatchers.h"
#include "analysis/QuantizedProducts.h"
#include "analysis/Reachability.h"
#include "analysis/WeightScales.h"
#include "dialect/ConstantData.h"
#include "dialect/KernelMap.h"
#include "dialect/LayerName.h"
#include "dialect/PatternOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "passes/GreedyRewrite.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

#include <map>

namespace patternc {
#define GEN_PASS_DEF_RAISEFULLYCONNECTEDPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// N×C to or from N×C×1×1.
static const SmallVector<ReassociationIndices> onePosition{{0}, {1, 2, 3}};

/// B×M×C to or from (B·M)×C.
static const SmallVector<ReassociationIndices> batchOfRows{{0, 1}, {2}};

/// The reshape that gives `value` as the rows of images of one position, or
/// null.
static tensor::CollapseShapeOp rowsOfImages(Value value) {
  auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>();
  if (collapse && collapse.getReassociationIndices() == onePosition &&
      collapse.getSrcType().getShape().take_back(2) == ArrayRef<int64_t>{1, 1})
    return collapse;
  return {};
}

/// Filters of a block share one set of indices and are computed together.
static constexpr int64_t maxBlock = 128;

namespace {

/// Blocks of neighbouring filters, of which each keeps the channels that one of
/// its filters keeps.
struct Blocks {
  int64_t multiplyAdds = 0;    // of a row, as vectors compute them
  SmallVector<uint8_t, 0> ids; // filters × channels, 1 where one is kept
};

} // namespace

/// Where one of the filters of a block keeps a channel; `ids` are theirs.
static SmallVector<uint8_t> uniteFilters(ArrayRef<uint8_t> ids,
                                         int64_t channels) {
  SmallVector<uint8_t> any(ids.take_front(channels));
  for (ids = ids.drop_front(channels); !ids.empty();
       ids = ids.drop_front(channels))
    for (int64_t channel = 0; channel < channels; ++channel)
      any[channel] |= ids[channel];
  return any;
}

/// The blocks with the fewest multiply-adds, the largest of equals. Vectors
/// have `lanes` filters, be they in the block or not.
static Blocks findBlocks(ArrayRef<float> weights, int64_t filters,
                         int64_t channels, int64_t lanes) {
  Blocks blocks;
  blocks.ids.resize_for_overwrite(weights.size());
  llvm::transform(weights, blocks.ids.begin(),
                  [](float weight) { return weight != 0; });
  int64_t bestSize = 0;
  for (int64_t size = 1; size <= std::min(filters, maxBlock); ++size) {
    if (filters % size != 0)
      continue;
    int64_t multiplyAdds = 0;
    for (int64_t first = 0; first < filters; first += size)
      multiplyAdds +=
          llvm::count(
              uniteFilters(
                  ArrayRef(blocks.ids).slice(first * channels, size * channels),
                  channels),
              1) *
          llvm::alignTo(size, lanes);
    if (bestSize == 0 || multiplyAdds <= blocks.multiplyAdds) {
      bestSize = size;
      blocks.multiplyAdds = multiplyAdds;
    }
  }
  MutableArrayRef<uint8_t> left = blocks.ids;
  while (!left.empty()) {
    SmallVector<uint8_t> any =
        uniteFilters(left.take_front(bestSize * channels), channels);
    for (int64_t filter = 0; filter < bestSize; ++filter) {
      llvm::copy(any, left.begin());
      left = left.drop_front(channels);
    }
  }
  return blocks;
}

/// A matrix that is stored by rows of `columns` elements, by its columns.
static SmallVector<float, 0> transposed(ArrayRef<float> matrix,
                                        int64_t columns) {
  SmallVector<float, 0> result;
  result.reserve(matrix.size());
  int64_t rows = matrix.size() / columns;
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t row = 0; row < rows; ++row)
      result.push_back(matrix[row * columns + column]);
  return result;
}

namespace {

/// What a convolution reads instead of a matrix.
struct Matrix {
  ElementsAttr weights; // filters × channels × 1 × 1
  KernelMapAttr map;
};

/// What a matrix is multiplied by: one row, more rows that are quantised
/// before and behind the product, or any.
enum class Factor { Row, QuantizedRows, Rows };

/// By the constant, whether its rows are filters, and its factor.
using Matrices = std::map<std::tuple<const void *, bool, Factor>, Matrix>;

template <typename MatmulOp> struct RaiseProduct : OpRewritePattern<MatmulOp> {
  RaiseProduct(MLIRContext *context, TargetAttr target,
               const DenseSet<Operation *> &quantized, Matrices &matrices)
      : OpRewritePattern<MatmulOp>(context), target(target),
        quantized(quantized), matrices(matrices) {}

  LogicalResult matchAndRewrite(MatmulOp op,
                                PatternRewriter &rewriter) const override {
    Value input = op.getInputs()[0], source = matrixOf(op);
    // A row of the matrix is a filter, or else, as GPT-2 has it, a channel.
    auto transpose = source.getDefiningOp<linalg::TransposeOp>();
    if (transpose && transpose.getPermutation() == ArrayRef<int64_t>{1, 0})
      source = transpose.getInput();
    if (!op.hasPureTensorSemantics() || op.hasUserDefinedMaps() ||
        !isPlain(input) || !isPlain(op->getResult(0)) || !isOfOneType(op) ||
        !isPlain(source) || shapeOf(source).size() != 2 ||
        !isZeroFill(op.getOutputs()[0]))
      return failure();
    ElementsAttr attribute;
    if (!matchPattern(source, m_Constant(&attribute)))
      return failure();
    auto outputType = cast<RankedTensorType>(op->getResult(0).getType());
    int64_t filters = outputType.getShape().back();
    int64_t rows = outputType.getNumElements() / filters;
    int64_t channels = shapeOf(input).back();
    if (saturatedProduct({filters, channels}) > maxKernels)
      return rewriter.notifyMatchFailure(op, "the matrix is too large");
    auto type = RankedTensorType::get({filters, channels, 1, 1},
                                      outputType.getElementType());
    // An unrolled loop has the same matrix in each of its steps.
    Factor factor = rows == 1                ? Factor::Row
                    : quantized.contains(op) ? Factor::QuantizedRows
                                             : Factor::Rows;
    Matrix &matrix =
        matrices[{attribute.getAsOpaquePointer(), bool(transpose), factor}];
    if (!matrix.map) {
      auto data = ConstantData<float>::of(attribute);
      if (!data)
        return failure();
      // Blocks keep at least what pruning left.
      int64_t left =
          llvm::count_if(data->elements(), [](float w) { return w; });
      if (factor == Factor::Rows && 2 * left > filters * channels)
        return rewriter.notifyMatchFailure(op, "the weights are dense");
      SmallVector<float, 0> turned;
      if (!transpose)
        turned = transposed(data->elements(), filters);
      ArrayRef<float> elements = transpose ? data->elements() : turned;
      Blocks blocks = findBlocks(elements, filters, channels,
                                 target.getLanes(outputType.getElementType()));
      bool takesDense =
          factor == Factor::Row ||
          (factor == Factor::QuantizedRows && findScales(elements, filters));
      if (!takesDense && 2 * blocks.multiplyAdds > filters * channels)
        return rewriter.notifyMatchFailure(op, "pruning leaves too much");
      StringRef name = blobName(source);
      matrix.weights = transpose
                           ? reshapeConstant(attribute, type)
                           : createBlob<float>(name.empty() ? "matrix" : name,
                                               type, std::move(turned));
      matrix.map = createKernelMap(
          layerOf(name),
          KernelPatternsAttr::getAllPositions(rewriter.getContext(), 1, 1),
          filters, channels, std::move(blocks.ids));
    }

    StringAttr layer = layerAttr(rewriter.getContext(), blobName(source));
    Location loc = nameLayer(op.getLoc(), layer);
    bool isBatch = outputType.getRank() == 3;
    if (isBatch)
      input =
          tensor::CollapseShapeOp::create(rewriter, loc, input, batchOfRows);
    auto imageOf = [&](int64_t channels) {
      return RankedTensorType::get({rows, channels, 1, 1},
                                   outputType.getElementType());
    };
    Value weights = arith::ConstantOp::create(rewriter, loc,
                                              cast<TypedAttr>(matrix.weights));
    Value image = tensor::ExpandShapeOp::create(
        rewriter, loc, imageOf(channels), input, onePosition);
    auto pair = rewriter.getDenseI64ArrayAttr({1, 1});
    Value conv = Conv2DOp::create(
        rewriter, loc, imageOf(filters), image, weights, /*scale=*/nullptr,
        /*bias=*/nullptr,
        /*residual=*/nullptr, matrix.map,
        /*filter_order=*/nullptr, /*filter_group=*/nullptr, /*strides=*/pair,
        rewriter.getDenseI64ArrayAttr({0, 0, 0, 0}), /*dilations=*/pair,
        rewriter.getI64IntegerAttr(1),
        ActivationAttr::get(rewriter.getContext(), Activation::None),
        /*quantization=*/nullptr, layer);
    Value result =
        tensor::CollapseShapeOp::create(rewriter, loc, conv, onePosition);
    if (isBatch)
      result = tensor::ExpandShapeOp::create(rewriter, loc, outputType, result,
                                             batchOfRows);
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  static Value matrixOf(linalg::MatmulOp op) { return op.getInputs()[1]; }

  /// The one matrix that every image of a batch is multiplied by.
  static Value matrixOf(linalg::BatchMatmulOp op) {
    Value matrices = op.getInputs()[1];
    auto copy = matrices.getDefiningOp<linalg::GenericOp>();
    if (!copy || copy.getNumLoops() != 3 || copy.getNumDpsInputs() != 1 ||
        copy.getNumDpsInits() != 1 || copy.getNumParallelLoops() != 3 ||
        !llvm::hasSingleElement(*copy.getBody()) ||
        copy.getBody()->getTerminator()->getOperand(0) !=
            copy.getBody()->getArgument(0))
      return matrices;
    SmallVector<AffineMap> maps = copy.getIndexingMapsArray();
    AffineMap last = AffineMap::getMinorIdentityMap(3, 2, op.getContext());
    return maps[0] == last && maps[1].isIdentity() ? copy.getInputs()[0]
                                                   : matrices;
  }

  static bool isZeroFill(Value init) {
    auto fill = init.getDefiningOp<linalg::FillOp>();
    return isZero(fill ? fill.getInputs()[0] : init);
  }

  TargetAttr target;
  const DenseSet<Operation *> &quantized;
  Matrices &matrices;
};

/// Whether nothing but `user` reads `value`, except what is about to be erased.
static bool isOnlyFor(Value value, Operation *user) {
  return llvm::all_of(value.getUsers(), [&](Operation *other) {
    return other == user || isOpTriviallyDead(other);
  });
}

/// Takes over the bias that is added behind the product.
struct TakeBias : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
        op.getNumDpsInits() != 1 || op.getNumParallelLoops() != 2 ||
        op.getNumLoops() != 2 || !addsArguments(*op.getBody()))
      return failure();
    tensor::CollapseShapeOp collapse = rowsOfImages(op.getInputs()[0]);
    auto conv =
        collapse ? collapse.getSrc().getDefiningOp<Conv2DOp>() : nullptr;
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    if (!conv || conv->getBlock() != op->getBlock() || conv.getBias() ||
        conv.getResidual() || conv.getActivation() != Activation::None ||
        !isOnlyFor(collapse, op) || !conv->hasOneUse() ||
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
    return success();
  }
};

/// Whether an elementwise operation reads `operand`, which could be fused;
/// others are better off with the shape that they have.
static bool isElementwise(OpOperand *operand) {
  auto generic = dyn_cast<linalg::GenericOp>(operand->getOwner());
  return generic && generic.getNumResults() == 1 && isOfOneType(generic) &&
         hasStaticTensors(generic) &&
         generic.getNumParallelLoops() == generic.getNumLoops();
}

/// Whether `value` are rows of images that were split into batches.
static bool isBatchOfRows(Value value) {
  auto split = value.getDefiningOp<tensor::ExpandShapeOp>();
  return split && split.getReassociationIndices() == batchOfRows &&
         rowsOfImages(split.getSrc());
}

/// The products between quantisations, which rewriting moves, where the target
/// multiplies bytes faster than floats.
static DenseSet<Operation *> quantizedProducts(ModuleOp module,
                                               TargetAttr target,
                                               DominanceInfo &dominance) {
  DenseSet<Operation *> products;
  if (!target.has(TargetFeature::DotU8S8) &&
      !target.has(TargetFeature::DotS8S8) && !target.has(TargetFeature::DotS16))
    return products;
  module.walk([&](linalg::LinalgOp op) {
    if (isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op.getOperation()) &&
        op->getNumResults() == 1 && isReachable(op, dominance) &&
        isBetweenQuantizations(op.getDpsInputOperand(0)->get(),
                               op->getResult(0)))
      products.insert(op);
  });
  return products;
}

class RaiseFullyConnected
    : public patternc::impl::RaiseFullyConnectedPassBase<RaiseFullyConnected> {
public:
  using RaiseFullyConnectedPassBase::RaiseFullyConnectedPassBase;

  /// The last of the raising passes says what is raised by none of them.
  void remarkLeft() {
    auto options = remark::RemarkOpts::name("left").category(getArgument());
    for (const LeftOperation &left : leftOperations(getOperation()))
      remark::missed(left.op->getLoc(), options)
          << remark::metric("operation", left.op->getName().getStringRef())
          << remark::metric("multiply-adds", left.multiplyAdds)
          << remark::reason("{0}", left.reason);
  }

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    TargetAttr target = TargetAttr::of(getOperation());
    if (target.getDevice() == Device::Vm)
      return remarkLeft(); // kernels that run over filters by vectors
    auto convolutions = [&] {
      int64_t count = 0;
      getOperation().walk([&](Conv2DOp) { ++count; });
      return count;
    };
    int64_t before = convolutions();
    RewritePatternSet patterns(context);
    Matrices matrices;
    DenseSet<Operation *> quantized =
        quantizedProducts(getOperation(), target, getAnalysis<DominanceInfo>());
    patterns.add<RaiseProduct<linalg::MatmulOp>,
                 RaiseProduct<linalg::BatchMatmulOp>>(context, target,
                                                      quantized, matrices);
    patterns.add<TakeBias>(context, /*benefit=*/2);
    // What is computed from each output moves to the rows, where these were
    // split, and then to the images, where it can be fused; then the reshapes
    // between two layers, and those behind a global pooling, cancel. Rows never
    // become batches again, nor images rows, so that this ends.
    linalg::populateFoldReshapeOpsByCollapsingPatterns(
        patterns, [](OpOperand *operand) {
          return isBatchOfRows(operand->get()) && isElementwise(operand);
        });
    linalg::populateFoldReshapeOpsByExpansionPatterns(
        patterns, [](OpOperand *operand) {
          return rowsOfImages(operand->get()) && isElementwise(operand);
        });
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    if (failed(rewriteGreedily(*this, getOperation(), std::move(patterns),
                               maxRewrites)))
      return signalPassFailure();
    remarkStatistics(*this, getOperation(),
                     {{"layers", convolutions() - before}});
    remarkLeft();
  }
};

} // namespace
