// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_LAYERNAME_H
#define DIALECT_LAYERNAME_H

#include "mlir/IR/Operation.h"

#include <string>

namespace patternc {

/// What is behind the name of a blob that was rounded to f16.
inline constexpr llvm::StringLiteral demotedSuffix = ".f16";

/// The layer whose weights are the blob `blob`; empty for a blob without name.
llvm::StringRef layerOf(llvm::StringRef blob);

/// Gives `loc` the name of the layer whose weights are the blob `blob`
/// (`features.0.weight` belongs to layer `features.0`).
mlir::Location nameLayer(mlir::Location loc, llvm::StringRef blob);

/// The layer an op came from, or `conv` when nobody named it.
std::string layerName(mlir::Operation *op);

} // namespace patternc

#endif // DIALECT_LAYERNAME_H
