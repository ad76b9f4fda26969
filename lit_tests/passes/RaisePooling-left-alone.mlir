// RUN: pattern-opt %s -pattern-raise-pooling | FileCheck %s

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#ones = affine_map<(n, c, h, w) -> (n, c, 0, 0)>
#channels = affine_map<(n, c, h, w) -> (n, c)>
#id2 = affine_map<(n, c) -> (n, c)>
#id3 = affine_map<(n, c, w) -> (n, c, w)>
#columns = affine_map<(n, c, h, w) -> (n, c, w)>
#swapped = affine_map<(n, c, h, w) -> (c, n)>

// CHECK-LABEL: @dilated
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_max
func.func @dilated(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x6x6xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x6x6xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
  %y = linalg.pooling_nchw_max {dilations = dense<2> : vector<2xi64>} ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
  return %y : tensor<1x2x6x6xf32>
}

// The initial value is part of the maximum.
// CHECK-LABEL: @maximum_with_zero
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_max
func.func @maximum_with_zero(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x7x7xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_max ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  return %y : tensor<1x2x7x7xf32>
}

// The first and the last window would lie in the padding.
// CHECK-LABEL: @padding_as_wide_as_kernel
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_max
func.func @padding_as_wide_as_kernel(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x9x9xf32> {
  %pad = arith.constant 0xFF800000 : f32
  %p = tensor.pad %x low[0, 0, 2, 0] high[0, 0, 0, 2] {
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

// CHECK-LABEL: @output_without_last_window
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_max
func.func @output_without_last_window(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x5x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x5x7xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x5x7xf32>) -> tensor<1x2x5x7xf32>
  %y = linalg.pooling_nchw_max ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x5x7xf32>) -> tensor<1x2x5x7xf32>
  return %y : tensor<1x2x5x7xf32>
}

// CHECK-LABEL: @dynamic_batch
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_max
func.func @dynamic_batch(%x: tensor<?x2x8x8xf32>, %n: index) -> tensor<?x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty(%n) : tensor<?x2x7x7xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<?x2x7x7xf32>) -> tensor<?x2x7x7xf32>
  %y = linalg.pooling_nchw_max ins(%x, %window : tensor<?x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<?x2x7x7xf32>) -> tensor<?x2x7x7xf32>
  return %y : tensor<?x2x7x7xf32>
}

// CHECK-LABEL: @mixed_precision
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_max
func.func @mixed_precision(%x: tensor<1x2x8x8xf16>) -> tensor<1x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x7x7xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_max ins(%x, %window : tensor<1x2x8x8xf16>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  return %y : tensor<1x2x7x7xf32>
}

