// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_KERNELFORM_H
#define KERNELS_KERNELFORM_H

#include "dialect/PatternOps.h"
#include "kernels/Kernel.h"

namespace patternc {

/// What the choice of schedules may be told, beside the target.
struct ScheduleOptions {
  /// Bytes of input of a workgroup; 0 for half of a core's second-level cache.
  int64_t cacheBytes = 0;
  /// Most vectors of positions in registers for each filter.
  int64_t maxVectors = 12;
  /// Filters to compute at once, as far as they divide the group; 0 for all.
  int64_t filters = 0;
  bool prefetch = true;
  bool inputStationary = true;
};

/// A form of loops: the schedules of one attribute and the kernels that they
/// describe.
class KernelForm {
public:
  virtual ~KernelForm() = default;

  /// Whether `schedule` is one of its schedules.
  virtual bool has(Schedule schedule) const = 0;

  /// The schedule of `op` that should be the fastest on its target; null where
  /// this form cannot compute it, or another one had better.
  virtual Schedule choose(mlir::Operation *op,
                          const ScheduleOptions &options) const = 0;

  /// Every schedule that this form has for `op` on its target, as far as they
  /// make a difference.
  virtual void enumerate(mlir::Operation *op,
                         llvm::function_ref<void(Schedule)> found) const = 0;

  /// Changes the schedules of `producer` and `consumer`, both of this form, so
  /// that the workgroups of the consumer compute both, where that should be
  /// faster. That they can is known.
  virtual void place(PackedConv2DOp producer, PackedConv2DOp consumer,
                     const ScheduleOptions &options) const {}

  /// The kernel of `op`, whose schedule is one of this form.
  virtual std::unique_ptr<Kernel> kernelOf(mlir::Operation *op) const = 0;
};

/// Whether `op` has loops of its own, and so may have a schedule.
bool isSchedulable(mlir::Operation *op);

/// The schedule of an operation, or null.
Schedule scheduleOf(mlir::Operation *op);

/// What the first form chooses that can compute `op`; null if none can.
Schedule chooseSchedule(mlir::Operation *op, const ScheduleOptions &options);

/// Makes the workgroups of `consumer` compute what it reads, if they can and
/// that should be faster. Both are scheduled.
void placeProducer(PackedConv2DOp consumer, const ScheduleOptions &options);

/// The schedules that `op` may have on its target: the one that is chosen, and
/// of all forms those that its verifier takes.
llvm::SmallVector<Schedule> enumerateSchedules(mlir::Operation *op);

/// The kernel of an operation that has a schedule; null for a schedule that is
/// of no form.
std::unique_ptr<Kernel> kernelOf(mlir::Operation *op);

} // namespace patternc

#endif // KERNELS_KERNELFORM_H
