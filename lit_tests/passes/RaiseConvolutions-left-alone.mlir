// What has no pattern form, or is not certain to be one, is left as it is.
// RUN: pattern-opt %s -pattern-raise-convolutions -split-input-file | FileCheck %s

// CHECK-LABEL: @blob_without_data
// CHECK: arith.constant dense_resource<weight> : tensor<1x1x1x1xf32>
// CHECK-NOT: arith.constant dense_resource
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @blob_without_data(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %w = arith.constant dense_resource<weight> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%zero : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// A broadcast that a reshape has moved off the channels is no bias.
// CHECK-LABEL: @reshaped_broadcast
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @reshaped_broadcast(%x: tensor<1x1x8x4xf32>, %b: tensor<4xf32>) -> tensor<1x4x8x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x1x1x1xf32>
  %e = tensor.empty() : tensor<2x4x4x4xf32>
  %bb = linalg.broadcast ins(%b : tensor<4xf32>) outs(%e : tensor<2x4x4x4xf32>) dimensions = [0, 2, 3]
  %c = tensor.collapse_shape %bb [[0, 1, 2, 3]] : tensor<2x4x4x4xf32> into tensor<128xf32>
  %i = tensor.expand_shape %c [[0, 1, 2, 3]] output_shape [1, 4, 8, 4] : tensor<128xf32> into tensor<1x4x8x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x8x4xf32>, tensor<4x1x1x1xf32>)
      outs(%i : tensor<1x4x8x4xf32>) -> tensor<1x4x8x4xf32>
  return %y : tensor<1x4x8x4xf32>
}

// -----

// CHECK-LABEL: @on_buffers
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @on_buffers(%x: memref<1x1x4x4xf32>, %w: memref<8x1x1x1xf32>, %y: memref<1x8x4x4xf32>) {
  linalg.conv_2d_nchw_fchw ins(%x, %w : memref<1x1x4x4xf32>, memref<8x1x1x1xf32>) outs(%y : memref<1x8x4x4xf32>)
  return
}

// -----

// CHECK-LABEL: @no_image
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @no_image(%x: tensor<0x1x4x4xf32>) -> tensor<0x1x4x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<0x1x4x4xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<0x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%zero : tensor<0x1x4x4xf32>) -> tensor<0x1x4x4xf32>
  return %y : tensor<0x1x4x4xf32>
}

// -----

// CHECK-LABEL: @encoding
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @encoding(%x: tensor<1x1x4x4xf32, "blocked">) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32, "blocked">, tensor<1x1x1x1xf32>)
      outs(%zero : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// The input would give an output of 4x4.
// CHECK-LABEL: @reads_part_of_the_image
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @reads_part_of_the_image(%x: tensor<1x1x6x6xf32>) -> tensor<1x1x3x3xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x3x3xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x3x3xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x6x6xf32>, tensor<1x1x3x3xf32>)
      outs(%zero : tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
  return %y : tensor<1x1x3x3xf32>
}

// -----

// CHECK-LABEL: @negative_dilation
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @negative_dilation(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw {dilations = dense<-1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%zero : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// Products of halves are added up in f32.
// CHECK-LABEL: @mixed_precision
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @mixed_precision(%x: tensor<1x1x4x4xf16>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf16>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf16>, tensor<1x1x1x1xf16>)
      outs(%zero : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: @one_dimension_without_constant_weights
// CHECK: linalg.conv_1d_ncw_fcw
// CHECK-NOT: pattern.conv2d
func.func @one_dimension_without_constant_weights(%x: tensor<1x1x4xf32>, %w: tensor<1x1x1xf32>) -> tensor<1x1x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x4xf32>
  %y = linalg.conv_1d_ncw_fcw ins(%x, %w : tensor<1x1x4xf32>, tensor<1x1x1xf32>)
      outs(%zero : tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  return %y : tensor<1x1x4xf32>
}

// -----

// Weights that are one number may be more than a machine holds.
// CHECK-LABEL: @too_many_weights
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @too_many_weights(%x: tensor<1x65537x3x3xf32>) -> tensor<1x65537x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x65537x1x1xf32>
  %w = arith.constant dense<1.0> : tensor<65537x65537x3x3xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x65537x3x3xf32>, tensor<65537x65537x3x3xf32>)
      outs(%zero : tensor<1x65537x1x1xf32>) -> tensor<1x65537x1x1xf32>
  return %y : tensor<1x65537x1x1xf32>
}

// -----

// CHECK-LABEL: @too_large_image
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @too_large_image(%x: tensor<1x1x50000x50000xf32>, %i: tensor<1x1x50000x50000xf32>) -> tensor<1x1x50000x50000xf32> {
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<1x1x50000x50000xf32>) -> tensor<1x1x50000x50000xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x50000x50000xf32>, tensor<1x1x1x1xf32>)
      outs(%f : tensor<1x1x50000x50000xf32>) -> tensor<1x1x50000x50000xf32>
  return %y : tensor<1x1x50000x50000xf32>
}

// -----

// CHECK-LABEL: @too_many_phases
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_nchw_fchw
func.func @too_many_phases(%x: tensor<1x1x256x256xf32>) -> tensor<1x1x2x2xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x2x2xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw {strides = dense<255> : tensor<2xi64>}
      ins(%x, %w : tensor<1x1x256x256xf32>, tensor<1x1x1x1xf32>) outs(%zero : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// -----

// A broadcast that varies along the columns is no bias.
// CHECK-LABEL: @broadcast_of_columns
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.conv_2d_ngchw_gfchw
func.func @broadcast_of_columns(%x: tensor<1x2x2x4x4xf32>, %b: tensor<2x4xf32>) -> tensor<1x2x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2x2x2x1x1xf32>
  %e = tensor.empty() : tensor<1x2x2x4x4xf32>
  %i = linalg.broadcast ins(%b : tensor<2x4xf32>) outs(%e : tensor<1x2x2x4x4xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_ngchw_gfchw ins(%x, %w : tensor<1x2x2x4x4xf32>, tensor<2x2x2x1x1xf32>)
      outs(%i : tensor<1x2x2x4x4xf32>) -> tensor<1x2x2x4x4xf32>
  return %y : tensor<1x2x2x4x4xf32>
}
