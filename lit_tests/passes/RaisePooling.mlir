// Padding, initial values and divisions go with the poolings that they belong to.
// RUN: pattern-opt %s -pattern-raise-pooling | FileCheck %s

// The reference lowering is the inverse.
// RUN: pattern-opt %s -pattern-raise-pooling -pattern-convolutions-to-linalg -pattern-raise-pooling | FileCheck %s

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#ones = affine_map<(n, c, h, w) -> (n, c, 0, 0)>
#channels = affine_map<(n, c, h, w) -> (n, c)>
#id2 = affine_map<(n, c) -> (n, c)>

// CHECK-LABEL: @maximum
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x8x8xf32>
// CHECK-NEXT: %[[Y:.+]] = pattern.pool2d <max> %[[X]] {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x4x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @maximum(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x4x4xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>} ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// Top, left, bottom and right.
// CHECK-LABEL: @maximum_padded
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x8x8xf32>
// CHECK-NEXT: pattern.pool2d <max> %[[X]] {kernel = array<i64: 4, 2>, padding = array<i64: 1, 1, 2, 1>}
// CHECK-NEXT: return
func.func @maximum_padded(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x8x9xf32> {
  %pad = arith.constant 0xFF800000 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 2, 1] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %pad : f32
  } : tensor<1x2x8x8xf32> to tensor<1x2x11x10xf32>
  %window = tensor.empty() : tensor<4x2xf32>
  %e = tensor.empty() : tensor<1x2x8x9xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x8x9xf32>) -> tensor<1x2x8x9xf32>
  %y = linalg.pooling_nchw_max ins(%p, %window : tensor<1x2x11x10xf32>, tensor<4x2xf32>)
      outs(%f : tensor<1x2x8x9xf32>) -> tensor<1x2x8x9xf32>
  return %y : tensor<1x2x8x9xf32>
}

// No window reads the last row and the last column of the padding.
// CHECK-LABEL: @padding_behind_last_window
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x8x8xf32>
// CHECK-NEXT: pattern.pool2d <max> %[[X]] {kernel = array<i64: 3, 3>, padding = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>}
func.func @padding_behind_last_window(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x4x4xf32> {
  %pad = arith.constant 0xFF800000 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %pad : f32
  } : tensor<1x2x8x8xf32> to tensor<1x2x10x10xf32>
  %window = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>} ins(%p, %window : tensor<1x2x10x10xf32>, tensor<3x3xf32>)
      outs(%f : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// In ceil mode, torch-mlir pads for a window that is not in the output.
// CHECK-LABEL: @ceil_mode
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x8x8xf32>
// CHECK-NEXT: pattern.pool2d <max> %[[X]] {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
func.func @ceil_mode(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x4x4xf32> {
  %pad = arith.constant 0xFF800000 : f32
  %p = tensor.pad %x low[0, 0, 0, 0] high[0, 0, 2, 2] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %pad : f32
  } : tensor<1x2x8x8xf32> to tensor<1x2x10x10xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>} ins(%p, %window : tensor<1x2x10x10xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @constant_initial_value
// CHECK-NEXT: pattern.pool2d <max>
func.func @constant_initial_value(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %f = arith.constant dense<0xFF800000> : tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_max ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  return %y : tensor<1x2x7x7xf32>
}

// Zeros around the image are part of the maximum.
// CHECK-LABEL: @maximum_with_zeros
// CHECK: %[[P:.+]] = tensor.pad
// CHECK: pattern.pool2d <max> %[[P]] {kernel = array<i64: 2, 2>} : tensor<1x2x10x10xf32>
func.func @maximum_with_zeros(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x9x9xf32> {
  %pad = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %pad : f32
  } : tensor<1x2x8x8xf32> to tensor<1x2x10x10xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x9x9xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x9x9xf32>) -> tensor<1x2x9x9xf32>
  %y = linalg.pooling_nchw_max ins(%p, %window : tensor<1x2x10x10xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x9x9xf32>) -> tensor<1x2x9x9xf32>
  return %y : tensor<1x2x9x9xf32>
}

// CHECK-LABEL: @mean
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x8x8xf32>
// CHECK-NEXT: %[[Y:.+]] = pattern.pool2d <average> %[[X]] {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x4x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @mean(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x4x4xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = linalg.pooling_nchw_sum {strides = dense<2> : vector<2xi64>} ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %area = arith.constant 4.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  return %m : tensor<1x2x4x4xf32>
}

