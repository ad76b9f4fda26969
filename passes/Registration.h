// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PASSES_REGISTRATION_H
#define PASSES_REGISTRATION_H

#include "mlir/IR/DialectRegistry.h"

namespace patternc {

/// Registers the pattern dialect, the IREE dialects known by name, and every
/// upstream dialect that importers produce or passes create.
void registerDialects(mlir::DialectRegistry &registry);

/// Registers all passes and pipelines.
void registerAllPasses();

} // namespace patternc

#endif // PASSES_REGISTRATION_H
