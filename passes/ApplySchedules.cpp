// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Gives layers the schedules of a file. Precondition: none. Postcondition: a
// pattern.packed_conv2d without schedule of which the file knows one that fits
// has it. Refuses a file that it cannot read.

#include "analysis/LayerShape.h"
#include "analysis/ScheduleFile.h"
#include "kernels/KernelForm.h"
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
    SmallVector<PackedConv2DOp> applied;
    getOperation().walk([&](PackedConv2DOp op) {
      if (!op.getScheduleAttr() && setSchedule(op))
        applied.push_back(op);
    });
    llvm::erase_if(applied, [&](PackedConv2DOp op) { return !fits(op); });
    remarkStatistics(*this, getOperation(), {{"applied", applied.size()}});
  }

private:
  /// Sets the first schedule by which `op` can run.
  bool setSchedule(PackedConv2DOp op) {
    llvm::json::Object shape = layerShape(op);
    TargetAttr target = TargetAttr::of(op);
    int64_t group = op.getStorage().getGroup();
    std::string against;
    for (const ScheduleEntry &entry : entries) {
      if (!entry.schedule || !entry.isFor(shape, target) ||
          entry.filterGroup.value_or(group) != group)
        continue;
      against = reasonAgainst(op, entry.schedule, target);
      if (against.empty())
        return true;
    }
    op.removeScheduleAttr();
    if (!against.empty())
      warn(op, against);
    return false;
  }

  /// Why `op` cannot have that schedule, which it then has for the time being.
  /// Its weights may be others than those that the schedule was found for.
  static std::string reasonAgainst(PackedConv2DOp op, Schedule schedule,
                                   TargetAttr target) {
    if (schedule.getDevice() != target.getDevice())
      return "it is for another unit";
    std::string reason = schedule.reasonAgainst(op, target);
    if (!reason.empty())
      return reason;
    op.setScheduleAttr(schedule);
    std::unique_ptr<Kernel> kernel = kernelOf(op);
    if (!kernel)
      return "no form of kernel has it";
    return kernel->arrays(reason) ? std::string() : reason;
  }

  /// Whether what reads `op` is as its schedule takes it to be; if not, it has
  /// none any more. All schedules of the file are known by then.
  bool fits(PackedConv2DOp op) {
    std::unique_ptr<Kernel> kernel = kernelOf(op);
    std::string against;
    if (!kernel->isPartOfConsumer() || kernel->operands(against))
      return true;
    op.removeScheduleAttr();
    warn(op, against);
    return false;
  }

  void warn(PackedConv2DOp op, StringRef against) {
    op.emitWarning("no schedule of '")
        << file << "' fits, the last one because " << against;
  }

  std::vector<ScheduleEntry> entries;
};

} // namespace
