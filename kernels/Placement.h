// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_PLACEMENT_H
#define KERNELS_PLACEMENT_H

#include "dialect/PatternOps.h"

namespace patternc {

/// Why the workgroups of what reads `maker` cannot compute it, filter group by
/// filter group; empty when they can. Both are scheduled for vectors.
std::string reasonAgainstReader(PackedConv2DOp maker);

/// The convolution that the workgroups of `reader` compute, or null.
PackedConv2DOp placedIn(PackedConv2DOp reader);

} // namespace patternc

#endif // KERNELS_PLACEMENT_H
