// RUN: pattern-opt %s -pattern-schedule-convolutions -verify-diagnostics
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{device=gpu lanes=0})' 2>&1 | FileCheck %s --check-prefix=LANES
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{registers=-1})' 2>&1 | FileCheck %s --check-prefix=REGISTERS
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{lanes=32})' 2>&1 | FileCheck %s --check-prefix=LINE
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{max-vectors=0})' 2>&1 | FileCheck %s --check-prefix=VECTORS
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{filters=-1})' 2>&1 | FileCheck %s --check-prefix=FILTERS
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{cores=0})' 2>&1 | FileCheck %s --check-prefix=CORES

// CORES: error: expected one core or more, but found 0
// LINE: error: expected lanes that divide 16 on cpu, but found 32
// LANES: error: expected 1 to 1024 lanes and positive registers, but found 0 and 32
// REGISTERS: error: expected 1 to 1024 lanes and positive registers, but found 16 and -1
// VECTORS: error: expected positive max-vectors and filters that are not negative, but found 0 and 0
// FILTERS: error: expected positive max-vectors and filters that are not negative, but found 12 and -1

func.func @plain_input(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x2x2xf32> {
  // expected-error @+1 {{reads no planes; run pattern-layout-activations first}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}
