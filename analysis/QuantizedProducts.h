// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_QUANTIZEDPRODUCTS_H
#define ANALYSIS_QUANTIZEDPRODUCTS_H

#include "mlir/IR/Value.h"

namespace patternc {

/// Whether a layer that reads `input` and computes `output` stands between
/// quantisations: the input is dequantised, and the output quantised, behind at
/// most a bias, and the addition of what is dequantised or an activation that
/// is a range. Reshapes change nothing.
bool isBetweenQuantizations(mlir::Value input, mlir::Value output);

} // namespace patternc

#endif // ANALYSIS_QUANTIZEDPRODUCTS_H
