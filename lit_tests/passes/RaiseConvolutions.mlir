// RUN: pattern-opt %s -pattern-raise-convolutions -split-input-file | FileCheck %s

// The padding and the bias are taken over; four positions of a 3x3 kernel are kept.
// CHECK-LABEL: @padding_and_bias
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>, %[[B:[^:]+]]: tensor<2xf32>
// CHECK-NOT: tensor.pad
// CHECK: %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<2x1x3x3xf32>
// CHECK: %[[Y:.+]] = pattern.conv2d %[[X]], %[[W]] bias(%[[B]]) map <set = <3x3, {{\[\[}}0, 1, 3, 4]]>, ids = dense<1> : tensor<2x1xui8>> {padding = array<i64: 1, 1, 1, 1>}
// CHECK: return %[[Y]]
func.func @padding_and_bias(%x: tensor<1x1x4x4xf32>, %b: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0, 2.0, 0.0], [3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]],
                             [[[5.0, 6.0, 0.0], [7.0, 8.0, 0.0], [0.0, 0.0, 0.0]]]]> : tensor<2x1x3x3xf32>
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %zero : f32
  } : tensor<1x1x4x4xf32> to tensor<1x1x6x6xf32>
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %init = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2x4x4xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw ins(%p, %w : tensor<1x1x6x6xf32>, tensor<2x1x3x3xf32>)
      outs(%init : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @asymmetric_padding_stride_dilation
// CHECK: pattern.conv2d {{.*}} {dilations = array<i64: 2, 1>, padding = array<i64: 0, 1, 2, 3>, strides = array<i64: 1, 2>}
func.func @asymmetric_padding_stride_dilation(%x: tensor<2x1x4x4xf32>, %init: tensor<1xf32>) -> tensor<2x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x2x2xf32>
  %p = tensor.pad %x low[0, 0, 0, 1] high[0, 0, 2, 3] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %zero : f32
  } : tensor<2x1x4x4xf32> to tensor<2x1x6x8xf32>
  %e = tensor.empty() : tensor<2x1x4x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x1x4x4xf32>) -> tensor<2x1x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw {dilations = dense<[2, 1]> : vector<2xi64>, strides = dense<[1, 2]> : vector<2xi64>}
      ins(%p, %w : tensor<2x1x6x8xf32>, tensor<1x1x2x2xf32>) outs(%f : tensor<2x1x4x4xf32>) -> tensor<2x1x4x4xf32>
  return %y : tensor<2x1x4x4xf32>
}

// -----

// Padding with another value is not the padding of a convolution.
// CHECK-LABEL: @pad_value_not_zero
// CHECK: %[[P:.+]] = tensor.pad
// CHECK: pattern.conv2d %[[P]], {{.*}} tensor<1x1xui8>> : (tensor<1x1x6x6xf32>
func.func @pad_value_not_zero(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x6x6xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x6x6xf32>
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %one : f32
  } : tensor<1x1x4x4xf32> to tensor<1x1x6x6xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%p, %w : tensor<1x1x6x6xf32>, tensor<1x1x1x1xf32>)
      outs(%zero : tensor<1x1x6x6xf32>) -> tensor<1x1x6x6xf32>
  return %y : tensor<1x1x6x6xf32>
}

// -----

