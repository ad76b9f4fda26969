// RUN: pattern-opt %s -verify-diagnostics -split-input-file

func.func @input_rank(%x: tensor<2x8x8xf32>) {
  // expected-error @+1 {{expected input and output of rank 4, but found rank 3 and 4}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<2x8x8xf32> -> tensor<1x2x7x7xf32>
  return
}

// -----

func.func @output_rank(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected input and output of rank 4, but found rank 4 and 3}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf32> -> tensor<2x7x7xf32>
  return
}

// -----

func.func @one_kernel_size(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected two positive kernel sizes and two positive strides}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x7xf32>
  return
}

// -----

func.func @kernel_zero(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected two positive kernel sizes and two positive strides}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 0>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x7xf32>
  return
}

// -----

func.func @one_stride(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected two positive kernel sizes and two positive strides}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, strides = array<i64: 1>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x7xf32>
  return
}

// -----

func.func @stride_zero(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected two positive kernel sizes and two positive strides}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, strides = array<i64: 0, 1>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x7xf32>
  return
}

// -----

func.func @two_paddings(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected four paddings that are not negative}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, padding = array<i64: 0, 0>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x7xf32>
  return
}

// -----

func.func @negative_padding(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected four paddings that are not negative}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, padding = array<i64: 1, 0, -1, 0>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x7xf32>
  return
}

// -----

func.func @images(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{input and output differ in images or channels}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf32> -> tensor<2x2x7x7xf32>
  return
}

// -----

func.func @channels(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{input and output differ in images or channels}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf32> -> tensor<1x3x7x7xf32>
  return
}

// -----

func.func @padding_top(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected padding narrower than the kernel of 2}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, padding = array<i64: 2, 0, 0, 0>} : tensor<1x2x8x8xf32> -> tensor<1x2x9x7xf32>
  return
}

// -----

func.func @padding_right(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected padding narrower than the kernel of 3}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 3>, padding = array<i64: 0, 0, 0, 3>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x9xf32>
  return
}

// -----

// Padding and stride together: (8 + 1 - 3) / 2 + 1.
func.func @output_height(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{output height is 5, but the input gives 4}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 3, 2>, strides = array<i64: 2, 1>, padding = array<i64: 0, 0, 1, 0>} : tensor<1x2x8x8xf32> -> tensor<1x2x5x7xf32>
  return
}

// -----

func.func @output_width(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{output width is 8, but the input gives 7}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x8xf32>
  return
}

// -----

func.func @no_images(%x: tensor<0x2x8x8xf32>) {
  // expected-error @+1 {{expected images with elements, but found 'tensor<0x2x8x8xf32>'}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<0x2x8x8xf32> -> tensor<0x2x7x7xf32>
  return
}

// -----

func.func @kernel_larger_than_image(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{kernel of 9 does not fit the padded image of 8}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 9, 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x0x7xf32>
  return
}

// -----

#planes = #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>
func.func @input_planes_with_strides(%x: tensor<1x2x8x8xf32, #planes>) {
  // expected-error @+1 {{expected planes without strides, but found #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf32, #planes> -> tensor<1x2x7x7xf32>
  return
}

// -----

#planes = #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>
func.func @output_planes_with_strides(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{expected planes without strides, but found #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x7xf32, #planes>
  return
}

// -----

func.func @element_types(%x: tensor<1x2x8x8xf16>) {
  // expected-error @+1 {{computes 'f32', but one of its operands is 'tensor<1x2x8x8xf16>'}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf16> -> tensor<1x2x7x7xf32>
  return
}

// -----

func.func @stride_beyond_counters(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{has a stride of 9223372036854775807, expected at most 2147483647}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, strides = array<i64: 9223372036854775807, 1>}
      : tensor<1x2x8x8xf32> -> tensor<1x2x1x7xf32>
  return
}
