// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_LAYERREPORT_H
#define ANALYSIS_LAYERREPORT_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace patternc {

/// The attribute of a module that has, by the names of layers, why they compute
/// floats though the model quantises others.
inline constexpr llvm::StringLiteral floatReasons = "pattern.float_reasons";

/// Describes the packed convolutions of `module` in program order, as a JSON
/// array with one object a layer: name, shapes, patterns, kernels,
/// multiply-adds and bytes as dense weights, as CSR (32-bit indices) and as
/// FKW. The last are those of the arrays that kernels read, so that layers have
/// them, as their schedules, once they are scheduled.
std::string layerReport(mlir::ModuleOp module);

} // namespace patternc

#endif // ANALYSIS_LAYERREPORT_H