// Neither is padding of the channels.
// CHECK-LABEL: @pad_channels
// CHECK: %[[P:.+]] = tensor.pad
// CHECK: pattern.conv2d %[[P]], {{.*}} tensor<1x2xui8>> : (tensor<1x2x4x4xf32>
func.func @pad_channels(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %init = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x2x1x1xf32>
  %p = tensor.pad %x low[0, 0, 0, 0] high[0, 1, 0, 0] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %zero : f32
  } : tensor<1x1x4x4xf32> to tensor<1x2x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%p, %w : tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>)
      outs(%init : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// A layer is named after the blob of its weights.
// CHECK-LABEL: @blob
// CHECK: %[[W:.+]] = arith.constant dense_resource<features.0.weight> : tensor<1x1x1x2xf32>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map <set = <1x2, {{\[\[}}1]]>, ids = dense<1> : tensor<1x1xui8>>
func.func @blob(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x1x1xf32>
  %w = arith.constant dense_resource<features.0.weight> : tensor<1x1x1x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>)
      outs(%zero : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

{-#
  dialect_resources: { builtin: { features.0.weight: "0x40000000000000000000803F" } }
#-}

// -----

// The weights reach linalg through a reshape.
// CHECK-LABEL: @depthwise
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x3x3xf32>
// CHECK: %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<2x1x1x2xf32>
// CHECK: pattern.conv2d %[[X]], %[[W]] map <set = <1x2, {{\[\[}}0], [1]]>, ids = dense<{{\[\[}}1], [2]]> : tensor<2x1xui8>> {groups = 2 : i64}
func.func @depthwise(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x2xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x3x2xf32>
  %w = arith.constant dense<[[[[1.0, 0.0]]], [[[0.0, 2.0]]]]> : tensor<2x1x1x2xf32>
  %c = tensor.collapse_shape %w [[0, 1], [2], [3]] : tensor<2x1x1x2xf32> into tensor<2x1x2xf32>
  %y = linalg.depthwise_conv_2d_nchw_chw ins(%x, %c : tensor<1x2x3x3xf32>, tensor<2x1x2xf32>)
      outs(%zero : tensor<1x2x3x2xf32>) -> tensor<1x2x3x2xf32>
  return %y : tensor<1x2x3x2xf32>
}

// -----

// The reshapes around a grouped convolution go: padding and bias are found through them, and the ReLU behind
// them finds the convolution.
// CHECK-LABEL: @grouped
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x4x2x2xf32>, %[[B:[^:]+]]: tensor<6xf32>
// CHECK-NOT: _shape
// CHECK: %[[W:.+]] = arith.constant dense<2.000000e+00> : tensor<6x2x1x1xf32>
// CHECK-NOT: {{_shape|tensor.pad}}
// CHECK: %[[Y:.+]] = pattern.conv2d %[[X]], %[[W]] bias(%[[B]]) {{.*}} {groups = 2 : i64, padding = array<i64: 1, 0, 1, 0>}
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[Y]] :
func.func @grouped(%x: tensor<1x4x2x2xf32>, %b: tensor<6xf32>) -> tensor<1x6x4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<2.0> : tensor<6x2x1x1xf32>
  %p = tensor.pad %x low[0, 0, 1, 0] high[0, 0, 1, 0] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %zero : f32
  } : tensor<1x4x2x2xf32> to tensor<1x4x4x2xf32>
  %e = tensor.empty() : tensor<1x6x4x2xf32>
  %init = linalg.broadcast ins(%b : tensor<6xf32>) outs(%e : tensor<1x6x4x2xf32>) dimensions = [0, 2, 3]
  %xg = tensor.expand_shape %p [[0], [1, 2], [3], [4]] output_shape [1, 2, 2, 4, 2]
      : tensor<1x4x4x2xf32> into tensor<1x2x2x4x2xf32>
  %wg = tensor.expand_shape %w [[0, 1], [2], [3], [4]] output_shape [2, 3, 2, 1, 1]
      : tensor<6x2x1x1xf32> into tensor<2x3x2x1x1xf32>
  %ig = tensor.expand_shape %init [[0], [1, 2], [3], [4]] output_shape [1, 2, 3, 4, 2]
      : tensor<1x6x4x2xf32> into tensor<1x2x3x4x2xf32>
  %yg = linalg.conv_2d_ngchw_gfchw ins(%xg, %wg : tensor<1x2x2x4x2xf32>, tensor<2x3x2x1x1xf32>)
      outs(%ig : tensor<1x2x3x4x2xf32>) -> tensor<1x2x3x4x2xf32>
  %y = tensor.collapse_shape %yg [[0], [1, 2], [3], [4]] : tensor<1x2x3x4x2xf32> into tensor<1x6x4x2xf32>
  %r = linalg.generic {
      indexing_maps = [affine_map<(n, c, h, w) -> (n, c, h, w)>, affine_map<(n, c, h, w) -> (n, c, h, w)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x6x4x2xf32>) outs(%e : tensor<1x6x4x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x6x4x2xf32>
  return %r : tensor<1x6x4x2xf32>
}

// -----

// Without reshapes there, the grouped convolution brings its own.
// CHECK-LABEL: @grouped_alone
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x2x4x2xf32>
// CHECK: %[[J:.+]] = tensor.collapse_shape %[[X]] {{\[\[}}0], [1, 2], [3], [4]] : tensor<1x2x2x4x2xf32> into tensor<1x4x4x2xf32>
// CHECK: %[[Y:.+]] = pattern.conv2d %[[J]], {{.*}} {groups = 2 : i64} {{.*}} -> tensor<1x6x4x2xf32>
// CHECK: %[[S:.+]] = tensor.expand_shape %[[Y]]
// CHECK: return %[[S]] : tensor<1x2x3x4x2xf32>
func.func @grouped_alone(%x: tensor<1x2x2x4x2xf32>) -> tensor<1x2x3x4x2xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x3x4x2xf32>
  %w = arith.constant dense<2.0> : tensor<2x3x2x1x1xf32>
  %y = linalg.conv_2d_ngchw_gfchw ins(%x, %w : tensor<1x2x2x4x2xf32>, tensor<2x3x2x1x1xf32>)
      outs(%zero : tensor<1x2x3x4x2xf32>) -> tensor<1x2x3x4x2xf32>
  return %y : tensor<1x2x3x4x2xf32>
}

// -----

// CHECK-LABEL: @weights_not_constant
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @weights_not_constant(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%zero : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf16>
// CHECK: %[[W:.+]] = arith.constant dense<1.000000e+00> : tensor<1x1x1x1xf16>
// CHECK: pattern.conv2d %[[X]], %[[W]] map {{.*}} -> tensor<1x1x4x4xf16>
func.func @half_precision(%x: tensor<1x1x4x4xf16>) -> tensor<1x1x4x4xf16> {
  %zero = arith.constant dense<0.0> : tensor<1x1x4x4xf16>
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf16>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf16>, tensor<1x1x1x1xf16>)
      outs(%zero : tensor<1x1x4x4xf16>) -> tensor<1x1x4x4xf16>
  return %y : tensor<1x1x4x4xf16>
}

// -----

// CHECK-LABEL: @dynamic_batch
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @dynamic_batch(%x: tensor<?x1x4x4xf32>, %n: index) -> tensor<?x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty(%n) : tensor<?x1x4x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%f : tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32>
  return %y : tensor<?x1x4x4xf32>
}

