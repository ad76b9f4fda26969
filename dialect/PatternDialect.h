// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_PATTERNDIALECT_H
#define DIALECT_PATTERNDIALECT_H

#include "mlir/IR/Dialect.h"

#include "dialect/PatternDialect.h.inc"

#endif // DIALECT_PATTERNDIALECT_H
