// RUN: pattern-opt %s -pattern-compress-weights -verify-diagnostics -split-input-file
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-compress-weights{max-filter-group=1025})' 2>&1 | FileCheck %s --check-prefix=GROUP
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-compress-weights{max-vector-group=-1})' 2>&1 | FileCheck %s --check-prefix=VECTOR

// GROUP: error: expected a max-filter-group and a max-vector-group of 0 to 1024, but found 1025 and 0
// VECTOR: error: expected a max-filter-group and a max-vector-group of 0 to 1024, but found 0 and -1

func.func @weights_not_constant(%x: tensor<1x1x1x1xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  // expected-error @+1 {{cannot be compressed: its weights are not constant}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

func.func @weight_outside_pattern(%x: tensor<1x2x4x4xf32>) {
  %w = arith.constant dense<[[[[1.0, 0.0]], [[0.0, 2.0]]], [[[0.0, 0.0]], [[0.0, 4.0]]]]> : tensor<2x2x1x2xf32>
  // expected-error @+1 {{kernel of filter 1, channel 1 has a weight at position 1, which its pattern 1 does not keep}}
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense<[[1, 2], [0, 1]]> : tensor<2x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<2x2x1x2xf32>) -> tensor<1x2x4x3xf32>
  return
}

// -----

func.func @weight_of_removed_kernel(%x: tensor<1x1x4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  // expected-error @+1 {{kernel of filter 0, channel 0 has a weight at position 0, but the kernel is removed}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<0> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @weight_in_blob(%x: tensor<1x1x4x4xf32>) {
  %w = arith.constant dense_resource<w> : tensor<1x1x1x2xf32>
  // expected-error @+1 {{kernel of filter 0, channel 0 has a weight at position 1, which its pattern 1 does not keep}}
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x4x3xf32>
  return
}

{-#
  dialect_resources: { builtin: { w: "0x400000000000803F0000803F" } }
#-}

// -----

func.func @half_weight_off_the_map(%x: tensor<1x1x4x4xf16>) {
  %w = arith.constant dense<[[[[1.0, 5.97e-08]]]]> : tensor<1x1x1x2xf16>
  // expected-error @+1 {{kernel of filter 0, channel 0 has a weight at position 1, which its pattern 1 does not keep}}
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf16>, tensor<1x1x1x2xf16>) -> tensor<1x1x4x3xf16>
  return
}

// -----

func.func @id_beyond_set(%x: tensor<1x2x4x4xf32>) {
  %w = arith.constant dense<0.0> : tensor<1x2x1x2xf32>
  // expected-error @+1 {{cannot be compressed: kernel id 3 is beyond the 2 patterns of the set}}
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense<[[2, 3]]> : tensor<1x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<1x2x1x2xf32>) -> tensor<1x1x4x3xf32>
  return
}

// -----

func.func @uniform_id_beyond_set(%x: tensor<1x2x4x4xf32>) {
  %w = arith.constant dense<0.0> : tensor<1x2x1x2xf32>
  // expected-error @+1 {{cannot be compressed: kernel id 255 is beyond the 2 patterns of the set}}
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense<255> : tensor<1x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<1x2x1x2xf32>) -> tensor<1x1x4x3xf32>
  return
}

// -----

func.func @map_without_data(%x: tensor<1x2x4x4xf32>) {
  %w = arith.constant dense<0.0> : tensor<1x2x1x2xf32>
  // expected-error @+1 {{cannot be compressed: its kernel map has no data, or not a byte a kernel}}
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense_resource<none> : tensor<1x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<1x2x1x2xf32>) -> tensor<1x1x4x3xf32>
  return
}

// -----

func.func @map_of_another_size(%x: tensor<1x2x4x4xf32>) {
  %w = arith.constant dense<0.0> : tensor<1x2x1x2xf32>
  // expected-error @+1 {{cannot be compressed: its kernel map has no data, or not a byte a kernel}}
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>, ids = dense_resource<map> : tensor<1x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<1x2x1x2xf32>) -> tensor<1x1x4x3xf32>
  return
}

{-#
  dialect_resources: {
    builtin: {
      map: "0x01000000010201"
    }
  }
#-}
