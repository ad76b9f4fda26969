// RUN: pattern-opt %s -pattern-convolutions-to-linalg -verify-diagnostics -split-input-file

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>
func.func @input_in_planes(%x: tensor<1x16x8x8xf32, #planes>) -> tensor<1x16x7x7xf32> {
  // expected-error @+1 {{cannot be lowered to linalg: its images are in planes}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>}
      : tensor<1x16x8x8xf32, #planes> -> tensor<1x16x7x7xf32>
  return %y : tensor<1x16x7x7xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>
func.func @output_in_planes(%x: tensor<1x16x8x8xf32>) -> tensor<1x16x7x7xf32, #planes> {
  // expected-error @+1 {{cannot be lowered to linalg: its images are in planes}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>}
      : tensor<1x16x8x8xf32> -> tensor<1x16x7x7xf32, #planes>
  return %y : tensor<1x16x7x7xf32, #planes>
}

// -----

func.func @bytes(%x: tensor<1x16x8x8xi8>) -> tensor<1x16x7x7xi8> {
  // expected-error @+1 {{cannot be lowered to linalg: it computes bytes}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, quantization = #pattern.quantization<bytes = u8,
      input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 1>, low = 0, high = 255>}
      : tensor<1x16x8x8xi8> -> tensor<1x16x7x7xi8>
  return %y : tensor<1x16x7x7xi8>
}
