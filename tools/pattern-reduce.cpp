// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Makes a module that shows a fault smaller, as mlir-reduce does, with the
// dialects and the passes of pattern-opt.

#include "mlir/IR/MLIRContext.h"
#include "mlir/Reducer/Passes.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "passes/Registration.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  patternc::registerDialects(registry);
  patternc::registerAllPasses();
  mlir::registerReducerPasses();
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
