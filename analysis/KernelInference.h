// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_KERNELINFERENCE_H
#define ANALYSIS_KERNELINFERENCE_H

#include "dialect/PatternAttributes.h"

namespace patternc {

/// Finds pattern set and connectivity in the zeros of `weights`, row-major
/// `filters × channels × height × width`. Whoever pruned the weights, the map
/// keeps every weight that is not zero. Kernels with more than `maxPatterns`
/// distinct supports, or with a full one, get the pattern of all positions.
/// `layer` has no influence on the map but for its name.
KernelMapAttr inferKernelMap(mlir::MLIRContext *context, llvm::StringRef layer,
                             llvm::ArrayRef<float> weights,
                             llvm::ArrayRef<int64_t> shape,
                             int64_t maxPatterns);

} // namespace patternc

#endif // ANALYSIS_KERNELINFERENCE_H
