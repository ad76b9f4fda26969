// Every form of the op reads back what it printed.
// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: @defaults
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x4x4xf32>, %[[W:[^:]+]]: tensor<8xf32>, %[[I:[^:]+]]: tensor<4xi32>, %[[S:[^:]+]]: tensor<6xi32>, %[[O:[^:]+]]: tensor<3xi32>, %[[R:[^:]+]]: tensor<2xi32>
// CHECK: pattern.packed_conv2d %[[X]] fkw(%[[W]], %[[I]], %[[S]], %[[O]], %[[R]]) storage <set = <3x3, {{\[\[}}0, 4], [4, 8]]>, group = 1> : (
// CHECK-SAME: tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<4xi32>, tensor<6xi32>, tensor<3xi32>, tensor<2xi32>) -> tensor<1x2x2x2xf32>
// GENERIC-LABEL: sym_name = "defaults"
// GENERIC: "pattern.packed_conv2d"
// GENERIC-SAME: activation = #pattern.activation<none>
// GENERIC-SAME: dilations = array<i64: 1, 1>
// GENERIC-SAME: groups = 1 : i64
// GENERIC-SAME: padding = array<i64: 0, 0, 0, 0>
// GENERIC-SAME: storage = #pattern.fkw<
// GENERIC-SAME: strides = array<i64: 1, 1>
func.func @defaults(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<4xi32>, %s: tensor<6xi32>,
                    %o: tensor<3xi32>, %r: tensor<2xi32>) -> tensor<1x2x2x2xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 4], [4, 8]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<4xi32>, tensor<6xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: @bias
// CHECK-SAME: %[[B:[^:]+]]: tensor<4xf32>
// CHECK: pattern.packed_conv2d {{.*}} bias(%[[B]]) storage <set = {{.*}}, group = 4>
func.func @bias(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
                %r: tensor<4xi32>, %b: tensor<4xf32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) bias(%b) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>, tensor<4xf32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// CHECK-LABEL: @index_of_32_bits
