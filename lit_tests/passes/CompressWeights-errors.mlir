// RUN: pattern-opt %s -pattern-compress-weights -verify-diagnostics
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-compress-weights{max-filter-group=0})' 2>&1 | FileCheck %s --check-prefix=GROUP
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-compress-weights{index-bits=8})' 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-compress-weights{max-vector-group=-1})' 2>&1 | FileCheck %s --check-prefix=VECTOR

// GROUP: error: expected a max-filter-group and a max-vector-group of 1 to 1024, but found 0 and 8
// VECTOR: error: expected a max-filter-group and a max-vector-group of 1 to 1024, but found 8 and -1
// BITS: error: expected index-bits 16 or 32, but found 8

func.func @weights_not_constant(%x: tensor<1x1x1x1xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  // expected-error @+1 {{cannot be compressed: its weights are not constant}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}
