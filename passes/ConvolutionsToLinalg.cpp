// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Reference lowering of pattern.conv2d, on its dense weights, and
// pattern.pool2d to linalg: the oracle inside MLIR. Precondition: the two ops.
// Postcondition: linalg, tensor and arith only. Refuses pooling of images in
// planes, and what computes bytes.

#include "dialect/ConvolutionGeometry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
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

/// Pads an image at its top, left, bottom and right.
static Value pad(ImplicitLocOpBuilder &b, Value image,
                 ArrayRef<int64_t> padding, Value value) {
  if (llvm::all_of(padding, [](int64_t p) { return p == 0; }))
    return image;
  auto imageType = cast<RankedTensorType>(image.getType());
  ArrayRef<int64_t> shape = imageType.getShape();
  auto type = RankedTensorType::get({shape[0], shape[1],
                                     shape[2] + padding[0] + padding[2],
                                     shape[3] + padding[1] + padding[3]},
                                    imageType.getElementType());
  auto constants = [&](int64_t y, int64_t x) {
    return getAsIndexOpFoldResult(b.getContext(), {0, 0, y, x});
  };
  return tensor::PadOp::create(b, type, image,
                               constants(padding[0], padding[1]),
                               constants(padding[2], padding[3]), value);
}

/// Computes each element from those of `images` at its place.
static Value
mapElements(ImplicitLocOpBuilder &b, ValueRange images,
            function_ref<Value(ImplicitLocOpBuilder &, ValueRange)> compute) {
  auto type = cast<RankedTensorType>(images.front().getType());
  SmallVector<AffineMap> maps(images.size() + 1, b.getMultiDimIdentityMap(4));
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return linalg::GenericOp::create(
             b, type, images, empty, maps,
             SmallVector<utils::IteratorType>(4, utils::IteratorType::parallel),
             [&](OpBuilder &inner, Location loc, ValueRange args) {
               ImplicitLocOpBuilder body(loc, inner);
               linalg::YieldOp::create(body, compute(body, args));
             })
      .getResult(0);
}

static Value activate(ImplicitLocOpBuilder &b, Value image, Activation kind,
                      Value zero) {
  if (kind == Activation::None)
    return image;
  return mapElements(
      b, image, [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Value x = args[0];
        auto constant = [&](float value) -> Value {
          return arith::ConstantOp::create(
              body, body.getFloatAttr(x.getType(), value));
        };
        auto relu6 = [&](Value y) -> Value {
          Value max = arith::MaximumFOp::create(body, y, zero);
          return arith::MinimumFOp::create(body, max, constant(6));
        };
        switch (kind) {
        case Activation::None:
          break;
        case Activation::Relu:
          return arith::MaximumFOp::create(body, x, zero);
        case Activation::Relu6:
          return relu6(x);
        case Activation::HardSwish: {
          Value gate = relu6(arith::AddFOp::create(body, x, constant(3)));
          Value product = arith::MulFOp::create(body, x, gate);
          return arith::DivFOp::create(body, product, constant(6));
        }
        case Activation::Silu: {
          Value power =
              math::ExpOp::create(body, arith::NegFOp::create(body, x));
          Value divisor = arith::AddFOp::create(body, constant(1), power);
          return arith::DivFOp::create(body, x, divisor);
        }
        }
        llvm_unreachable("unknown activation");
      });
}

static Value lower(Conv2DOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  ConvolutionGeometry g = ConvolutionGeometry::of(op);
  Type element = op.getType().getElementType();
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
  Value input = pad(b, op.getInput(), op.getPadding(), zero);
  Value empty = tensor::EmptyOp::create(b, op.getType().getShape(), element);
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
                                             element);
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
  if (op.getResidual())
    result =
        mapElements(b, {result, op.getResidual()},
                    [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
                      return arith::AddFOp::create(body, args[0], args[1]);
                    });
  return activate(b, result, op.getActivation(), zero);
}

static Value lower(Pool2DOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  bool isMax = op.getPooling() == Pooling::Max;
  Type element = op.getType().getElementType();
  auto constant = [&](float value) -> Value {
    return arith::ConstantOp::create(b, b.getFloatAttr(element, value));
  };
  Value neutral =
      constant(isMax ? -std::numeric_limits<float>::infinity() : 0.0f);
  Value input = pad(b, op.getInput(), op.getPadding(), neutral);
  Value empty = tensor::EmptyOp::create(b, op.getType().getShape(), element);
  Value init = linalg::FillOp::create(b, neutral, empty).getResult(0);
  Value window = tensor::EmptyOp::create(b, op.getKernel(), element);
  auto strides = b.getI64VectorAttr(op.getStrides());
  auto dilations = b.getI64VectorAttr({1, 1});
  if (isMax)
    return linalg::PoolingNchwMaxOp::create(b, op.getType(),
                                            ValueRange{input, window}, init,
                                            strides, dilations)
        .getResult(0);
  Value sum = linalg::PoolingNchwSumOp::create(b, op.getType(),
                                               ValueRange{input, window}, init,
                                               strides, dilations)
                  .getResult(0);
  Value area = constant(llvm::product_of(op.getKernel()));
  return mapElements(b, sum,
                     [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
                       return arith::DivFOp::create(body, args[0], area);
                     });
}

namespace {

class ConvolutionsToLinalg
    : public patternc::impl::ConvolutionsToLinalgPassBase<
          ConvolutionsToLinalg> {
public:
  void runOnOperation() override {
    int64_t lowered = 0;
    auto replace = [&](auto op) {
      op.replaceAllUsesWith(lower(op));
      op.erase();
      ++lowered;
    };
    WalkResult result = getOperation().walk([&](Operation *op) {
      auto conv = dyn_cast<Conv2DOp>(op);
      auto pool = dyn_cast<Pool2DOp>(op);
      StringRef reason;
      if (pool && (pool.getInput().getType().getEncoding() ||
                   pool.getType().getEncoding()))
        reason = "its images are in planes";
      else if ((conv && conv.getQuantizationAttr()) ||
               (pool && pool.getQuantizationAttr()))
        reason = "it computes bytes";
      if (!reason.empty()) {
        op->emitOpError("cannot be lowered to linalg: ") << reason;
        return WalkResult::interrupt();
      }
      if (conv)
        replace(conv);
      else if (pool)
        replace(pool);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    remarkStatistics(*this, getOperation(), {{"lowered", lowered}});
  }
};

} // namespace
