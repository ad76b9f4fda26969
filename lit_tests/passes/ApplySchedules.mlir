// RUN: split-file %s %t
// RUN: pattern-opt %t/layers.mlir -pattern-apply-filter-groups=file=%t/schedules.json -pattern-reorder-filters -pattern-compress-weights -pattern-layout-activations -pattern-apply-schedules=file=%t/schedules.json -split-input-file -verify-diagnostics | FileCheck %s
// RUN: pattern-opt %t/layers.mlir -pattern-apply-filter-groups=file=%t/schedules.json -split-input-file | FileCheck %s --check-prefix=GROUPS

//--- schedules.json
{"format": "patternc schedules", "version": 1, "schedules": [
  {"target": "#pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>",
   "layer": {"name": "first", "input": [1, 2, 4, 4], "weights": [4, 2, 3, 3], "strides": [1, 1], "padding": [1, 1, 1, 1],
             "dilations": [1, 1], "groups": 1, "dtype": "float32", "activation": "none", "output": [1, 4, 4, 4]},
   "filter_group": 2,
   "schedule": "#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 1, blocks = 1, unroll = 4>"},
  {"target": "#pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>",
   "layer": {"name": "second"},
   "schedule": "#schedule.cpu_output_stationary<lanes = 4, vectors = 3, filters = 3, tiles = 1, blocks = 1, unroll = 4>"},
  {"target": "#pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>",
   "layer": {"name": "placed"},
   "schedule": "#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 4, tiles = 2, blocks = 1, unroll = 1, placement = consumer>"},
  {"target": "#pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>",
   "layer": {"name": "far"},
   "schedule": "#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance>"},
  {"target": "#pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>",
   "layer": {"name": "far"},
   "schedule": "#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = absolute>"},
  {"target": "#pattern.target<device = vm>",
   "layer": {"weights": [4, 2, 3, 3]},
   "schedule": "#schedule.vm_direct<filters = 1, unroll = 2, offsets = table>"}]}

//--- layers.mlir

// The layer is known by its shape, and so is the target. What the module is not compiled for is not used.
// CHECK-LABEL: @known
// CHECK: pattern.packed_conv2d {{.*}}, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 1, blocks = 1, unroll = 4>)
// CHECK: pattern.packed_conv2d {{.*}}, group = 4> {layer = "unknown"
// GROUPS-LABEL: @known
// GROUPS: pattern.conv2d {{.*}} {filter_group = 2 : i64, layer = "first"
// GROUPS: pattern.conv2d {{.*}} {layer = "unknown"
module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @known(%x: tensor<1x2x4x4xf32>) -> (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) {
  %w = arith.constant dense<[[[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]],
                             [[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]],
                             [[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]],
                             [[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]]]>
      : tensor<4x2x3x3xf32>
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0, 1, 3, 4]]>, ids = dense<1> : tensor<4x2xui8>>
      {padding = array<i64: 1, 1, 1, 1>, layer = "first"} : (tensor<1x2x4x4xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x4x4xf32>
  %z = pattern.conv2d %x, %w map <set = <3x3, [[0, 1, 3, 4]]>, ids = dense<1> : tensor<4x2xui8>>
      {padding = array<i64: 1, 1, 1, 1>, layer = "unknown"} : (tensor<1x2x4x4xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x4x4xf32>
  return %y, %z : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>
}
}

// -----

// A schedule that does not fit is not used, with a warning.
// CHECK-LABEL: @does_not_fit
// CHECK: pattern.packed_conv2d {{.*}}, group = 4> {layer = "second"
module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @does_not_fit(%x: tensor<1x1x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x1x1x1xf32>
  // expected-warning @+1 {{fits, the last one because it computes 3 filters at once, expected a divisor of the filter group 4}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x1xui8>>
      {layer = "second"} : (tensor<1x1x4x4xf32>, tensor<4x1x1x1xf32>) -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}
}

// -----

// Nothing reads it in whose workgroups it could be computed, as was the case where the schedule was found.
// CHECK-LABEL: @not_placed
// CHECK: pattern.packed_conv2d {{.*}}, group = 4> {layer = "placed"
module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @not_placed(%x: tensor<1x1x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x1x1x1xf32>
  // expected-warning @+1 {{fits, the last one because it cannot be placed in its consumer: not one convolution alone reads its planes}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x1xui8>>
      {layer = "placed"} : (tensor<1x1x4x4xf32>, tensor<4x1x1x1xf32>) -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}
}

// -----

// The channels of these weights are too far apart for the first schedule of the layer; the second one takes them.
// CHECK-LABEL: @other_weights
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1>)
module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @other_weights(%x: tensor<1x300x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %p = pattern.pack %x : tensor<1x300x4x4xf32>
      to tensor<1x300x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<[1, 299]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %s, %r) storage <set = <1x1, [[0]]>, group = 1> {layer = "far"}
      : (tensor<1x300x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>,
         tensor<2xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}
