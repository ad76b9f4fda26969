// Brings the input of every packed convolution into planes. Precondition:
// scheduled packed convolutions. Postcondition: all of them read planes.
// Refuses a convolution without schedule.

#include "dialect/ConvolutionGeometry.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_LAYOUTACTIVATIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// The planes that the schedule of `op` reads.
static PlanesAttr planesFor(PackedConv2DOp op) {
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  return PlanesAttr::get(
      op.getContext(), op.getPaddingAttr(), op.getStridesAttr(),
      geometry.rowsRead(*op.getSchedule()), geometry.planePitch());
}

namespace {

class LayoutActivations
    : public patternc::impl::LayoutActivationsPassBase<LayoutActivations> {
public:
  void runOnOperation() override {
    llvm::DenseMap<std::pair<Value, Attribute>, Value> packs;
    int64_t inserted = 0;
    WalkResult result = getOperation().walk([&](PackedConv2DOp op) {
      if (!op.getSchedule()) {
        op.emitOpError(
            "has no schedule; run pattern-schedule-convolutions first");
        return WalkResult::interrupt();
      }
      RankedTensorType type = op.getInput().getType();
      if (type.getEncoding())
        return WalkResult::advance();
      PlanesAttr planes = planesFor(op);
      Value &pack = packs[{op.getInput(), planes}];
      if (!pack || pack.getParentBlock() != op->getBlock()) {
        ImplicitLocOpBuilder b(op.getLoc(), op);
        pack = PackOp::create(b, type.cloneWithEncoding(planes), op.getInput());
        ++inserted;
      }
      op.getInputMutable().assign(pack);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    remarkStatistics(*this, getOperation(), {{"packs", inserted}});
  }
};

} // namespace
