// RUN: pattern-opt %s -pattern-compress-weights -split-input-file -mlir-elide-elementsattrs-if-larger=32 | FileCheck %s
// RUN: pattern-opt %s --pass-pipeline='builtin.module(pattern-compress-weights{max-filter-group=2 max-vector-group=13})' -split-input-file -mlir-elide-elementsattrs-if-larger=32 | FileCheck %s --check-prefix=OPTIONS
// RUN: pattern-opt %s %target-sse -pattern-compress-weights -split-input-file | FileCheck %s --check-prefix=SSE

// The published example [PatDNN, ASPLOS 2020, section 5.3], after FKR: rows _2_1, 2_1_, _222, _2_2. The weights tell
// the filter (tens) and the channel.
// CHECK-LABEL: @published
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x4x1x2xf32>
// CHECK-NOT: tensor<4x4x1x2xf32>
// CHECK-DAG: %[[WEIGHT:.+]] = arith.constant dense_resource<conv.fkw> : tensor<9xf32>
// CHECK-DAG: %[[INDEX:.+]] = arith.constant dense<[3, 1, 2, 0, 1, 3, 1, 2, 3]> : tensor<9xi32>
// CHECK-DAG: %[[STRIDE:.+]] = arith.constant dense<[0, 1, 2, 0, 1, 2, 0, 0, 2, 0, 0, 3]> : tensor<12xi32>
// CHECK-DAG: %[[OFFSET:.+]] = arith.constant dense<[0, 2, 4, 6, 9]> : tensor<5xi32>
// CHECK-DAG: %[[REORDER:.+]] = arith.constant dense<[0, 1, 3, 2]> : tensor<4xi32>
// CHECK: %[[Y:.+]] = pattern.packed_conv2d %[[X]] fkw(%[[WEIGHT]], %[[INDEX]], %[[STRIDE]], %[[OFFSET]], %[[REORDER]]) storage <set = <1x2, {{\[\[}}0], [1]]>, group = 1> :
// CHECK: return %[[Y]]
//
// 4, 2 | 13, 11 | 32, 34 | 22, 23, 24
// CHECK: conv.fkw: "0x04000000
// CHECK-SAME: 00008040000000400000504100003041
// CHECK-SAME: 00000042000008420000B0410000B8410000C041"
//
// OPTIONS-LABEL: @published
// OPTIONS: arith.constant dense<[3, 1, 2, 0, 1, 3, 1, 2, 3]> : tensor<9xi32>
func.func @published(%x: tensor<1x4x1x2xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense<[
      [[[0.0, 0.0]], [[0.0, 2.0]], [[0.0, 0.0]], [[4.0, 0.0]]],
      [[[0.0, 11.0]], [[0.0, 0.0]], [[13.0, 0.0]], [[0.0, 0.0]]],
      [[[0.0, 0.0]], [[0.0, 22.0]], [[0.0, 23.0]], [[0.0, 24.0]]],
      [[[0.0, 0.0]], [[0.0, 32.0]], [[0.0, 0.0]], [[0.0, 34.0]]]]> : tensor<4x4x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense<[
        [0, 2, 0, 1],
        [2, 0, 1, 0],
        [0, 2, 2, 2],
        [0, 2, 0, 2]]> : tensor<4x4xui8>> {filter_order = array<i32: 0, 1, 3, 2>}
      : (tensor<1x4x1x2xf32>, tensor<4x4x1x2xf32>) -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

// -----

// Four filters of one structure are a group: indices once, and for each of the two taps the weights of the four
// filters side by side.
// CHECK-LABEL: @group_of_four
// CHECK-DAG: arith.constant dense<1> : tensor<1xi32>
// CHECK-DAG: arith.constant dense<[0, 1]> : tensor<2xi32>
// CHECK: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 4>
// CHECK: conv.fkw: "0x04000000
// CHECK-SAME: 0000803F000040400000A0400000E040
// CHECK-SAME: 00000040000080400000C04000000041"
//
// OPTIONS-LABEL: @group_of_four
// OPTIONS: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 2>
// OPTIONS: conv.fkw: "0x04000000
// OPTIONS-SAME: 0000803F000040400000004000008040
// OPTIONS-SAME: 0000A0400000E0400000C04000000041"
func.func @group_of_four(%x: tensor<1x2x1x3xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense<[
      [[[0.0, 0.0, 0.0]], [[1.0, 0.0, 2.0]]],
      [[[0.0, 0.0, 0.0]], [[3.0, 0.0, 4.0]]],
      [[[0.0, 0.0, 0.0]], [[5.0, 0.0, 6.0]]],
      [[[0.0, 0.0, 0.0]], [[7.0, 0.0, 8.0]]]]> : tensor<4x2x1x3xf32>
  %y = pattern.conv2d %x, %w map <set = <1x3, [[0, 2]]>,
        ids = dense<[[0, 1], [0, 1], [0, 1], [0, 1]]> : tensor<4x2xui8>>
      : (tensor<1x2x1x3xf32>, tensor<4x2x1x3xf32>) -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

// -----

// CHECK-LABEL: @group_of_two
// CHECK-DAG: %[[INDEX:.+]] = arith.constant dense<[0, 1]> : tensor<2xi32>
// CHECK-DAG: %[[OFFSET:.+]] = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
// CHECK: pattern.packed_conv2d %{{.+}} fkw(%{{.+}}, %[[INDEX]], %{{.+}}, %[[OFFSET]], %{{.+}}) storage <set = {{.*}}, group = 2>
func.func @group_of_two(%x: tensor<1x2x1x1xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<4x2x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>,
        ids = dense<[[1, 0], [1, 0], [0, 1], [0, 1]]> : tensor<4x2xui8>>
      : (tensor<1x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

// -----

// The same filters in another stored order have no neighbour alike.
// CHECK-LABEL: @group_of_one
// CHECK: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 1>
func.func @group_of_one(%x: tensor<1x2x1x1xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<4x2x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>,
        ids = dense<[[1, 0], [1, 0], [0, 1], [0, 1]]> : tensor<4x2xui8>> {filter_order = array<i32: 0, 2, 1, 3>}
      : (tensor<1x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

// -----

// Same channels, but another pattern: no group.
// CHECK-LABEL: @other_pattern
// CHECK: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 1>
func.func @other_pattern(%x: tensor<1x1x1x2xf32>) -> tensor<1x2x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<2x1x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense<[[1], [2]]> : tensor<2x1xui8>>
      : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// -----

// A dense convolution groups as many filters as are allowed: eight, not sixteen.
// CHECK-LABEL: @dense
// CHECK: pattern.packed_conv2d {{.*}} storage <set = <1x2, {{\[\[}}0, 1]]>, group = 8>
// OPTIONS-LABEL: @dense
// OPTIONS: pattern.packed_conv2d {{.*}} storage <set = <1x2, {{\[\[}}0, 1]]>, group = 2>
func.func @dense(%x: tensor<1x1x1x2xf32>) -> tensor<1x16x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<16x1x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0, 1]]>, ids = dense<1> : tensor<16x1xui8>>
      : (tensor<1x1x1x2xf32>, tensor<16x1x1x2xf32>) -> tensor<1x16x1x1xf32>
  return %y : tensor<1x16x1x1xf32>
}

// -----

// Filters of another group of the convolution read other channels: three share their indices, not six. The index counts
// channels over all groups.
// CHECK-LABEL: @grouped_convolution
// CHECK-DAG: arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
// CHECK: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 3> {groups = 2 : i64}
func.func @grouped_convolution(%x: tensor<1x4x1x1xf32>) -> tensor<1x6x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<6x2x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<6x2xui8>> {groups = 2 : i64}
      : (tensor<1x4x1x1xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x1x1xf32>
  return %y : tensor<1x6x1x1xf32>
}

// -----

// Images of one position have an option of their own.
// CHECK-LABEL: @one_position
// CHECK: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 24>
// OPTIONS-LABEL: @one_position
// OPTIONS: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 12>
func.func @one_position(%x: tensor<1x2x1x1xf32>) -> tensor<1x24x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<24x2x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<24x2xui8>>
      : (tensor<1x2x1x1xf32>, tensor<24x2x1x1xf32>) -> tensor<1x24x1x1xf32>
  return %y : tensor<1x24x1x1xf32>
}

// -----

// CHECK-LABEL: @no_kernel_left
// CHECK: pattern.packed_conv2d {{.*}} group = 2> : (tensor<1x1x1x1xf32>, tensor<0xf32>, tensor<0xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
func.func @no_kernel_left(%x: tensor<1x1x1x1xf32>) -> tensor<1x2x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<2x1x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<0> : tensor<2x1xui8>>
      : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// -----

// 65536 channels are the last that 16 bits count.
// CHECK-LABEL: @most_channels_of_16_bits
// CHECK: pattern.packed_conv2d {{.*}} tensor<65536xi32>
func.func @most_channels_of_16_bits(%x: tensor<1x65536x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1x65536x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x65536xui8>>
      : (tensor<1x65536x1x1xf32>, tensor<1x65536x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

// CHECK-LABEL: @more_channels
// CHECK: pattern.packed_conv2d {{.*}} tensor<65537xi32>
func.func @more_channels(%x: tensor<1x65537x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1x65537x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x65537xui8>>
      : (tensor<1x65537x1x1xf32>, tensor<1x65537x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

// Geometry, bias and activation are kept.
// CHECK-LABEL: @keeps
// CHECK-SAME: %[[B:[^:]+]]: tensor<1xf32>
// CHECK: pattern.packed_conv2d {{.*}} bias(%[[B]]) {{.*}} {activation = #pattern.activation<relu6>, dilations = array<i64: 2, 1>, padding = array<i64: 1, 0, 1, 3>, strides = array<i64: 1, 3>}
func.func @keeps(%x: tensor<1x1x3x3xf32>, %b: tensor<1xf32>) -> tensor<1x1x3x2xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x2x2xf32>
  %y = pattern.conv2d %x, %w bias(%b) map <set = <2x2, [[0, 1, 2, 3]]>, ids = dense<1> : tensor<1x1xui8>>
      {activation = #pattern.activation<relu6>, dilations = array<i64: 2, 1>, padding = array<i64: 1, 0, 1, 3>,
       strides = array<i64: 1, 3>}
      : (tensor<1x1x3x3xf32>, tensor<1x1x2x2xf32>, tensor<1xf32>) -> tensor<1x1x3x2xf32>
  return %y : tensor<1x1x3x2xf32>
}

// -----

// Weights that another operation uses stay.
// CHECK-LABEL: @shared_weights
// CHECK: %[[W:.+]] = arith.constant dense<1.000000e+00> : tensor<1x1x1x1xf32>
// CHECK: pattern.packed_conv2d
// CHECK: return %{{.+}}, %[[W]]
func.func @shared_weights(%x: tensor<1x1x1x1xf32>) -> (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) {
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y, %w : tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>
}

// -----

// The blob is named after the layer.
// CHECK-LABEL: @named
// CHECK: arith.constant dense_resource<features.3.fkw> : tensor<1xf32>
func.func @named(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> {layer = "features.3"}
      : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

// 1, 2⁻²⁴ and the largest number, in two bytes each.
// CHECK-LABEL: @half_precision
// CHECK: arith.constant dense_resource<conv.fkw> : tensor<3xf16>
// CHECK: conv.fkw: "0x02000000003C0100FF7B"
func.func @half_precision(%x: tensor<1x4x1x1xf16>) -> tensor<1x1x1x1xf16> {
  %w = arith.constant dense<[[[[0x3C00]], [[0x0001]], [[0.0]], [[0x7BFF]]]]> : tensor<1x4x1x1xf16>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<[[1, 1, 0, 1]]> : tensor<1x4xui8>>
      : (tensor<1x4x1x1xf16>, tensor<1x4x1x1xf16>) -> tensor<1x1x1x1xf16>
  return %y : tensor<1x1x1x1xf16>
}

// -----

// How many filters share their indices is for the target to say.
// CHECK-LABEL: @group_of_eight
// CHECK: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 8>
// SSE-LABEL: @group_of_eight
// SSE: pattern.packed_conv2d {{.*}} storage <set = {{.*}}, group = 4>
func.func @group_of_eight(%x: tensor<1x1x2x2xf32>) -> tensor<1x16x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<16x1x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<16x1xui8>>
      : (tensor<1x1x2x2xf32>, tensor<16x1x1x1xf32>) -> tensor<1x16x2x2xf32>
  return %y : tensor<1x16x2x2xf32>
}
