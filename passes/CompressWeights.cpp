// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Stores the weights of pattern.conv2d in FKW. Precondition: constant weights;
// the filter order of FKR if it ran. Postcondition: pattern.packed_conv2d only.
// Refuses weights that are not constant or not zero where the map has no tap,
// and options out of range.

#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
#include "dialect/KernelMap.h"
#include "dialect/LayerName.h"
#include "kernels/DotProducts.h"
#include "kernels/MatrixTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "storage/FkwStorage.h"
#include "llvm/ADT/BitVector.h"

#include <numeric>

namespace patternc {
#define GEN_PASS_DEF_COMPRESSWEIGHTSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// Filters of a group: eight weights of a tap fill half a line. Without loads
/// that fill all lanes, fewer weights leave registers to more vectors.
static constexpr int64_t filterGroup = 8, filterGroupWithoutBroadcast = 4;

/// Filters of a matrix that threads of a GPU share inputs for: their weights
/// are four lines.
static constexpr int64_t vectorGroupOfThreads = 64;

/// A small index array, readable in the IR.
static Value indexConstant(ImplicitLocOpBuilder &b, ArrayRef<int32_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    b.getI32Type());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, values));
}

/// Finds a weight that is kept in memory but not by the map.
static LogicalResult verifyWeights(Conv2DOp op, ArrayRef<float> weights,
                                   const KernelIds &ids) {
  KernelPatternsAttr set = op.getMap().getSet();
  int64_t area = set.getHeight() * set.getWidth();
  SmallVector<llvm::BitVector> keeps(set.getNumPatterns() + 1,
                                     llvm::BitVector(area));
  for (int64_t p = 0; p < set.getNumPatterns(); ++p)
    for (int32_t position : set.getPattern(p))
      keeps[p + 1].set(position);
  for (int64_t filter = 0; filter < op.getMap().getNumFilters(); ++filter)
    for (auto [channel, id] : llvm::enumerate(ids.ofFilter(filter))) {
      ArrayRef<float> kernel = weights.take_front(area);
      weights = weights.drop_front(area);
      if (keeps[id].all())
        continue;
      for (int64_t position = 0; position < area; ++position)
        if (kernel[position] != 0 && !keeps[id].test(position)) {
          InFlightDiagnostic error = op.emitOpError("kernel of filter ")
                                     << filter << ", channel " << channel
                                     << " has a weight at position "
                                     << position;
          if (id == 0)
            return error << ", but the kernel is removed";
          return error << ", which its pattern " << unsigned(id)
                       << " does not keep";
        }
    }
  return success();
}

namespace {

class CompressWeights
    : public patternc::impl::CompressWeightsPassBase<CompressWeights> {
public:
  using CompressWeightsPassBase::CompressWeightsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    auto isGroup = [](int64_t group) {
      return group >= 0 && group <= maxAtOnce;
    };
    if (!isGroup(maxFilterGroup) || !isGroup(maxVectorGroup))
      return emitError(UnknownLoc::get(context))
             << "expected a max-filter-group and a max-vector-group of 0 to "
             << maxAtOnce << ", but found " << maxFilterGroup.getValue()
             << " and " << maxVectorGroup.getValue();
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
  int64_t filterGroupOf(Conv2DOp op) const {
    if (maxFilterGroup)
      return maxFilterGroup;
    TargetAttr target = TargetAttr::of(op);
    bool loadsFillLanes = !target.isCpu() ||
                          target.has(TargetFeature::BroadcastLoad) ||
                          target.has(TargetFeature::LaneMultiply);
    return loadsFillLanes ? filterGroup : filterGroupWithoutBroadcast;
  }

  int64_t vectorGroupOf(Conv2DOp op) const {
    if (maxVectorGroup)
      return maxVectorGroup;
    TargetAttr target = TargetAttr::of(op);
    if (target.isGpu() && !op.getQuantizationAttr())
      return vectorGroupOfThreads;
    int64_t lanes = target.getLanes(op.getType().getElementType()), parts = 1;
    if (QuantizationAttr quantization = op.getQuantizationAttr()) {
      // Of bytes, the sums have 32 bits.
      lanes = target.getLanes(IntegerType::get(op.getContext(), 32));
      parts = partsOf(chooseProducts(target, lanes, quantization.getBytes()));
    }
    return lanes * vectorsAtOnce(target, parts, op.getType().getDimSize(0));
  }

  LogicalResult compress(Conv2DOp op) {
    auto weights = ConstantData<float>::of(op.getWeights());
    if (!weights)
      return op.emitOpError(
          "cannot be compressed: its weights are not constant");
    std::string reason;
    auto ids = KernelIds::of(op.getMap(), &reason);
    if (!ids)
      return op.emitOpError("cannot be compressed: ") << reason;
    if (failed(verifyWeights(op, weights->elements(), *ids)))
      return failure();
    ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
    SmallVector<int32_t> order;
    if (auto filterOrder = op.getFilterOrder()) {
      order = llvm::to_vector(*filterOrder);
    } else {
      order.resize(geometry.filters);
      std::iota(order.begin(), order.end(), 0);
    }
    FkwArrays arrays = packFkw(
        weights->elements(), op.getMap().getSet(), *ids, order, geometry.groups,
        op.getFilterGroup().value_or(geometry.isFullyConnected()
                                         ? vectorGroupOf(op)
                                         : filterGroupOf(op)));

    ImplicitLocOpBuilder b(op.getLoc(), op);
    auto weightType =
        RankedTensorType::get({static_cast<int64_t>(arrays.weight.size())},
                              op.getType().getElementType());
    Value weight =
        createBlobConstant<float>(b, op.getLoc(), layerName(op) + ".fkw",
                                  weightType, std::move(arrays.weight));
    Value index = indexConstant(b, arrays.index);
    Value patternOffset = indexConstant(b, arrays.patternOffset);
    Value offset = indexConstant(b, arrays.offset);
    Value reorder = indexConstant(b, arrays.reorder);
    auto packed = PackedConv2DOp::create(
        b, op.getType(), op.getInput(), weight, index, patternOffset, offset,
        reorder, op.getScale(), op.getBias(), op.getResidual(),
        FkwAttr::get(b.getContext(), op.getMap().getSet(), arrays.group),
        /*schedule=*/nullptr, op.getStridesAttr(), op.getPaddingAttr(),
        op.getDilationsAttr(), op.getGroupsAttr(), op.getActivationAttr(),
        op.getQuantizationAttr(), op.getLayerAttr());

    int64_t elementBytes = weightType.getElementTypeBitWidth() / 8;
    denseBytes += weights->elements().size() * elementBytes;
    storedBytes += weightType.getNumElements() * elementBytes;
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