// Zeros around the image count.
// CHECK-LABEL: @mean_padded
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x8x8xf32>
// CHECK-NEXT: pattern.pool2d <average> %[[X]] {kernel = array<i64: 3, 3>, padding = array<i64: 1, 1, 1, 1>}
// CHECK-NEXT: return
func.func @mean_padded(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32> {
  %pad = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %pad : f32
  } : tensor<1x2x8x8xf32> to tensor<1x2x10x10xf32>
  %window = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty() : tensor<1x2x8x8xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %y = linalg.pooling_nchw_sum ins(%p, %window : tensor<1x2x10x10xf32>, tensor<3x3xf32>)
      outs(%f : tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %area = arith.constant 9.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x8x8xf32>) outs(%e : tensor<1x2x8x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x8x8xf32>
  return %m : tensor<1x2x8x8xf32>
}

// CHECK-LABEL: @global_mean
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x6x4xf32>
// CHECK-NEXT: %[[Y:.+]] = pattern.pool2d <average> %[[X]] {kernel = array<i64: 6, 4>} : tensor<1x2x6x4xf32> -> tensor<1x2x1x1xf32>
// CHECK-NEXT: return %[[Y]]
func.func @global_mean(%x: tensor<1x2x6x4xf32>) -> tensor<1x2x1x1xf32> {
  %e = tensor.empty() : tensor<1x2x1x1xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  %y = linalg.generic {indexing_maps = [#id, #ones], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<1x2x6x4xf32>) outs(%f : tensor<1x2x1x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x1x1xf32>
  %area = arith.constant 24.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x1x1xf32>) outs(%e : tensor<1x2x1x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x1x1xf32>
  return %m : tensor<1x2x1x1xf32>
}

// CHECK-LABEL: @global_mean_without_image
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x6x4xf32>
// CHECK-NEXT: %[[Y:.+]] = pattern.pool2d <average> %[[X]] {kernel = array<i64: 6, 4>} : tensor<1x2x6x4xf32> -> tensor<1x2x1x1xf32>
// CHECK-NEXT: %[[M:.+]] = tensor.collapse_shape %[[Y]] {{\[\[}}0], [1, 2, 3]] : tensor<1x2x1x1xf32> into tensor<1x2xf32>
// CHECK-NEXT: return %[[M]]
func.func @global_mean_without_image(%x: tensor<1x2x6x4xf32>) -> tensor<1x2xf32> {
  %e = tensor.empty() : tensor<1x2xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #channels], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<1x2x6x4xf32>) outs(%f : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  %area = arith.constant 24.0 : f32
  %m = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<1x2xf32>) outs(%e : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  return %m : tensor<1x2xf32>
}

// f16 has no 3025 = 55 * 55, but 3024.
// CHECK-LABEL: @half_precision
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x55x55xf16>
// CHECK-NEXT: %[[Y:.+]] = pattern.pool2d <average> %[[X]] {kernel = array<i64: 55, 55>} : tensor<1x2x55x55xf16> -> tensor<1x2x1x1xf16>
// CHECK-NEXT: return %[[Y]]
func.func @half_precision(%x: tensor<1x2x55x55xf16>) -> tensor<1x2x1x1xf16> {
  %e = tensor.empty() : tensor<1x2x1x1xf16>
  %init = arith.constant 0.0 : f16
  %f = linalg.fill ins(%init : f16) outs(%e : tensor<1x2x1x1xf16>) -> tensor<1x2x1x1xf16>
  %y = linalg.generic {indexing_maps = [#id, #ones], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<1x2x55x55xf16>) outs(%f : tensor<1x2x1x1xf16>) {
  ^bb0(%in: f16, %out: f16):
    %0 = arith.addf %in, %out : f16
    linalg.yield %0 : f16
  } -> tensor<1x2x1x1xf16>
  %area = arith.constant 3024.0 : f16
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x1x1xf16>) outs(%e : tensor<1x2x1x1xf16>) {
  ^bb0(%in: f16, %out: f16):
    %0 = arith.divf %in, %area : f16
    linalg.yield %0 : f16
  } -> tensor<1x2x1x1xf16>
  return %m : tensor<1x2x1x1xf16>
}
