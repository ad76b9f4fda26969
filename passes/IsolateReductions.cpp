// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Makes every reduction a dispatch of its own. Of a reduction and what reads it
// over the reduced dimension again, as in a softmax over channels, IREE 3.13
// makes one SPIR-V kernel, whose threads read what others have not written yet,
// or that needs more shared memory than there is. Precondition: linalg on
// tensors. Postcondition: `util.optimization_barrier` is behind each reduction
// that is no contraction, and behind what is computed for it and has another
// reader. Refuses nothing.

#include "iree/IreeDialects.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "llvm/ADT/SetVector.h"

namespace patternc {
#define GEN_PASS_DEF_ISOLATEREDUCTIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// A product of matrices or a convolution may be followed by what is computed
/// of each of its elements.
static bool isReduction(linalg::LinalgOp op) {
  return op.getNumReductionLoops() > 0 && op.hasPureTensorSemantics() &&
         !linalg::isaContractionOpInterface(op) &&
         !linalg::isaConvolutionOpInterface(op);
}

/// Collects what has another reader among what is computed for `op` alone.
/// Reshapes, slices and the like are looked through: IREE fuses them.
static void collectShared(Operation *op, bool isShared,
                          llvm::SetVector<Operation *> &shared) {
  auto reader = dyn_cast<linalg::LinalgOp>(op);
  SmallVector<Value> inputs(op->getOperands());
  for (Value input : reader ? reader.getDpsInputs() : inputs) {
    Operation *source = input.getDefiningOp();
    if (!source)
      continue;
    bool hasOthers = isShared || !input.hasOneUse();
    auto computed = dyn_cast<linalg::LinalgOp>(source);
    if (isa<tensor::TensorDialect>(source->getDialect()))
      collectShared(source, hasOthers, shared);
    else if (!computed || !computed.hasPureTensorSemantics())
      continue;
    else if (hasOthers)
      shared.insert(source);
    else if (!isReduction(computed))
      collectShared(source, /*isShared=*/false, shared);
  }
}

/// Puts a barrier between an operation and what reads its results.
static void isolate(Operation *op) {
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  for (Value result : op->getResults()) {
    OperationState state(op->getLoc(), "util.optimization_barrier", result,
                         result.getType());
    Operation *barrier = builder.create(state);
    result.replaceAllUsesExcept(barrier->getResult(0), barrier);
  }
}

namespace {

class IsolateReductions
    : public patternc::impl::IsolateReductionsPassBase<IsolateReductions> {
public:
  void runOnOperation() override {
    if (TargetAttr::of(getOperation()).getDevice() != Device::Gpu)
      return;
    llvm::SetVector<Operation *> isolated;
    int64_t reductions = 0;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!isReduction(op))
        return;
      ++reductions;
      isolated.insert(op);
      collectShared(op, /*isShared=*/false, isolated);
    });
    llvm::for_each(isolated, isolate);
    remarkStatistics(*this, getOperation(), {{"reductions", reductions}});
  }
};

} // namespace
