#include "dialect/PatternDialect.h"

#include "dialect/PatternAttributes.h"
#include "dialect/PatternOps.h"

#include "dialect/PatternDialect.cpp.inc"

void patternc::PatternDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialect/PatternOps.cpp.inc"
      >();
}