// CHECK-LABEL: @mean_of_mixed_precision
// CHECK-NOT: pattern.pool2d
// CHECK: arith.extf
func.func @mean_of_mixed_precision(%x: tensor<1x2x6x4xf16>) -> tensor<1x2x1x1xf32> {
  %e = tensor.empty() : tensor<1x2x1x1xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  %y = linalg.generic {indexing_maps = [#id, #ones], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<1x2x6x4xf16>) outs(%f : tensor<1x2x1x1xf32>) {
  ^bb0(%in: f16, %out: f32):
    %0 = arith.extf %in : f16 to f32
    %1 = arith.addf %0, %out : f32
    linalg.yield %1 : f32
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

// CHECK-LABEL: @channels_last
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nhwc_max
func.func @channels_last(%x: tensor<1x8x8x2xf32>) -> tensor<1x7x7x2xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x7x7x2xf32>
  %init = arith.constant 0xFF800000 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  %y = linalg.pooling_nhwc_max ins(%x, %window : tensor<1x8x8x2xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  return %y : tensor<1x7x7x2xf32>
}

// CHECK-LABEL: @sum_alone
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_sum
func.func @sum_alone(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x7x7xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_sum ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  return %y : tensor<1x2x7x7xf32>
}

// CHECK-LABEL: @other_divisor
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_sum
func.func @other_divisor(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x7x7xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_sum ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %area = arith.constant 3.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x7x7xf32>) outs(%e : tensor<1x2x7x7xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x7x7xf32>
  return %m : tensor<1x2x7x7xf32>
}

// CHECK-LABEL: @area_divided_by_sum
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_sum
func.func @area_divided_by_sum(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x7x7xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_sum ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %area = arith.constant 4.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x7x7xf32>) outs(%e : tensor<1x2x7x7xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %area, %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x7x7xf32>
  return %m : tensor<1x2x7x7xf32>
}

// CHECK-LABEL: @area_times_sum
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_sum
func.func @area_times_sum(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x7x7xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_sum ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %area = arith.constant 4.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x7x7xf32>) outs(%e : tensor<1x2x7x7xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x7x7xf32>
  return %m : tensor<1x2x7x7xf32>
}

// CHECK-LABEL: @sum_used_twice
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_sum
func.func @sum_used_twice(%x: tensor<1x2x8x8xf32>) -> (tensor<1x2x7x7xf32>, tensor<1x2x7x7xf32>) {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x7x7xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_sum ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %area = arith.constant 4.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x7x7xf32>) outs(%e : tensor<1x2x7x7xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x7x7xf32>
  return %y, %m : tensor<1x2x7x7xf32>, tensor<1x2x7x7xf32>
}

// CHECK-LABEL: @initial_value_one
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_sum
func.func @initial_value_one(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x7x7xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x7x7xf32>
  %init = arith.constant 1.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %y = linalg.pooling_nchw_sum ins(%x, %window : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x7x7xf32>) -> tensor<1x2x7x7xf32>
  %area = arith.constant 4.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x7x7xf32>) outs(%e : tensor<1x2x7x7xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x7x7xf32>
  return %m : tensor<1x2x7x7xf32>
}

// With count_include_pad=False, the divisor depends on the place.
// CHECK-LABEL: @divided_by_image_in_window
// CHECK-NOT: pattern.pool2d
// CHECK: linalg.pooling_nchw_sum
func.func @divided_by_image_in_window(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x9x9xf32> {
  %pad = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %pad : f32
  } : tensor<1x2x8x8xf32> to tensor<1x2x10x10xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x2x9x9xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x9x9xf32>) -> tensor<1x2x9x9xf32>
  %y = linalg.pooling_nchw_sum ins(%p, %window : tensor<1x2x10x10xf32>, tensor<2x2xf32>)
      outs(%f : tensor<1x2x9x9xf32>) -> tensor<1x2x9x9xf32>
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x9x9xf32>) outs(%e : tensor<1x2x9x9xf32>) {
  ^bb0(%in: f32, %out: f32):
    %row = linalg.index 2 : index
    %rows = arith.index_cast %row : index to i64
    %area = arith.sitofp %rows : i64 to f32
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x9x9xf32>
  return %m : tensor<1x2x9x9xf32>
}

// CHECK-LABEL: @global_other_divisor
// CHECK-NOT: pattern.pool2d
// CHECK-COUNT-2: linalg.generic
func.func @global_other_divisor(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x1x1xf32> {
  %e = tensor.empty() : tensor<1x2x1x1xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  %y = linalg.generic {indexing_maps = [#id, #ones], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<1x2x8x8xf32>) outs(%f : tensor<1x2x1x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x1x1xf32>
  %area = arith.constant 32.0 : f32
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x1x1xf32>) outs(%e : tensor<1x2x1x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x1x1xf32>
  return %m : tensor<1x2x1x1xf32>
}

// CHECK-LABEL: @global_initial_value_one
// CHECK-NOT: pattern.pool2d
// CHECK-COUNT-2: linalg.generic
func.func @global_initial_value_one(%x: tensor<1x2x8x8xf32>) -> tensor<1x2xf32> {
  %e = tensor.empty() : tensor<1x2xf32>
  %init = arith.constant 1.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #channels], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<1x2x8x8xf32>) outs(%f : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  %area = arith.constant 64.0 : f32
  %m = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<1x2xf32>) outs(%e : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  return %m : tensor<1x2xf32>
}

// CHECK-LABEL: @global_product
// CHECK-NOT: pattern.pool2d
// CHECK-COUNT-2: linalg.generic
func.func @global_product(%x: tensor<1x2x8x8xf32>) -> tensor<1x2xf32> {
  %e = tensor.empty() : tensor<1x2xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #channels], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<1x2x8x8xf32>) outs(%f : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  %area = arith.constant 64.0 : f32
  %m = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<1x2xf32>) outs(%e : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  return %m : tensor<1x2xf32>
}

// CHECK-LABEL: @column_means
// CHECK-NOT: pattern.pool2d
// CHECK-COUNT-2: linalg.generic
func.func @column_means(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x8xf32> {
  %e = tensor.empty() : tensor<1x2x8xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %y = linalg.generic {indexing_maps = [#id, #columns], iterator_types = ["parallel", "parallel", "reduction", "parallel"]}
      ins(%x : tensor<1x2x8x8xf32>) outs(%f : tensor<1x2x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x8xf32>
  %area = arith.constant 8.0 : f32
  %m = linalg.generic {indexing_maps = [#id3, #id3], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x8xf32>) outs(%e : tensor<1x2x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x8xf32>
  return %m : tensor<1x2x8xf32>
}

// CHECK-LABEL: @channels_and_images_swapped
// CHECK-NOT: pattern.pool2d
// CHECK-COUNT-2: linalg.generic
func.func @channels_and_images_swapped(%x: tensor<2x2x8x8xf32>) -> tensor<2x2xf32> {
  %e = tensor.empty() : tensor<2x2xf32>
  %init = arith.constant 0.0 : f32
  %f = linalg.fill ins(%init : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #swapped], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<2x2x8x8xf32>) outs(%f : tensor<2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<2x2xf32>
  %area = arith.constant 64.0 : f32
  %m = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %area : f32
    linalg.yield %0 : f32
  } -> tensor<2x2xf32>
  return %m : tensor<2x2xf32>
}
