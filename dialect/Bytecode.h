// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_BYTECODE_H
#define DIALECT_BYTECODE_H

#include "mlir/IR/DialectInterface.h"

#include <memory>

namespace patternc {

/// How attributes of the dialect stand in MLIR's bytecode.
std::unique_ptr<mlir::DialectInterface>
createBytecodeInterface(mlir::Dialect *dialect);

} // namespace patternc

#endif // DIALECT_BYTECODE_H
