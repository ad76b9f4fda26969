// RUN: pattern-opt %s -pattern-reorder-filters | FileCheck %s

// Compression says that the map has no data.
// CHECK-LABEL: @map_without_data
// CHECK: pattern.conv2d
// CHECK-NOT: filter_order
// CHECK: return
func.func @map_without_data(%x: tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32> {
  %w = arith.constant dense<0.0> : tensor<2x2x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense_resource<none> : tensor<2x2xui8>>
      : (tensor<1x2x1x1xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}