// -----

// A value that the convolution accumulates onto is not a bias.
// CHECK-LABEL: @accumulates
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @accumulates(%x: tensor<1x1x4x4xf32>, %init: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%init : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// Neither is a constant that differs from place to place, nor a broadcast along the rows.
// CHECK-LABEL: @initial_values_that_are_no_bias
// CHECK-NOT: pattern.conv2d
// CHECK-COUNT-2: linalg.conv_2d_nchw_fchw
func.func @initial_values_that_are_no_bias(%x: tensor<1x1x1x2xf32>, %b: tensor<2xf32>)
    -> (tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>) {
  %w = arith.constant dense<1.0> : tensor<2x1x1x1xf32>
  %c = arith.constant dense<[[[[1.0, 1.0]], [[1.0, 2.0]]]]> : tensor<1x2x1x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x2xf32>, tensor<2x1x1x1xf32>)
      outs(%c : tensor<1x2x1x2xf32>) -> tensor<1x2x1x2xf32>
  %e = tensor.empty() : tensor<1x2x1x2xf32>
  %rows = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2x1x2xf32>) dimensions = [0, 1, 2]
  %z = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x2xf32>, tensor<2x1x1x1xf32>)
      outs(%rows : tensor<1x2x1x2xf32>) -> tensor<1x2x1x2xf32>
  return %y, %z : tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>
}

// -----

