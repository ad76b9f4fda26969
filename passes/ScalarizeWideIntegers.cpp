// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Keeps loops over i64 from being vectorised. GPUs of the Android baseline have
// no 64-bit integers. IREE 3.13 emulates them, but of the vectors that it makes
// of aligned tensors it cannot emulate loads and stores, nor of those that it
// makes of reductions what takes them apart. It makes none where the body reads
// an index. Named operations become `linalg.generic` for it. Precondition:
// linalg on tensors. Postcondition: what such an operation yields depends on an
// index, though not its value. Refuses nothing.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_SCALARIZEWIDEINTEGERSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// A loop of more than one iteration, whose index is no constant.
static std::optional<unsigned> findLoop(linalg::GenericOp op) {
  for (auto [loop, range] : llvm::enumerate(op.getStaticLoopRanges()))
    if (range != 1)
      return loop;
  return std::nullopt;
}

static bool isWide(linalg::LinalgOp op) {
  return op.hasPureTensorSemantics() &&
         llvm::any_of(op->getOperandTypes(), [](Type type) {
           return getElementTypeOrSelf(type).isInteger(64);
         });
}

static bool isVectorisedWide(linalg::GenericOp op) {
  return isWide(op) && findLoop(op) && !op.hasIndexSemantics() &&
         op.getBody()->getTerminator()->getNumOperands() > 0 &&
         op.getBody()->getTerminator()->getOperand(0).getType().isIntOrFloat();
}

namespace {

class ScalarizeWideIntegers
    : public patternc::impl::ScalarizeWideIntegersPassBase<
          ScalarizeWideIntegers> {
public:
  void runOnOperation() override {
    if (TargetAttr::of(getOperation()).getDevice() != Device::Gpu)
      return;
    // Products and transpositions, whose bodies cannot be changed.
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!isWide(op) || isa<linalg::GenericOp, linalg::FillOp>(op))
        return;
      rewriter.setInsertionPoint(op);
      (void)linalg::generalizeNamedOp(rewriter, op);
    });
    int64_t scalarized = 0;
    getOperation().walk([&](linalg::GenericOp op) {
      if (!isVectorisedWide(op))
        return;
      Operation *yield = op.getBody()->getTerminator();
      Value result = yield->getOperand(0);
      OpBuilder b(yield);
      Location loc = op.getLoc();
      // No index is negative. Its cast is what hides that from IREE.
      Value index = arith::IndexCastOp::create(
          b, loc, b.getI32Type(),
          linalg::IndexOp::create(b, loc, *findLoop(op)));
      Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
      Value never =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
      Value other = arith::ConstantOp::create(
          b, loc, cast<TypedAttr>(b.getZeroAttr(result.getType())));
      yield->setOperand(0,
                        arith::SelectOp::create(b, loc, never, other, result));
      ++scalarized;
    });
    remarkStatistics(*this, getOperation(), {{"scalarized", scalarized}});
  }
};

} // namespace
