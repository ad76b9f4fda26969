// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_WEIGHTSCALES_H
#define ANALYSIS_WEIGHTSCALES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace patternc {

/// Weights as whole numbers of −127 to 127, and what a step of each filter is.
struct ScaledWeights {
  llvm::SmallVector<float, 0> numbers, scales;
};

/// Finds the scales of weights that were quantised and dequantised, as patterns
/// are found in zeros: the largest weight of a filter is so many steps that all
/// others are a whole number of them. Nothing if a filter has no such scale.
std::optional<ScaledWeights> findScales(llvm::ArrayRef<float> weights,
                                        int64_t filters);

} // namespace patternc

#endif // ANALYSIS_WEIGHTSCALES_H
