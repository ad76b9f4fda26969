// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_SCHEDULES_H
#define KERNELS_SCHEDULES_H

#include "dialect/PatternOps.h"

#include "kernels/SchedulesDialect.h.inc"
#include "kernels/SchedulesEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "kernels/Schedules.h.inc"

namespace patternc {

/// Multiply-adds that a kernel writes out at most, beside those of loops.
inline constexpr int64_t maxWrittenOut = 1 << 16;

/// The schedule of `op` if it is of that form, or null.
template <typename ScheduleAttr, typename ScheduledOp>
ScheduleAttr scheduleOf(ScheduledOp op) {
  return mlir::dyn_cast_or_null<ScheduleAttr>(op.getScheduleAttr());
}

/// Why `lanes` lanes of `element` are no vector of `target`; empty if they are.
std::string reasonAgainstLanes(int64_t lanes, mlir::Type element,
                               TargetAttr target);

/// Why `target` cannot store the elements that `op` makes; empty if it can.
std::string reasonAgainstElement(mlir::Operation *op, TargetAttr target);

/// Why a workgroup of `target` cannot have so many threads; empty if it can.
std::string reasonAgainstThreads(int64_t threads, TargetAttr target);

/// Why the threads of a workgroup of `target` cannot share so many bytes; empty
/// if they can.
std::string reasonAgainstShared(int64_t bytes, TargetAttr target);

/// Why `filters` filters of a group cannot be computed at once, with `unroll`
/// taps of each kernel written out for `positions` vectors or positions and
/// their offsets in `offsets`; empty if they can.
std::string reasonAgainstTaps(FkwAttr storage, int64_t filters, int64_t unroll,
                              TapOffsets offsets, int64_t positions);

} // namespace patternc

#endif // KERNELS_SCHEDULES_H
