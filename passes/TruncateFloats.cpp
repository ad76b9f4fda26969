// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Truncates floats before they become integers. IREE's interpreter, vmvx,
// rounds them to the nearest integer instead (3.13). Precondition: linalg on
// tensors. Postcondition: what `arith.fptosi` and `arith.fptoui` read is
// whole. Refuses nothing.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_TRUNCATEFLOATSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// Whether a float is known to be whole.
static bool isWhole(Value value) {
  Operation *op = value.getDefiningOp();
  return isa_and_present<math::TruncOp, math::FloorOp, math::CeilOp,
                         math::RoundOp, math::RoundEvenOp, arith::SIToFPOp,
                         arith::UIToFPOp>(op);
}

namespace {

class TruncateFloats
    : public patternc::impl::TruncateFloatsPassBase<TruncateFloats> {
public:
  void runOnOperation() override {
    if (TargetAttr::of(getOperation()).getDevice() != Device::Vm)
      return;
    int64_t truncated = 0;
    getOperation().walk([&](Operation *op) {
      if (!isa<arith::FPToSIOp, arith::FPToUIOp>(op) ||
          isWhole(op->getOperand(0)))
        return;
      Value x = op->getOperand(0);
      OpBuilder b(op);
      Location loc = op->getLoc();
      Value zero = arith::ConstantOp::create(
          b, loc, cast<TypedAttr>(b.getZeroAttr(x.getType())));
      Value negative =
          arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, zero);
      // The interpreter has no math.trunc.
      op->setOperand(0, arith::SelectOp::create(
                            b, loc, negative, math::CeilOp::create(b, loc, x),
                            math::FloorOp::create(b, loc, x)));
      ++truncated;
    });
    remarkStatistics(*this, getOperation(), {{"truncated", truncated}});
  }
};

} // namespace
