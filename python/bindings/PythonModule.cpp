// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//===- PythonModule.cpp - patternc._mlir ----------------------------------===//
//
// MLIR as the Python side of patternc needs it: parse, run a pipeline, print.
// In the shape of MLIR's own bindings (ir, passmanager), and no more of them.
//
//===----------------------------------------------------------------------===//

#include "passes/Registration.h"
#include "python/bindings/Bindings.h"

NB_MODULE(_mlir, module) {
  module.doc() = "The compiler core of patternc; patternc.ir and "
                 "patternc.passmanager are its public names.";
  patternc::registerAllPasses();
  patternc::python::bindDiagnostics(module);
  patternc::python::bindIR(module);
  patternc::python::bindPassManager(module);
  patternc::python::bindLayerReport(module);
}
