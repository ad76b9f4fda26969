// Brings the input of every packed convolution into planes. Precondition:
// pattern.packed_conv2d. Postcondition: all of them read planes.

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

namespace {

class LayoutActivations
    : public patternc::impl::LayoutActivationsPassBase<LayoutActivations> {
public:
  void runOnOperation() override {
    llvm::DenseMap<std::pair<Value, Attribute>, Value> packs;
    int64_t inserted = 0;
    getOperation().walk([&](PackedConv2DOp op) {
      RankedTensorType type = op.getInput().getType();
      if (type.getEncoding())
        return;
      PlanesAttr planes = ConvolutionGeometry::of(op).planesRead(&getContext());
      Value &pack = packs[{op.getInput(), planes}];
      if (!pack || pack.getParentBlock() != op->getBlock()) {
        ImplicitLocOpBuilder b(op.getLoc(), op);
        pack = PackOp::create(b, type.cloneWithEncoding(planes), op.getInput());
        ++inserted;
      }
      op.getInputMutable().assign(pack);
    });
    remarkStatistics(*this, getOperation(), {{"packs", inserted}});
  }
};

} // namespace
