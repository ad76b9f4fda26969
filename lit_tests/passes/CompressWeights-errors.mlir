// RUN: pattern-opt %s -pattern-compress-weights -verify-diagnostics
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-compress-weights{max-filter-group=1025})' 2>&1 | FileCheck %s --check-prefix=GROUP
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-compress-weights{max-vector-group=-1})' 2>&1 | FileCheck %s --check-prefix=VECTOR

// GROUP: error: expected a max-filter-group and a max-vector-group of 0 to 1024, but found 1025 and 0
// VECTOR: error: expected a max-filter-group and a max-vector-group of 0 to 1024, but found 0 and -1

func.func @weights_not_constant(%x: tensor<1x1x1x1xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  // expected-error @+1 {{cannot be compressed: its weights are not constant}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}
