// RUN: pattern-opt %s -pattern-layout-activations -pattern-schedule-convolutions -split-input-file | FileCheck %s

// A schedule that is there is kept.
// CHECK-LABEL: @kept
// CHECK: pattern.pool2d <max> %{{.+}} schedule(#schedule.cpu_rows<lanes = 2, unroll = 1>)
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 2, vectors = 3, filters = 4, tiles = 1, blocks = 5, unroll = 1, prefetch = 7>)
func.func @kept(%x: tensor<1x1x4x4xf32>, %w: tensor<4xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x2x2xf32> {
  %p = pattern.pool2d <max> %x schedule(#schedule.cpu_rows<lanes = 2, unroll = 1>)
      {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : tensor<1x1x4x4xf32> -> tensor<1x1x2x2xf32>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      schedule(#schedule.cpu_output_stationary<lanes = 2, vectors = 3, filters = 4, tiles = 1, blocks = 5, unroll = 1, prefetch = 7>)
      : (tensor<1x1x2x2xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x2x2xf32>
  return %y : tensor<1x4x2x2xf32>
}

// -----

// A schedule that says where its output goes is kept, whoever reads it.
// CHECK-LABEL: @kept_before_reader
// CHECK: pattern.packed_conv2d {{.*}}, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
func.func @kept_before_reader(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      : (tensor<1x1x6x6xf32>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}
