// RUN: pattern-opt %s -pattern-raise-convolutions -verify-diagnostics -split-input-file

func.func @nan(%x: tensor<1x1x4x4xf32>, %init: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<0x7FC00000> : tensor<1x1x1x1xf32>
  // expected-error @+1 {{weights of this convolution hold a value that is not finite}}
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%init : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

func.func @infinity_behind_reshape(%x: tensor<1x2x4x4xf32>, %init: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<[1.0, 0xFF800000]> : tensor<2xf32>
  %e = tensor.expand_shape %w [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
  // expected-error @+1 {{weights of this convolution hold a value that is not finite}}
  %y = linalg.depthwise_conv_2d_nchw_chw ins(%x, %e : tensor<1x2x4x4xf32>, tensor<2x1x1xf32>)
      outs(%init : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

func.func @one_dimension(%x: tensor<1x1x4xf32>, %init: tensor<1x1x4xf32>) -> tensor<1x1x4xf32> {
  %w = arith.constant dense<0x7F800000> : tensor<1x1x1xf32>
  // expected-error @+1 {{weights of this convolution hold a value that is not finite}}
  %y = linalg.conv_1d_ncw_fcw ins(%x, %w : tensor<1x1x4xf32>, tensor<1x1x1xf32>)
      outs(%init : tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  return %y : tensor<1x1x4xf32>
}

// -----

// The message names the weights if they have a name.
func.func @blob(%x: tensor<1x1x1x4x4xf32>, %init: tensor<1x1x1x4x4xf32>) -> tensor<1x1x1x4x4xf32> {
  %w = arith.constant dense_resource<layer1.0.conv2.weight> : tensor<1x1x1x1x1xf32>
  // expected-error @+1 {{weights layer1.0.conv2.weight hold a value that is not finite}}
  %y = linalg.conv_2d_ngchw_gfchw ins(%x, %w : tensor<1x1x1x4x4xf32>, tensor<1x1x1x1x1xf32>)
      outs(%init : tensor<1x1x1x4x4xf32>) -> tensor<1x1x1x4x4xf32>
  return %y : tensor<1x1x1x4x4xf32>
}

{-#
  dialect_resources: { builtin: { layer1.0.conv2.weight: "0x400000000000C07F" } }
#-}
