// The passes and the pattern dialect are there, and ops of unknown dialects are not.
// RUN: pattern-opt --help | FileCheck %s --check-prefix=HELP
// HELP: Available Dialects: {{.*}}pattern
// HELP: --pass-pipeline
// HELP: --pattern-raise-convolutions

// RUN: pattern-opt %s --pass-pipeline='builtin.module(canonicalize)' --allow-unregistered-dialect | FileCheck %s
// RUN: not pattern-opt %s 2>&1 | FileCheck %s --check-prefix=UNREGISTERED
// UNREGISTERED: pattern-opt.mlir:[[# @LINE + 5]]:{{[0-9]+}}: error: {{.*}}unregistered dialect
// CHECK-LABEL: @main
// CHECK-NOT: arith.constant
func.func @main() {
  %0 = arith.constant 1 : i32
  "other.op"() : () -> ()
  return
}
