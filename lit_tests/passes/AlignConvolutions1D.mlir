// RUN: pattern-opt %s -pattern-align-convolutions-1d | FileCheck %s
// RUN: pattern-opt %s -pattern-align-convolutions-1d --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: Category:pattern-align-convolutions-1d | rows=3

#id = affine_map<(n, c, l) -> (n, c, l)>

// A column of eight becomes a row of eight; everything of height becomes that of width.
// CHECK-LABEL: @column
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x8xf32>, %[[B:[^:]+]]: tensor<2xf32>
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{\[\[\[\[}}1.000000e+00, 2.000000e+00, 0.000000e+00]]], {{\[\[\[}}3.000000e+00, 4.000000e+00, 0.000000e+00]]]]> : tensor<2x1x1x3xf32>
// CHECK-DAG: %[[ROW:.+]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1], [2, 3]] output_shape [1, 2, 1, 8]
// CHECK: %[[CONV:.+]] = pattern.conv2d %[[ROW]], %[[W]] bias(%[[B]]) map <set = <1x3, {{\[\[}}0, 1]]>, ids = dense<1> : tensor<2x1xui8>>
// CHECK-SAME: {activation = #pattern.activation<relu>, dilations = array<i64: 1, 2>, groups = 2 : i64, padding = array<i64: 0, 1, 0, 3>, strides = array<i64: 1, 2>}
// CHECK-SAME: -> tensor<1x2x1x4xf32>
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[CONV]] {{\[\[}}0], [1], [2, 3]]
// CHECK: return %[[Y]]
func.func @column(%x: tensor<1x2x8xf32>, %b: tensor<2xf32>) -> tensor<1x2x4xf32> {
  %w = arith.constant dense<[[[[1.0], [2.0], [0.0]]], [[[3.0], [4.0], [0.0]]]]> : tensor<2x1x3x1xf32>
  %i = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [1, 2, 8, 1] : tensor<1x2x8xf32> into tensor<1x2x8x1xf32>
  %o = pattern.conv2d %i, %w bias(%b) map <set = <3x1, [[0, 1]]>, ids = dense<1> : tensor<2x1xui8>>
      {activation = #pattern.activation<relu>, dilations = array<i64: 2, 1>, groups = 2,
       padding = array<i64: 1, 0, 3, 0>, strides = array<i64: 2, 1>}
      : (tensor<1x2x8x1xf32>, tensor<2x1x3x1xf32>, tensor<2xf32>) -> tensor<1x2x4x1xf32>
  %y = tensor.collapse_shape %o [[0], [1], [2, 3]] : tensor<1x2x4x1xf32> into tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// Between a row and a column no reshape is left, and what is computed in between is computed of the images.
// CHECK-LABEL: @chain
// CHECK: tensor.expand_shape
// CHECK: %[[FIRST:.+]] = pattern.conv2d
// CHECK-NOT: tensor.collapse_shape
// CHECK: %[[RELU:.+]] = linalg.generic {{.*}} ins(%[[FIRST]] : tensor<1x1x1x8xf32>)
// CHECK: pattern.conv2d %[[RELU]], {{.*}} -> tensor<1x1x1x8xf32>
// CHECK-NEXT: tensor.collapse_shape
// CHECK-NEXT: return
func.func @chain(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %i = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [1, 1, 1, 8] : tensor<1x1x8xf32> into tensor<1x1x1x8xf32>
  %p = pattern.conv2d %i, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x1x8xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x8xf32>
  %c = tensor.collapse_shape %p [[0], [1], [2, 3]] : tensor<1x1x1x8xf32> into tensor<1x1x8xf32>
  %e = tensor.empty() : tensor<1x1x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%c : tensor<1x1x8xf32>) outs(%e : tensor<1x1x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x8xf32>
  %j = tensor.expand_shape %r [[0], [1], [2, 3]] output_shape [1, 1, 8, 1] : tensor<1x1x8xf32> into tensor<1x1x8x1xf32>
  %q = pattern.conv2d %j, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x8x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x8x1xf32>
  %y = tensor.collapse_shape %q [[0], [1], [2, 3]] : tensor<1x1x8x1xf32> into tensor<1x1x8xf32>
  return %y : tensor<1x1x8xf32>
}

// One of these reads beside its column, one adds an image.
// CHECK-LABEL: @left_alone
// CHECK: pattern.conv2d {{.*}} (tensor<1x1x8x1xf32>, tensor<1x1x1x3xf32>)
// CHECK: pattern.conv2d {{.*}} (tensor<1x1x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1x1x8x1xf32>)
func.func @left_alone(%x: tensor<1x1x8x1xf32>) -> tensor<1x1x8x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x1x3xf32>
  %v = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %p = pattern.conv2d %x, %w map <set = <1x3, [[0, 1, 2]]>, ids = dense<1> : tensor<1x1xui8>>
      {padding = array<i64: 0, 1, 0, 1>} : (tensor<1x1x8x1xf32>, tensor<1x1x1x3xf32>) -> tensor<1x1x8x1xf32>
  %q = pattern.conv2d %p, %v add(%x) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1x1x8x1xf32>) -> tensor<1x1x8x1xf32>
  return %q : tensor<1x1x8x1xf32>
}
