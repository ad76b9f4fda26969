// RUN: pattern-opt %s -pattern-decompress-weights -split-input-file | FileCheck %s

// The published example of FKW [PatDNN, ASPLOS 2020, section 5.3], read back.
// CHECK-LABEL: @published
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x4x1x2xf32>, %[[B:[^:]+]]: tensor<4xf32>
// CHECK-NEXT: %[[W:.+]] = arith.constant dense_resource<conv.weight> : tensor<4x4x1x2xf32>
// CHECK-NEXT: %[[Y:.+]] = pattern.conv2d %[[X]], %[[W]] bias(%[[B]]) map <set = <1x2, {{\[\[}}0], [1]]>, ids = dense<{{\[\[}}0, 2, 0, 1], [2, 0, 1, 0], [0, 2, 2, 2], [0, 2, 0, 2]]> : tensor<4x4xui8>> {activation = #pattern.activation<relu>, filter_order = array<i32: 0, 1, 3, 2>}
// CHECK-NEXT: return %[[Y]]
//
// A kernel a line, as position 0, position 1.
// CHECK: conv.weight: "0x04000000
// CHECK-SAME: 0000000000000000
// CHECK-SAME: 0000000000000040
// CHECK-SAME: 0000000000000000
// CHECK-SAME: 0000803F00000000
// CHECK-SAME: 0000000000008040
// CHECK-SAME: 0000000000000000
// CHECK-SAME: 0000404000000000
// CHECK-SAME: 0000000000000000
// CHECK-SAME: 0000000000000000
// CHECK-SAME: 000000000000E040
// CHECK-SAME: 0000000000000041
// CHECK-SAME: 0000000000001041
// CHECK-SAME: 0000000000000000
// CHECK-SAME: 000000000000A040
// CHECK-SAME: 0000000000000000
// CHECK-SAME: 000000000000C040"
func.func @published(%x: tensor<1x4x1x2xf32>, %b: tensor<4xf32>) -> tensor<1x4x1x1xf32> {
  %weight = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]> : tensor<9xf32>
  %index = arith.constant dense<[3, 1, 2, 0, 1, 3, 1, 2, 3]> : tensor<9xi32>
  %stride = arith.constant dense<[0, 1, 2, 0, 1, 2, 0, 0, 2, 0, 0, 3]> : tensor<12xi32>
  %offset = arith.constant dense<[0, 2, 4, 6, 9]> : tensor<5xi32>
  %reorder = arith.constant dense<[0, 1, 3, 2]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%weight, %index, %stride, %offset, %reorder) bias(%b)
      storage <set = <1x2, [[0], [1]]>, group = 1> {activation = #pattern.activation<relu>}
      : (tensor<1x4x1x2xf32>, tensor<9xf32>, tensor<9xi32>, tensor<12xi32>, tensor<5xi32>, tensor<4xi32>, tensor<4xf32>)
      -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

// -----

// Two taps for each of two filters: filter 1 is stored first. 32-bit indices are read as well.
// CHECK-LABEL: @group_of_two
// CHECK: pattern.conv2d {{.*}} map <set = <1x3, {{\[\[}}0, 2]]>, ids = dense<{{\[\[}}0, 1], [0, 1]]> : tensor<2x2xui8>> {filter_order = array<i32: 1, 0>}
// CHECK: conv.weight: "0x04000000
// CHECK-SAME: 000000000000000000000000
// CHECK-SAME: 000000400000000000008040
// CHECK-SAME: 000000000000000000000000
// CHECK-SAME: 0000803F0000000000004040"
func.func @group_of_two(%x: tensor<1x2x1x3xf32>) -> tensor<1x2x1x1xf32> {
  %weight = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %index = arith.constant dense<1> : tensor<1xi32>
  %stride = arith.constant dense<[0, 1]> : tensor<2xi32>
  %offset = arith.constant dense<[0, 1]> : tensor<2xi32>
  %reorder = arith.constant dense<[1, 0]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%weight, %index, %stride, %offset, %reorder)
      storage <set = <1x3, [[0, 2]]>, group = 2>
      : (tensor<1x2x1x3xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// -----

// The index counts channels over all groups, the weights over one.
// CHECK-LABEL: @grouped_convolution
// CHECK: pattern.conv2d {{.*}} ids = dense<{{\[\[}}0, 1], [1, 0]]> : tensor<2x2xui8>> {filter_order = array<i32: 0, 1>, groups = 2 : i64}
// CHECK: conv.weight: "0x04000000000000000000803F0000004000000000"
func.func @grouped_convolution(%x: tensor<1x4x1x1xf32>) -> tensor<1x2x1x1xf32> {
  %weight = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %index = arith.constant dense<[1, 2]> : tensor<2xi32>
  %stride = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %offset = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %reorder = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%weight, %index, %stride, %offset, %reorder)
      storage <set = <1x1, [[0]]>, group = 1> {groups = 2 : i64}
      : (tensor<1x4x1x1xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// -----

// Equal arrays may be one constant, as after -cse.
// CHECK-LABEL: @shared_array
// CHECK-NEXT: arith.constant dense_resource
// CHECK-NEXT: pattern.conv2d
func.func @shared_array(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %weight = arith.constant dense<1.0> : tensor<1xf32>
  %index = arith.constant dense<0> : tensor<1xi32>
  %bounds = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%weight, %index, %bounds, %bounds, %index)
      storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

// One constant may be two arrays.
// CHECK-LABEL: @shared_constants
// CHECK-NOT: tensor<2xi32>
// CHECK: pattern.conv2d
func.func @shared_constants(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %i) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @half_precision
// CHECK: %[[W:.+]] = arith.constant dense_resource<conv.weight{{.*}}> : tensor<1x2x1x2xf16>
// CHECK: pattern.conv2d %{{.+}}, %[[W]]
func.func @half_precision(%x: tensor<1x2x1x2xf16>) -> tensor<1x1x1x1xf16> {
  %w = arith.constant dense<1.5> : tensor<2xf16>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) storage <set = <1x2, [[1]]>, group = 1>
      : (tensor<1x2x1x2xf16>, tensor<2xf16>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf16>
  return %y : tensor<1x1x1x1xf16>
}
