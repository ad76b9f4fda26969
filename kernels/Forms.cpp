// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The one place that picks: of the forms of loops, the first that takes an
// operation.

#include "kernels/Forms.h"

#include "kernels/Placement.h"

using namespace mlir;
using namespace patternc;

/// All forms; where several can compute an operation, the better ones first.
static ArrayRef<const KernelForm *> forms() {
  static const KernelForm *const all[] = {
      &cpuDotForm(),
      &cpuDotMatrixForm(),
      &cpuMatrixForm(),
      &cpuInputStationaryForm(),
      &cpuOutputStationaryForm(),
      &cpuRowsForm(),
      &gpuMatrixForm(),
      &gpuOutputStationaryForm(),
      &gpuDirectForm(),
      &gpuRowsForm(),
      &vmDirectForm(),
      &vmRowsForm(),
  };
  return all;
}

bool patternc::isSchedulable(Operation *op) {
  return isa<PackedConv2DOp, Pool2DOp, PackOp, UnpackOp>(op);
}

Schedule patternc::scheduleOf(Operation *op) {
  return isSchedulable(op) ? op->getAttrOfType<Schedule>("schedule")
                           : Schedule();
}

Schedule patternc::chooseSchedule(Operation *op,
                                  const ScheduleOptions &options) {
  for (const KernelForm *form : forms())
    if (Schedule schedule = form->choose(op, options))
      return schedule;
  return {};
}

void patternc::placeProducer(PackedConv2DOp consumer,
                             const ScheduleOptions &options) {
  auto producer = consumer.getInput().getDefiningOp<PackedConv2DOp>();
  if (!producer || !reasonAgainstReader(producer).empty())
    return;
  for (const KernelForm *form : forms())
    if (form->has(scheduleOf(producer)) && form->has(scheduleOf(consumer)))
      form->place(producer, consumer, options);
}

SmallVector<Schedule> patternc::enumerateSchedules(Operation *op) {
  TargetAttr target = TargetAttr::of(op);
  SmallVector<Schedule> schedules;
  Schedule chosen = chooseSchedule(op, ScheduleOptions());
  if (chosen)
    schedules.push_back(chosen);
  for (const KernelForm *form : forms())
    form->enumerate(op, [&](Schedule schedule) {
      if (schedule != chosen && schedule.getDevice() == target.getDevice() &&
          schedule.reasonAgainst(op, target).empty())
        schedules.push_back(schedule);
    });
  return schedules;
}

std::unique_ptr<Kernel> patternc::kernelOf(Operation *op) {
  for (const KernelForm *form : forms())
    if (form->has(scheduleOf(op)))
      return form->kernelOf(op);
  return nullptr;
}
