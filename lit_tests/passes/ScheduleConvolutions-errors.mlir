// RUN: pattern-opt %s -pattern-schedule-convolutions -verify-diagnostics
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{max-vectors=0})' 2>&1 | FileCheck %s --check-prefix=VECTORS
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{filters=-1})' 2>&1 | FileCheck %s --check-prefix=FILTERS
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{cache-bytes=-1})' 2>&1 | FileCheck %s --check-prefix=CACHE

// VECTORS: error: expected positive max-vectors, and filters and cache-bytes that are not negative, but found 0, 0 and 0
// FILTERS: error: expected positive max-vectors, and filters and cache-bytes that are not negative, but found 12, -1 and 0
// CACHE: error: expected positive max-vectors, and filters and cache-bytes that are not negative, but found 12, 0 and -1

func.func @plain_input(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x2x2xf32> {
  // expected-error @+1 {{reads no planes; run pattern-layout-activations first}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}
