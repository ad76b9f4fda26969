// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_PLACEMENT_H
#define KERNELS_PLACEMENT_H

#include "dialect/PatternOps.h"
#include "storage/FkwStorage.h"

namespace patternc {

/// Whether the schedule of `op` says that the workgroups of what reads it
/// compute it.
bool isPlacedInConsumer(PackedConv2DOp op);

/// The convolution that the workgroups of `consumer` compute, or null.
PackedConv2DOp placedIn(PackedConv2DOp consumer);

/// Why the workgroups of what reads `producer` could not compute it, filter
/// group by filter group, whatever their schedules; empty when they can.
std::string reasonAgainstReader(PackedConv2DOp producer);

/// The same, as both are scheduled.
std::string reasonAgainstConsumer(PackedConv2DOp producer);

/// Channels as places among the `count` filters that a workgroup makes:
/// filters of a depthwise convolution are stored in the order of their
/// channels' producers.
void numberWithin(FkwIndices &indices, int64_t count);

} // namespace patternc

#endif // KERNELS_PLACEMENT_H
