// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Gives layers the schedules of a file. Precondition: none. Postcondition: a
// pattern.packed_conv2d without schedule of which the file knows one that fits
// has it. Refuses a file that it cannot read.

#include "analysis/LayerShape.h"
#include "analysis/ScheduleFile.h"
#include "kernels/Schedules.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_APPLYSCHEDULESPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

class ApplySchedules
    : public patternc::impl::ApplySchedulesPassBase<ApplySchedules> {
public:
  using ApplySchedulesPassBase::ApplySchedulesPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    FailureOr<std::vector<ScheduleEntry>> read =
        readScheduleFile(file, context);
    if (failed(read))
      return failure();
    entries = std::move(*read);
    return success();
  }

  void runOnOperation() override {
    applied = 0;
    getOperation().walk([&](PackedConv2DOp op) { setSchedule(op); });
    remarkStatistics(*this, getOperation(), {{"applied", applied}});
  }

private:
  /// The first one that fits. Its weights may be stored otherwise than those of
  /// the layer that a schedule was found for.
  void setSchedule(PackedConv2DOp op) {
    if (op.getScheduleAttr())
      return;
    llvm::json::Object shape = layerShape(op);
    TargetAttr target = TargetAttr::of(op);
    int64_t group = op.getStorage().getGroup();
    std::string against;
    for (const ScheduleEntry &entry : entries) {
      if (!entry.schedule || !entry.isFor(shape, target) ||
          entry.filterGroup.value_or(group) != group)
        continue;
      against = entry.schedule.getDevice() == target.getDevice()
                    ? entry.schedule.reasonAgainst(op, target)
                    : "it is for another unit";
      if (!against.empty())
        continue;
      op.setScheduleAttr(entry.schedule);
      ++applied;
      return;
    }
    if (!against.empty())
      op.emitWarning("no schedule of '")
          << file << "' fits, the last one because " << against;
  }

  std::vector<ScheduleEntry> entries;
  int64_t applied = 0;
};

} // namespace
