// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_LAYERNAME_H
#define DIALECT_LAYERNAME_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

#include <string>

namespace patternc {

/// What is behind the name of a blob that was rounded to f16.
inline constexpr llvm::StringLiteral demotedSuffix = ".f16";

/// What is behind the name of a blob that was computed from others.
inline constexpr llvm::StringLiteral foldedSuffix = ".folded";

/// What is behind the name of a blob whose narrow integers became words.
inline constexpr llvm::StringLiteral widenedSuffix = ".i32";

/// The layer whose weights are the blob `blob`; empty for a blob without name.
llvm::StringRef layerOf(llvm::StringRef blob);

/// The same as the attribute `layer` of an operation, or null
/// (`features.0.weight` belongs to layer `features.0`).
mlir::StringAttr layerAttr(mlir::MLIRContext *context, llvm::StringRef blob);

/// Gives `loc` the name of a layer, so that diagnostics show it.
mlir::Location nameLayer(mlir::Location loc, mlir::StringAttr layer);

/// The layer an operation is of, or `conv` when nobody named it.
std::string layerName(mlir::Operation *op);

} // namespace patternc

#endif // DIALECT_LAYERNAME_H
