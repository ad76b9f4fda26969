// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//===- pattern-opt.cpp - The optimizer driver of patternc -----------------===//
//
// mlir-opt with the pattern dialect, its passes and pipelines, and only those
// upstream dialects that the compiler itself meets. Unregistered dialects are
// refused unless --allow-unregistered-dialect says otherwise, so that a typo in
// an op name is an error.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "passes/Registration.h"
#include "llvm/Support/PrettyStackTrace.h"

int main(int argc, char **argv) {
  // LLVM's own message sends people to LLVM's tracker.
  llvm::setBugReportMsg(
      "PLEASE report this in the issue tracker of patternc, and include the "
      "crash backtrace, the command line and its input.\n");
  mlir::DialectRegistry registry;
  patternc::registerDialects(registry);
  patternc::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "patternc modular optimizer driver\n", registry));
}
