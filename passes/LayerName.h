#ifndef PASSES_LAYERNAME_H
#define PASSES_LAYERNAME_H

#include "mlir/IR/Operation.h"

#include <string>

namespace patternc {

/// Gives `loc` the name of the layer whose weights are the blob `blob`
/// (`features.0.weight` belongs to layer `features.0`).
mlir::Location nameLayer(mlir::Location loc, llvm::StringRef blob);

/// The layer an op came from, or `conv` when nobody named it.
std::string layerName(mlir::Operation *op);

} // namespace patternc

#endif // PASSES_LAYERNAME_H
