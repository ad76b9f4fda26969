// RUN: pattern-opt %s -pattern-reorder-filters | FileCheck %s
// RUN: pattern-opt %s -pattern-reorder-filters -pattern-compress-weights | FileCheck %s --check-prefix=ROWS

// The published example [PatDNN, ASPLOS 2020, section 5.2]: lengths 2, 3, 4, and of each two similar filters, f0 f3
// | f1 f4 | f2 f5.
// CHECK-LABEL: @published
// CHECK: pattern.conv2d {{.*}} {filter_order = array<i32: 0, 3, 1, 4, 2, 5>}
//
// Stored rows 12 | 12 | 122 | 112 | 1222 | 1122, here as prefix sums over the two patterns.
// ROWS-LABEL: @published
// ROWS: %[[STRIDE:.+]] = arith.constant dense<[0, 1, 2, 0, 1, 2, 0, 1, 3, 0, 2, 3, 0, 1, 4, 0, 2, 4]> : tensor<18xi32>
// ROWS: %[[REORDER:.+]] = arith.constant dense<[0, 3, 1, 4, 2, 5]> : tensor<6xi32>
// ROWS: pattern.packed_conv2d %{{.+}} fkw(%{{.+}}, %{{.+}}, %[[STRIDE]], %{{.+}}, %[[REORDER]])
func.func @published(%x: tensor<1x6x1x2xf32>) -> tensor<1x6x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<6x6x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense<[
        [0, 2, 0, 1, 0, 0],
        [1, 0, 2, 0, 2, 0],
        [0, 2, 2, 2, 0, 1],
        [0, 2, 0, 1, 0, 0],
        [1, 0, 2, 0, 1, 0],
        [1, 2, 1, 0, 2, 0]]> : tensor<6x6xui8>>
      : (tensor<1x6x1x2xf32>, tensor<6x6x1x2xf32>) -> tensor<1x6x1x1xf32>
  return %y : tensor<1x6x1x1xf32>
}

// Filters of one structure come together, in the order of the network.
// CHECK-LABEL: @equal_structures
// CHECK: {filter_order = array<i32: 0, 2, 4, 1, 3>}
func.func @equal_structures(%x: tensor<1x2x1x2xf32>) -> tensor<1x5x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<5x2x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>,
        ids = dense<[[1, 0], [0, 1], [1, 0], [0, 1], [1, 0]]> : tensor<5x2xui8>>
      : (tensor<1x2x1x2xf32>, tensor<5x2x1x2xf32>) -> tensor<1x5x1x1xf32>
  return %y : tensor<1x5x1x1xf32>
}

// A filter without kernels has the least length.
// CHECK-LABEL: @empty_filter
// CHECK: {filter_order = array<i32: 1, 2, 0>}
func.func @empty_filter(%x: tensor<1x2x1x2xf32>) -> tensor<1x3x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<3x2x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>,
        ids = dense<[[1, 1], [0, 0], [0, 1]]> : tensor<3x2xui8>>
      : (tensor<1x2x1x2xf32>, tensor<3x2x1x2xf32>) -> tensor<1x3x1x1xf32>
  return %y : tensor<1x3x1x1xf32>
}

// Filter 0 has the sorted row 112; filter 2 has it too, filter 1 (122) shares two positions with it.
// CHECK-LABEL: @same_positions
// CHECK: {filter_order = array<i32: 0, 2, 1>}
func.func @same_positions(%x: tensor<1x3x1x2xf32>) -> tensor<1x3x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<3x3x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>,
        ids = dense<[[1, 1, 2], [2, 1, 2], [2, 1, 1]]> : tensor<3x3xui8>>
      : (tensor<1x3x1x2xf32>, tensor<3x3x1x2xf32>) -> tensor<1x3x1x1xf32>
  return %y : tensor<1x3x1x1xf32>
}

// All three rows are 11; filter 2 shares a channel with filter 0, filter 1 none.
// CHECK-LABEL: @same_channels
// CHECK: {filter_order = array<i32: 0, 2, 1>}
func.func @same_channels(%x: tensor<1x4x1x1xf32>) -> tensor<1x3x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<3x4x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>,
        ids = dense<[[1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 0]]> : tensor<3x4xui8>>
      : (tensor<1x4x1x1xf32>, tensor<3x4x1x1xf32>) -> tensor<1x3x1x1xf32>
  return %y : tensor<1x3x1x1xf32>
}

// An order that is already there is replaced, and nothing else is touched.
// CHECK-LABEL: @uniform
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x1x1xf32>, %[[B:[^:]+]]: tensor<2xf32>
// CHECK: %[[W:.+]] = arith.constant dense<0.000000e+00>
// CHECK: pattern.conv2d %[[X]], %[[W]] bias(%[[B]]) map <{{.*}}, ids = dense<1> : tensor<2x2xui8>> {activation = #pattern.activation<relu>, filter_order = array<i32: 0, 1>}
func.func @uniform(%x: tensor<1x2x1x1xf32>, %b: tensor<2xf32>) -> tensor<1x2x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<2x2x1x1xf32>
  %y = pattern.conv2d %x, %w bias(%b) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x2xui8>>
      {activation = #pattern.activation<relu>, filter_order = array<i32: 1, 0>}
      : (tensor<1x2x1x1xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// A depthwise convolution stores its filters in the order in which its channels are made. Any order is as good for it.
// CHECK-LABEL: @depthwise
// CHECK: pattern.conv2d {{.*}} {filter_order = array<i32: 1, 2, 0>}
// CHECK: pattern.conv2d {{.*}} {filter_order = array<i32: 1, 2, 0>, groups = 3 : i64}
func.func @depthwise(%x: tensor<1x2x1x2xf32>) -> tensor<1x3x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<3x2x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<[[1, 1], [0, 0], [0, 1]]> : tensor<3x2xui8>>
      : (tensor<1x2x1x2xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x1x2xf32>
  %v = arith.constant dense<0.0> : tensor<3x1x1x2xf32>
  %z = pattern.conv2d %y, %v map <set = <1x2, [[0], [1]]>, ids = dense<[[1], [2], [1]]> : tensor<3x1xui8>> {groups = 3 : i64}
      : (tensor<1x3x1x2xf32>, tensor<3x1x1x2xf32>) -> tensor<1x3x1x1xf32>
  return %z : tensor<1x3x1x1xf32>
}
