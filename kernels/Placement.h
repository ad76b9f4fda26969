// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_PLACEMENT_H
#define KERNELS_PLACEMENT_H

#include "dialect/PatternOps.h"

namespace patternc {

/// Why the workgroups of what reads `producer` cannot compute it, filter group
/// by filter group; empty when they can. Both are scheduled.
std::string reasonAgainstConsumer(PackedConv2DOp producer);

/// The convolution that the workgroups of `consumer` compute, or null.
PackedConv2DOp placedIn(PackedConv2DOp consumer);

/// Makes the workgroups of `consumer` compute what it reads, if they can.
void placeProducer(PackedConv2DOp consumer);

} // namespace patternc

#endif // KERNELS_PLACEMENT_H