// CHECK: pattern.packed_conv2d {{.*}} : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>,
func.func @index_of_32_bits(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                            %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// CHECK-LABEL: @no_kernel_left
// CHECK: pattern.packed_conv2d {{.*}} tensor<0xf32>, tensor<0xi32>
func.func @no_kernel_left(%x: tensor<1x2x4x4xf32>, %w: tensor<0xf32>, %i: tensor<0xi32>, %s: tensor<2xi32>,
                          %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<0xf32>, tensor<0xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// CHECK-LABEL: @geometry
// CHECK: pattern.packed_conv2d {{.*}} {activation = #pattern.activation<relu6>, dilations = array<i64: 1, 2>, padding = array<i64: 1, 2, 0, 3>, strides = array<i64: 2, 1>} : (
// CHECK-SAME: -> tensor<1x1x2x5xf32>
func.func @geometry(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
                    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x2x5xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {strides = array<i64: 2, 1>, padding = array<i64: 1, 2, 0, 3>, dilations = array<i64: 1, 2>,
       activation = #pattern.activation<relu6>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x5xf32>
  return %y : tensor<1x1x2x5xf32>
}

// CHECK-LABEL: @depthwise
// CHECK: pattern.packed_conv2d {{.*}} {groups = 2 : i64}
func.func @depthwise(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>, %i: tensor<2xi32>, %s: tensor<4xi32>,
                     %o: tensor<3xi32>, %r: tensor<2xi32>) -> tensor<1x2x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1> {groups = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// The smallest planes that the convolution can read: the padding left of a row is that right of the row before. Tap 0
// lies a row of five and a column before the image, tap 8 as far behind its end at 3 * 5 + 4.
// CHECK-LABEL: @input_in_planes
// CHECK: pattern.packed_conv2d {{.*}} (tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 6, pitch = 5, size = 31>>,
#input_in_planes = #pattern.planes<strides = [1, 1], origin = 6, pitch = 5, size = 31>
func.func @input_in_planes(%x: tensor<1x1x4x4xf32, #input_in_planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #input_in_planes>,
         tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// More zeros than the convolution needs, on every side.
// CHECK-LABEL: @larger_halo
// CHECK: pattern.packed_conv2d {{.*}} (tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 96>>,
#larger_halo = #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 96>
func.func @larger_halo(%x: tensor<1x1x4x4xf32, #larger_halo>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #larger_halo>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// Row -1 and column -1 are of the odd phases, where they lie a row of five and a column before the image. Rows and
// columns 1 are the first of these phases, so that no tap lies behind its output: 6 + 4 * 5.
// CHECK-LABEL: @phases
// CHECK: pattern.packed_conv2d {{.*}} (tensor<1x1x8x8xf32, #pattern.planes<strides = [2, 2], origin = 6, pitch = 5, size = 26>>,
#phases = #pattern.planes<strides = [2, 2], origin = 6, pitch = 5, size = 26>
func.func @phases(%x: tensor<1x1x8x8xf32, #phases>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32, #phases>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// Rows of six outputs. The tap of an output lies a row and a column before it: the first 7 before the image, the last
// one ends at 7 + (5 * 6 + 6) - 7.
// CHECK-LABEL: @padded_1x1
// CHECK: pattern.packed_conv2d {{.*}} (tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 7, pitch = 6, size = 36>>,
#padded_1x1 = #pattern.planes<strides = [1, 1], origin = 7, pitch = 6, size = 36>
func.func @padded_1x1(%x: tensor<1x1x4x4xf32, #padded_1x1>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x6x6xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #padded_1x1>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x6x6xf32>
  return %y : tensor<1x1x6x6xf32>
}

// Two columns before a row, of which one is also behind the row before. The last output ends at 3 * 6 + 4, and its last
// tap a column behind, within the last row: 2 + 4 * 6.
// CHECK-LABEL: @even_kernel
// CHECK: pattern.packed_conv2d {{.*}} (tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 2, pitch = 6, size = 26>>,
#even_kernel = #pattern.planes<strides = [1, 1], origin = 2, pitch = 6, size = 26>
func.func @even_kernel(%x: tensor<1x1x4x4xf32, #even_kernel>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x4, [[0]]>, group = 1>
      {padding = array<i64: 0, 2, 0, 1>}
      : (tensor<1x1x4x4xf32, #even_kernel>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// A tile may be as long as the elements behind the planes that may be read, 64 * 4.
// CHECK-LABEL: @largest_tile
// CHECK: pattern.packed_conv2d {{.*}} (tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>,
#largest_tile = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @largest_tile(%x: tensor<1x1x4x4xf32, #largest_tile>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 64, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      : (tensor<1x1x4x4xf32, #largest_tile>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// Four lanes from the last column of a row on end in the next row.
// CHECK-LABEL: @most_lanes
// CHECK: pattern.packed_conv2d {{.*}} (tensor<1x1x4x3xf32, #pattern.planes<strides = [1, 1], origin = 5, pitch = 4, size = 25>>,
#most_lanes = #pattern.planes<strides = [1, 1], origin = 5, pitch = 4, size = 25>
func.func @most_lanes(%x: tensor<1x1x4x3xf32, #most_lanes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x3xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x3xf32, #most_lanes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x3xf32>
  return %y : tensor<1x1x4x3xf32>
}

// An output in planes has the pitch of the input, and an origin and a size of its own. Vectors are stored whole, so that
// they may touch any number of rows.
// CHECK-LABEL: @output_in_planes
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, {{.*}} -> tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 5, size = 32>>
#output_in_planes = #pattern.planes<strides = [1, 1], origin = 6, pitch = 5, size = 31>
func.func @output_in_planes(%x: tensor<1x1x4x4xf32, #output_in_planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 2, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #output_in_planes>,
         tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 5, size = 32>>
  return
}

// CHECK-LABEL: @half
// CHECK: pattern.packed_conv2d {{.*}} : (tensor<1x1x4x4xf16>, tensor<4xf16>, tensor<1xi32>, {{.*}}) -> tensor<1x4x4x4xf16>
func.func @half(%x: tensor<1x1x4x4xf16>, %w: tensor<4xf16>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
                %r: tensor<4xi32>) -> tensor<1x4x4x4xf16> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x1x4x4xf16>, tensor<4xf16>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf16>
  return %y : tensor<1x4x4x4xf16>
}
