// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Chooses how the loops of each operation run. Precondition: convolutions on
// planes. Postcondition: each operation has a schedule; one that was there is
// kept. Refuses options out of range, and a convolution that is not on planes,
// unless its images are one position.

#include "kernels/KernelForm.h"
#include "kernels/Schedules.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_SCHEDULECONVOLUTIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

class ScheduleConvolutions
    : public patternc::impl::ScheduleConvolutionsPassBase<
          ScheduleConvolutions> {
public:
  using ScheduleConvolutionsPassBase::ScheduleConvolutionsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (maxVectors <= 0 || filters < 0 || cacheBytes < 0)
      return emitError(UnknownLoc::get(context))
             << "expected positive max-vectors, and filters and cache-bytes "
                "that are not negative, but found "
             << maxVectors.getValue() << ", " << filters.getValue() << " and "
             << cacheBytes.getValue();
    return success();
  }

  void runOnOperation() override {
    ScheduleOptions options{cacheBytes, maxVectors, filters, prefetch,
                            inputStationary};
    llvm::SmallPtrSet<Operation *, 32> scheduled;
    WalkResult result = getOperation().walk([&](Operation *operation) {
      if (!isSchedulable(operation) || scheduleOf(operation))
        return WalkResult::advance();
      Schedule schedule = chooseSchedule(operation, options);
      if (!schedule) {
        operation->emitOpError(
            "reads no planes; run pattern-layout-activations first");
        return WalkResult::interrupt();
      }
      operation->setAttr("schedule", schedule);
      auto op = dyn_cast<PackedConv2DOp>(operation);
      if (!op)
        return WalkResult::advance();
      scheduled.insert(op);
      if (placeInConsumers && scheduled.contains(op.getInput().getDefiningOp()))
        placeProducer(op, options);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    remarkStatistics(*this, getOperation(), {{"scheduled", scheduled.size()}});
  }
};

} // namespace
