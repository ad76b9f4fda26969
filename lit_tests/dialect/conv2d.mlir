// Every form of the op reads back what it printed.
// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// Attributes of the default value are not printed.
// CHECK-LABEL: @defaults
// CHECK-SAME: %[[X:.+]]: tensor<1x2x4x4xf32>, %[[W:.+]]: tensor<3x2x3x3xf32>
// CHECK: pattern.conv2d %[[X]], %[[W]] map <set = <3x3, {{\[\[}}0, 4]]>, ids = dense<1> : tensor<3x2xui8>> : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32>
// GENERIC-LABEL: sym_name = "defaults"
// GENERIC: "pattern.conv2d"
// GENERIC-SAME: activation = #pattern.activation<none>
// GENERIC-SAME: dilations = array<i64: 1, 1>
// GENERIC-SAME: groups = 1 : i64
// GENERIC-SAME: padding = array<i64: 0, 0, 0, 0>
// GENERIC-SAME: strides = array<i64: 1, 1>
func.func @defaults(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32> {
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0, 4]]>, ids = dense<1> : tensor<3x2xui8>>
      {activation = #pattern.activation<none>, groups = 1 : i64, strides = array<i64: 1, 1>,
       padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32>
  return %y : tensor<1x3x2x2xf32>
}

// CHECK-LABEL: @bias
// CHECK-SAME: %[[B:[^:]+]]: tensor<3xf32>
// CHECK: pattern.conv2d %{{.+}}, %{{.+}} bias(%[[B]]) map <
func.func @bias(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>, %b: tensor<3xf32>) -> tensor<1x3x4x4xf32> {
  %y = pattern.conv2d %x, %w bias(%b) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>, tensor<3xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @relu
// CHECK: pattern.conv2d {{.*}} {activation = #pattern.activation<relu>}
func.func @relu(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      {activation = #pattern.activation<relu>} : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @relu6
// CHECK: pattern.conv2d {{.*}} {activation = #pattern.activation<relu6>}
func.func @relu6(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      {activation = #pattern.activation<relu6>} : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @filter_order
// CHECK: pattern.conv2d {{.*}} {filter_order = array<i32: 2, 0, 1>}
func.func @filter_order(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      {filter_order = array<i32: 2, 0, 1>} : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// Two groups of two channels and three filters each.
// CHECK-LABEL: @groups
// CHECK: pattern.conv2d {{.*}} ids = dense<1> : tensor<6x2xui8>> {groups = 2 : i64}
func.func @groups(%x: tensor<1x4x4x4xf32>, %w: tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<6x2xui8>> {groups = 2 : i64}
      : (tensor<1x4x4x4xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32>
  return %y : tensor<1x6x4x4xf32>
}

// Two filters for each of four channels.
// CHECK-LABEL: @depthwise
// CHECK: pattern.conv2d {{.*}} ids = dense<1> : tensor<8x1xui8>> {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
func.func @depthwise(%x: tensor<1x4x4x4xf32>, %w: tensor<8x1x3x3xf32>) -> tensor<1x8x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0, 1, 3, 4]]>, ids = dense<1> : tensor<8x1xui8>>
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x4x4xf32>, tensor<8x1x3x3xf32>) -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// The height takes stride 2, the width stride 1.
// CHECK-LABEL: @strides
// CHECK: pattern.conv2d {{.*}} {strides = array<i64: 2, 1>} {{.*}} -> tensor<2x3x3x4xf32>
func.func @strides(%x: tensor<2x2x7x6xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<2x3x3x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0, 4]]>, ids = dense<1> : tensor<3x2xui8>>
      {strides = array<i64: 2, 1>} : (tensor<2x2x7x6xf32>, tensor<3x2x3x3xf32>) -> tensor<2x3x3x4xf32>
  return %y : tensor<2x3x3x4xf32>
}

// CHECK-LABEL: @dilations
// CHECK: pattern.conv2d {{.*}} {dilations = array<i64: 1, 2>} {{.*}} -> tensor<1x3x5x2xf32>
func.func @dilations(%x: tensor<1x2x7x6xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x5x2xf32> {
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0, 4]]>, ids = dense<1> : tensor<3x2xui8>>
      {dilations = array<i64: 1, 2>} : (tensor<1x2x7x6xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x5x2xf32>
  return %y : tensor<1x3x5x2xf32>
}

// Top and bottom add 0 + 1 rows, left and right 2 + 3 columns.
// CHECK-LABEL: @asymmetric_padding
// CHECK: pattern.conv2d {{.*}} {padding = array<i64: 0, 2, 1, 3>} {{.*}} -> tensor<1x3x3x7xf32>
func.func @asymmetric_padding(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x3x7xf32> {
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0, 4]]>, ids = dense<1> : tensor<3x2xui8>>
      {padding = array<i64: 0, 2, 1, 3>} : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x3x7xf32>
  return %y : tensor<1x3x3x7xf32>
}

// Weights may be zero where the map keeps them, and must be where it does not.
// CHECK-LABEL: @constant_weights
// CHECK: %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<2x2x1x2xf32>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map <set = <1x2, {{\[\[}}0], [1]]>, ids = dense<{{\[\[}}1, 2], [0, 1]]> : tensor<2x2xui8>>
func.func @constant_weights(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x3xf32> {
  %w = arith.constant dense<[[[[1.0, 0.0]], [[-0.0, 2.0]]], [[[0.0, 0.0]], [[0.0, 0.0]]]]> : tensor<2x2x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense<[[1, 2], [0, 1]]> : tensor<2x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<2x2x1x2xf32>) -> tensor<1x2x4x3xf32>
  return %y : tensor<1x2x4x3xf32>
}

// CHECK-LABEL: @half
// CHECK: pattern.conv2d {{.*}} : (tensor<1x1x4x4xf16>, tensor<2x1x1x1xf16>, tensor<2xf16>) -> tensor<1x2x4x4xf16>
func.func @half(%x: tensor<1x1x4x4xf16>, %b: tensor<2xf16>) -> tensor<1x2x4x4xf16> {
  %w = arith.constant dense<1.0> : tensor<2x1x1x1xf16>
  %y = pattern.conv2d %x, %w bias(%b) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x1xui8>>
      : (tensor<1x1x4x4xf16>, tensor<2x1x1x1xf16>, tensor<2xf16>) -> tensor<1x2x4x4xf16>
  return %y : tensor<1x2x4x4xf16>
}
