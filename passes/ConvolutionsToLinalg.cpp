// Reference lowering of pattern.conv2d to linalg on its dense weights: the
// oracle inside MLIR. Precondition: pattern.conv2d. Postcondition: linalg,
// tensor and arith only. Refuses nothing.

#include "dialect/ConvolutionGeometry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_CONVOLUTIONSTOLINALGPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

static const SmallVector<ReassociationIndices> joinedGroups{
    {0}, {1, 2}, {3}, {4}};

/// Splits dimension 1 of an image into groups.
static Value splitGroups(ImplicitLocOpBuilder &b, Value image, int64_t groups) {
  auto type = cast<RankedTensorType>(image.getType());
  ArrayRef<int64_t> shape = type.getShape();
  auto split = RankedTensorType::get(
      {shape[0], groups, shape[1] / groups, shape[2], shape[3]},
      type.getElementType());
  return tensor::ExpandShapeOp::create(b, split, image, joinedGroups);
}

static Value pad(ImplicitLocOpBuilder &b, Conv2DOp op, Value zero) {
  ArrayRef<int64_t> padding = op.getPadding();
  if (llvm::all_of(padding, [](int64_t p) { return p == 0; }))
    return op.getInput();
  ArrayRef<int64_t> shape = op.getInput().getType().getShape();
  auto type = RankedTensorType::get({shape[0], shape[1],
                                     shape[2] + padding[0] + padding[2],
                                     shape[3] + padding[1] + padding[3]},
                                    b.getF32Type());
  auto constants = [&](int64_t y, int64_t x) {
    return getAsIndexOpFoldResult(b.getContext(), {0, 0, y, x});
  };
  return tensor::PadOp::create(b, type, op.getInput(),
                               constants(padding[0], padding[1]),
                               constants(padding[2], padding[3]), zero);
}

static Value activate(ImplicitLocOpBuilder &b, Value image, Activation kind,
                      Value zero) {
  if (kind == Activation::None)
    return image;
  auto type = cast<RankedTensorType>(image.getType());
  AffineMap identity = b.getMultiDimIdentityMap(4);
  Value empty = tensor::EmptyOp::create(b, type.getShape(), b.getF32Type());
  return linalg::GenericOp::create(
             b, type, image, empty, ArrayRef<AffineMap>{identity, identity},
             SmallVector<utils::IteratorType>(4, utils::IteratorType::parallel),
             [&](OpBuilder &inner, Location loc, ValueRange args) {
               ImplicitLocOpBuilder body(loc, inner);
               Value x = arith::MaximumFOp::create(body, args[0], zero);
               if (kind == Activation::Relu6)
                 x = arith::MinimumFOp::create(
                     body, x,
                     arith::ConstantOp::create(body, body.getF32FloatAttr(6)));
               linalg::YieldOp::create(body, x);
             })
      .getResult(0);
}

static Value lower(Conv2DOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  ConvolutionGeometry g = ConvolutionGeometry::of(op);
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  Value input = pad(b, op, zero);
  Value empty =
      tensor::EmptyOp::create(b, op.getType().getShape(), b.getF32Type());
  Value init = op.getBias()
                   ? linalg::BroadcastOp::create(b, op.getBias(), empty,
                                                 ArrayRef<int64_t>{0, 2, 3})
                         ->getResult(0)
                   : linalg::FillOp::create(b, zero, empty).getResult(0);
  auto strides = b.getI64VectorAttr(op.getStrides());
  auto dilations = b.getI64VectorAttr(op.getDilations());
  Value result;
  if (g.groups == 1) {
    result = linalg::Conv2DNchwFchwOp::create(
                 b, op.getType(), ValueRange{input, op.getWeights()}, init,
                 strides, dilations)
                 .getResult(0);
  } else {
    auto weightsType = RankedTensorType::get({g.groups, g.filtersPerGroup(),
                                              g.channelsPerGroup(),
                                              g.kernelHeight, g.kernelWidth},
                                             b.getF32Type());
    Value weights = tensor::ExpandShapeOp::create(
        b, weightsType, op.getWeights(),
        SmallVector<ReassociationIndices>{{0, 1}, {2}, {3}, {4}});
    Value splitInit = splitGroups(b, init, g.groups);
    Value grouped = linalg::Conv2DNgchwGfchwOp::create(
                        b, splitInit.getType(),
                        ValueRange{splitGroups(b, input, g.groups), weights},
                        splitInit, strides, dilations)
                        .getResult(0);
    result =
        tensor::CollapseShapeOp::create(b, op.getType(), grouped, joinedGroups);
  }
  return activate(b, result, op.getActivation(), zero);
}

namespace {

class ConvolutionsToLinalg
    : public patternc::impl::ConvolutionsToLinalgPassBase<
          ConvolutionsToLinalg> {
public:
  void runOnOperation() override {
    int64_t lowered = 0;
    getOperation().walk([&](Conv2DOp op) {
      op.replaceAllUsesWith(lower(op));
      op.erase();
      ++lowered;
    });
    remarkStatistics(*this, getOperation(), {{"lowered", lowered}});
  }
};

} // namespace
