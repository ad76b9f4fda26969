// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Unpacks FKW storage to dense weights and a kernel map. Precondition: packed
// convolutions on plain images with constant arrays. Postcondition:
// pattern.conv2d only. Refuses arrays that are not constant, and weights that
// are too many when they are dense.

#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
#include "dialect/KernelMap.h"
#include "dialect/LayerName.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "storage/FkwStorage.h"

namespace patternc {
#define GEN_PASS_DEF_DECOMPRESSWEIGHTSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

class DecompressWeights
    : public patternc::impl::DecompressWeightsPassBase<DecompressWeights> {
public:
  void runOnOperation() override {
    int64_t decompressed = 0;
    WalkResult result = getOperation().walk([&](PackedConv2DOp op) {
      ++decompressed;
      return failed(decompress(op)) ? WalkResult::interrupt()
                                    : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    remarkStatistics(*this, getOperation(), {{"decompressed", decompressed}});
  }

private:
  LogicalResult decompress(PackedConv2DOp op) {
    if (op.getInput().getType().getEncoding())
      return op.emitOpError("cannot be decompressed: its input is in planes");
    auto weight = ConstantData<float>::of(op.getWeight());
    std::string reason = "its weights are not constant";
    std::optional<FkwIndices> indices = readFkwIndices(op, &reason);
    if (!weight || !indices)
      return op.emitOpError("cannot be decompressed: ") << reason;
    ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
    KernelPatternsAttr set = op.getStorage().getSet();
    if (saturatedProduct({geometry.filters, geometry.channelsPerGroup(),
                          set.getHeight(), set.getWidth()}) > maxSplatElements)
      return op.emitOpError("cannot be decompressed: its dense weights would "
                            "have more than ")
             << maxSplatElements << " elements";
    DenseKernels dense = unpackFkw(weight->elements(), *indices, set,
                                   geometry.channelsPerGroup());

    ImplicitLocOpBuilder b(op.getLoc(), op);
    auto weightsType =
        RankedTensorType::get({geometry.filters, geometry.channelsPerGroup(),
                               set.getHeight(), set.getWidth()},
                              op.getType().getElementType());
    Value weights =
        createBlobConstant<float>(b, op.getLoc(), layerName(op) + ".weight",
                                  weightsType, std::move(dense.weights));
    KernelMapAttr map =
        createKernelMap(layerName(op), set, geometry.filters,
                        geometry.channelsPerGroup(), std::move(dense.ids));
    auto conv = Conv2DOp::create(
        b, op.getType(), op.getInput(), weights, op.getScale(), op.getBias(),
        op.getResidual(), map, b.getDenseI32ArrayAttr(indices->reorder),
        /*filter_group=*/nullptr, op.getStridesAttr(), op.getPaddingAttr(),
        op.getDilationsAttr(), op.getGroupsAttr(), op.getActivationAttr(),
        op.getQuantizationAttr(), op.getLayerAttr());
    op.replaceAllUsesWith(conv.getOutput());
    erasePacked(op);
    return success();
  }
};

} // namespace