// A uniform constant is the bias of every filter.
// CHECK-LABEL: @uniform_initial_value
// CHECK: %[[B:.+]] = arith.constant dense<3.000000e+00> : tensor<4xf32>
// CHECK: pattern.conv2d %{{.+}}, %{{.+}} bias(%[[B]])
func.func @uniform_initial_value(%x: tensor<1x1x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x1x1x1xf32>
  %three = arith.constant dense<3.0> : tensor<1x4x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<4x1x1x1xf32>)
      outs(%three : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// -----

// What is not a convolution stays.
// CHECK-LABEL: @matmul
// CHECK: linalg.matmul
func.func @matmul(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>, %z: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = linalg.matmul ins(%x, %y : tensor<2x3xf32>, tensor<3x4xf32>) outs(%z : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// A 1-D convolution is one of images of height 1, padding and bias included.
// CHECK-LABEL: @one_dimension
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x8xf32>, %[[B:[^:]+]]: tensor<1xf32>
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<1x1x1x3xf32>
// CHECK-DAG: %[[I:.+]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1], [2, 3]] output_shape [1, 1, 1, 8]
// CHECK: %[[Y:.+]] = pattern.conv2d %[[I]], %[[W]] bias(%[[B]]) map <set = <1x3, {{\[\[}}0, 2]]>, ids = dense<1> : tensor<1x1xui8>>
// CHECK-SAME: {dilations = array<i64: 1, 3>, padding = array<i64: 0, 1, 0, 2>, strides = array<i64: 1, 2>}
// CHECK: tensor.collapse_shape %[[Y]] {{\[\[}}0], [1], [2, 3]] : tensor<1x1x1x3xf32> into tensor<1x1x3xf32>
func.func @one_dimension(%x: tensor<1x1x8xf32>, %b: tensor<1xf32>) -> tensor<1x1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[1.0, 0.0, 2.0]]]> : tensor<1x1x3xf32>
  %p = tensor.pad %x low[0, 0, 1] high[0, 0, 2] {
  ^bb0(%n: index, %c: index, %i: index):
    tensor.yield %zero : f32
  } : tensor<1x1x8xf32> to tensor<1x1x11xf32>
  %e = tensor.empty() : tensor<1x1x3xf32>
  %init = linalg.broadcast ins(%b : tensor<1xf32>) outs(%e : tensor<1x1x3xf32>) dimensions = [0, 2]
  %y = linalg.conv_1d_ncw_fcw {dilations = dense<3> : vector<1xi64>, strides = dense<2> : vector<1xi64>}
      ins(%p, %w : tensor<1x1x11xf32>, tensor<1x1x3xf32>) outs(%init : tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}

// -----

// CHECK-LABEL: @one_dimension_without_padding_and_bias
// CHECK-NOT: tensor.pad
// CHECK: pattern.conv2d %{{.+}}, %{{.+}} map {{.*}} : (tensor<1x1x1x4xf16>, tensor<1x1x1x1xf16>) -> tensor<1x1x1x4xf16>
func.func @one_dimension_without_padding_and_bias(%x: tensor<1x1x4xf16>) -> tensor<1x1x4xf16> {
  %zero = arith.constant 0.0 : f16
  %w = arith.constant dense<1.0> : tensor<1x1x1xf16>
  %e = tensor.empty() : tensor<1x1x4xf16>
  %f = linalg.fill ins(%zero : f16) outs(%e : tensor<1x1x4xf16>) -> tensor<1x1x4xf16>
  %y = linalg.conv_1d_ncw_fcw ins(%x, %w : tensor<1x1x4xf16>, tensor<1x1x1xf16>)
      outs(%f : tensor<1x1x4xf16>) -> tensor<1x1x4xf16>
  return %y : tensor<1x1x4xf16>
}

// A stride over a single output leads beyond the image, no matter how far.
// CHECK-LABEL: @stride_over_one_output
// CHECK: pattern.conv2d {{.*}} {strides = array<i64: 6, 6>}
func.func @stride_over_one_output(%x: tensor<1x1x6x6xf32>) -> tensor<1x1x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x1x1xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x3x3xf32>
  %y = linalg.conv_2d_nchw_fchw {strides = dense<9223372036854775807> : tensor<2xi64>}
      ins(%x, %w : tensor<1x1x6x6xf32>, tensor<1x1x3x3xf32>) outs(%zero : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}
