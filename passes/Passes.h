// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PASSES_PASSES_H
#define PASSES_PASSES_H

#include "dialect/PatternAttributes.h"
#include "dialect/PatternDialect.h"
#include "kernels/Schedules.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace patternc {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace patternc

#endif // PASSES_PASSES_H
