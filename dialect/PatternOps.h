// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_PATTERNOPS_H
#define DIALECT_PATTERNOPS_H

#include "dialect/PatternAttributes.h"
#include "dialect/PatternDialect.h"
#include "dialect/SizeLimits.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace patternc {

/// True if `order` lists 0 … `count`−1, each once.
bool isPermutation(llvm::ArrayRef<int32_t> order, int64_t count);

} // namespace patternc

#define GET_OP_CLASSES
#include "dialect/PatternOps.h.inc"

#endif // DIALECT_PATTERNOPS_H
