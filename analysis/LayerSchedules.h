// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_LAYERSCHEDULES_H
#define ANALYSIS_LAYERSCHEDULES_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace patternc {

/// The schedules that each packed convolution of `module` may have, as a JSON
/// object with an array of them for the name of each layer.
std::string layerSchedules(mlir::ModuleOp module);

} // namespace patternc

#endif // ANALYSIS_LAYERSCHEDULES_H
