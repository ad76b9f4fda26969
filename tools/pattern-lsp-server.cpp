// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//===- pattern-lsp-server.cpp - Language server for an editor -------------===//
//
// Diagnostics, definitions, hover and completion for .mlir files with the
// pattern dialect. Point the editor's MLIR extension at this binary.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "passes/Registration.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  patternc::registerDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
