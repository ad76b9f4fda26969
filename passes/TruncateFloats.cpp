// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Makes of floats the integers that PyTorch makes. Those of fewer than 32 bits
// are what is left of one of 32: torch-mlir converts to a signed integer even
// where the result has no sign, and what is beyond its range becomes one number
// on processors with AVX-512 and another on those without. IREE's interpreter,
// vmvx, rounds to the nearest integer (3.13), so that floats are truncated
// before. Precondition: linalg on tensors. Postcondition: functions convert
// floats to 32 bits or more; on vmvx, what `arith.fptosi` and `arith.fptoui`
// read is whole. Refuses nothing.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
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

static bool isConversion(Operation *op) {
  return isa<arith::FPToSIOp, arith::FPToUIOp>(op);
}

/// Converts to 32 bits first. Every number of fewer, with a sign or without, is
/// one with a sign.
static void convertByWords(Operation *op) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  Type narrow = op->getResult(0).getType();
  Type word = b.getI32Type();
  if (auto shaped = dyn_cast<ShapedType>(narrow))
    word = shaped.clone(word);
  Value number = arith::FPToSIOp::create(b, loc, word, op->getOperand(0));
  op->replaceAllUsesWith(arith::TruncIOp::create(b, loc, narrow, number));
  op->erase();
}

namespace {

class TruncateFloats
    : public patternc::impl::TruncateFloatsPassBase<TruncateFloats> {
public:
  void runOnOperation() override {
    int64_t shortened = 0, truncated = 0;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (!isConversion(op) ||
            getElementTypeOrSelf(op->getResult(0)).getIntOrFloatBitWidth() >=
                32)
          return;
        convertByWords(op);
        ++shortened;
      });
    if (TargetAttr::of(getOperation()).getDevice() == Device::Vm)
      truncated = truncate();
    remarkStatistics(*this, getOperation(),
                     {{"truncated", truncated}, {"shortened", shortened}});
  }

private:
  /// Returns how many conversions it changed.
  int64_t truncate() {
    int64_t truncated = 0;
    getOperation().walk([&](Operation *op) {
      if (!isConversion(op) || isWhole(op->getOperand(0)))
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
    return truncated;
  }
};

} // namespace
