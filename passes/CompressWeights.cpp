// Stores the weights of pattern.conv2d in FKW. Precondition: constant weights;
// the filter order of FKR if it ran. Postcondition: pattern.packed_conv2d only.
// Refuses weights that are not constant, and options out of range.

#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "storage/FkwStorage.h"
#include "dialect/LayerName.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

#include <numeric>

namespace patternc {
#define GEN_PASS_DEF_COMPRESSWEIGHTSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// A small index array, readable in the IR.
static Value indexConstant(ImplicitLocOpBuilder &b, ArrayRef<int32_t> values,
                           unsigned bits = 32) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    b.getIntegerType(bits));
  DenseElementsAttr attribute;
  if (bits == 16)
    attribute = DenseElementsAttr::get(
        type, ArrayRef<int16_t>(llvm::to_vector_of<int16_t>(values)));
  else
    attribute = DenseElementsAttr::get(type, values);
  return arith::ConstantOp::create(b, attribute);
}

namespace {

class CompressWeights
    : public patternc::impl::CompressWeightsPassBase<CompressWeights> {
public:
  using CompressWeightsPassBase::CompressWeightsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    auto isGroup = [](int64_t group) {
      return group > 0 && group <= maxAtOnce;
    };
    if (!isGroup(maxFilterGroup) || !isGroup(maxVectorGroup))
      return emitError(UnknownLoc::get(context))
             << "expected a max-filter-group and a max-vector-group of 1 to "
             << maxAtOnce << ", but found " << maxFilterGroup.getValue()
             << " and " << maxVectorGroup.getValue();
    if (indexBits != 16 && indexBits != 32)
      return emitError(UnknownLoc::get(context))
             << "expected index-bits 16 or 32, but found "
             << indexBits.getValue();
    return success();
  }

  void runOnOperation() override {
    denseBytes = storedBytes = 0;
    WalkResult result = getOperation().walk([&](Conv2DOp op) {
      return failed(compress(op)) ? WalkResult::interrupt()
                                  : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    remarkStatistics(
        *this, getOperation(),
        {{"dense-bytes", denseBytes}, {"stored-bytes", storedBytes}});
  }

private:
  LogicalResult compress(Conv2DOp op) {
    auto weights = ConstantData<float>::of(op.getWeights());
    if (!weights)
      return op.emitOpError(
          "cannot be compressed: its weights are not constant");
    ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
    SmallVector<int32_t> order;
    if (auto filterOrder = op.getFilterOrder()) {
      order = llvm::to_vector(*filterOrder);
    } else {
      order.resize(geometry.filters);
      std::iota(order.begin(), order.end(), 0);
    }
    FkwArrays arrays =
        packFkw(weights->elements(), op.getMap(), order, geometry.groups,
                geometry.isFullyConnected() ? maxVectorGroup : maxFilterGroup);

    ImplicitLocOpBuilder b(op.getLoc(), op);
    unsigned bits = geometry.channels > (1 << 16) ? 32 : indexBits;
    auto weightType =
        RankedTensorType::get({static_cast<int64_t>(arrays.weight.size())},
                              op.getType().getElementType());
    Value weight =
        createBlobConstant<float>(b, op.getLoc(), layerName(op) + ".fkw",
                                  weightType, std::move(arrays.weight));
    Value index = indexConstant(b, arrays.index, bits);
    Value stride = indexConstant(b, arrays.stride);
    Value offset = indexConstant(b, arrays.offset);
    Value reorder = indexConstant(b, arrays.reorder);
    auto packed = PackedConv2DOp::create(
        b, op.getType(), op.getInput(), weight, index, stride, offset, reorder,
        op.getBias(), op.getResidual(),
        FkwAttr::get(b.getContext(), op.getMap().getSet(), arrays.group),
        /*schedule=*/nullptr, op.getStridesAttr(), op.getPaddingAttr(),
        op.getDilationsAttr(), op.getGroupsAttr(), op.getActivationAttr());

    int64_t elementBytes = weightType.getElementTypeBitWidth() / 8;
    denseBytes += weights->elements().size() * elementBytes;
    storedBytes +=
        weightType.getNumElements() * elementBytes +
        arrays.index.size() * bits / 8 +
        (arrays.stride.size() + arrays.offset.size() + arrays.reorder.size()) *
            sizeof(int32_t);
    Operation *denseWeights = op.getWeights().getDefiningOp();
    op.replaceAllUsesWith(packed.getOutput());
    op.erase();
    if (isOpTriviallyDead(denseWeights))
      denseWeights->erase();
    return success();
  }

  int64_t denseBytes = 0, storedBytes = 0;
};

} // namespace
