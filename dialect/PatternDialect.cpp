// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/PatternDialect.h"

#include "dialect/Bytecode.h"
#include "dialect/PatternAttributes.h"
#include "dialect/PatternOps.h"
#include "mlir/IR/BuiltinOps.h"

#include "dialect/PatternDialect.cpp.inc"

using namespace mlir;

void patternc::PatternDialect::initialize() {
  registerAttributes();
  addInterface(createBytecodeInterface(this));
  addOperations<
#define GET_OP_LIST
#include "dialect/PatternOps.cpp.inc"
      >();
}

LogicalResult
patternc::PatternDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attribute) {
  if (attribute.getName() != TargetAttr::attributeName)
    return success();
  if (!isa<ModuleOp>(op))
    return op->emitOpError("has the attribute '")
           << TargetAttr::attributeName << "', which is one of modules";
  if (!isa<TargetAttr>(attribute.getValue()))
    return op->emitOpError("expected #pattern.target as '")
           << TargetAttr::attributeName << "', but found "
           << attribute.getValue();
  return success();
}
