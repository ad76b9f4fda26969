// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_PATTERNATTRIBUTES_H
#define DIALECT_PATTERNATTRIBUTES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TensorEncoding.h"

#include "dialect/PatternEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/PatternAttributes.h.inc"

#include "dialect/ScheduleInterface.h.inc"

namespace patternc {

/// The planes that an image lies in, or null for a plain one.
PlanesAttr planesOf(mlir::Value image);

} // namespace patternc

#endif // DIALECT_PATTERNATTRIBUTES_H
