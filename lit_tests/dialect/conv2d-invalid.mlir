// RUN: pattern-opt %s -verify-diagnostics -split-input-file

func.func @weights_rank(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1xf32>) {
  // expected-error @+1 {{expected weights of rank 4, but found 'tensor<3x2x1xf32>'}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @image_rank(%x: tensor<2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{expected input and output of rank 4, but found rank 3 and 4}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @one_stride(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{expected two positive strides and two positive dilations}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>> {strides = array<i64: 1>}
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @stride_zero(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{expected two positive strides and two positive dilations}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>> {strides = array<i64: 0, 1>}
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @dilation_zero(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{expected two positive strides and two positive dilations}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>> {dilations = array<i64: 1, 0>}
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @two_paddings(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{expected four paddings that are not negative}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>> {padding = array<i64: 0, 0>}
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @negative_padding(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{expected four paddings that are not negative}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      {padding = array<i64: 0, -1, 0, 1>}
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @groups_zero(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{groups 0 do not divide the 2 input and 3 output channels}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>> {groups = 0 : i64}
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @groups_do_not_divide_input(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{groups 3 do not divide the 2 input and 3 output channels}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>> {groups = 3 : i64}
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @groups_do_not_divide_output(%x: tensor<1x2x4x4xf32>, %w: tensor<3x1x1x1xf32>) {
  // expected-error @+1 {{groups 2 do not divide the 2 input and 3 output channels}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x1xui8>> {groups = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<3x1x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @batch(%x: tensor<2x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{input has batch 2, but output has 1}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<2x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

// Padding, dilation and stride together: (9 + 1 + 2 - 5) / 2 + 1.
func.func @output_height(%x: tensor<1x2x9x4xf32>, %w: tensor<3x2x3x1xf32>) {
  // expected-error @+1 {{output height is 3, but the input gives 4}}
  %y = pattern.conv2d %x, %w map <set = <3x1, [[0, 1, 2]]>, ids = dense<1> : tensor<3x2xui8>>
      {padding = array<i64: 1, 0, 2, 0>, dilations = array<i64: 2, 1>, strides = array<i64: 2, 1>}
      : (tensor<1x2x9x4xf32>, tensor<3x2x3x1xf32>) -> tensor<1x3x3x4xf32>
  return
}

// -----

func.func @output_width(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x3xf32>) {
  // expected-error @+1 {{output width is 4, but the input gives 2}}
  %y = pattern.conv2d %x, %w map <set = <1x3, [[0, 1, 2]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x3xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @kernel_larger_than_image(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x5x1xf32>) {
  // expected-error @+1 {{output height is 1, but the input gives 0}}
  %y = pattern.conv2d %x, %w map <set = <5x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x5x1xf32>) -> tensor<1x3x1x4xf32>
  return
}

// -----

func.func @bias(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{expected a bias of 3 values, but found 'tensor<2xf32>'}}
  %y = pattern.conv2d %x, %w bias(%b) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>, tensor<2xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @weights_filters(%x: tensor<1x2x4x4xf32>, %w: tensor<4x2x1x1xf32>) {
  // expected-error @+1 {{weights have 4 filters of 2 channels, but input, output and groups ask for 3 of 2}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<4x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @weights_channels_of_a_group(%x: tensor<1x2x4x4xf32>, %w: tensor<4x2x1x1xf32>) {
  // expected-error @+1 {{weights have 4 filters of 2 channels, but input, output and groups ask for 4 of 1}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>> {groups = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<4x2x1x1xf32>) -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @kernel_size(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{patterns are for a 3x3 kernel, but the weights have 1x1}}
  %y = pattern.conv2d %x, %w map <set = <3x3, [[4]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @kernel_map_shape(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{kernel map is 2x3, but the weights have 3x2 kernels}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x3xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @filter_order_too_short(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{filter order is not a permutation of the 3 filters}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      {filter_order = array<i32: 0, 1>} : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @filter_order_twice(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{filter order is not a permutation of the 3 filters}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      {filter_order = array<i32: 0, 1, 1>} : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @filter_order_out_of_range(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) {
  // expected-error @+1 {{filter order is not a permutation of the 3 filters}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      {filter_order = array<i32: 0, 1, 3>} : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @no_image(%x: tensor<0x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) {
  // expected-error @+1 {{expected images with elements, but found 'tensor<0x2x4x4xf32>' and 'tensor<0x2x4x4xf32>'}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x2xui8>>
      : (tensor<0x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<0x2x4x4xf32>
  return
}

// -----

func.func @empty_output(%x: tensor<1x2x2x2xf32>, %w: tensor<2x2x3x3xf32>) {
  // expected-error @+1 {{expected images with elements, but found 'tensor<1x2x2x2xf32>' and 'tensor<1x2x0x0xf32>'}}
  %y = pattern.conv2d %x, %w map <set = <3x3, [[4]]>, ids = dense<1> : tensor<2x2xui8>>
      : (tensor<1x2x2x2xf32>, tensor<2x2x3x3xf32>) -> tensor<1x2x0x0xf32>
  return
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @input_in_planes(%x: tensor<1x2x4x4xf32, #planes>, %w: tensor<2x2x1x1xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor without encoding}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x2xui8>>
      : (tensor<1x2x4x4xf32, #planes>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @output_in_planes(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) {
  // expected-error @+1 {{result #0 must be statically shaped tensor without encoding}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32, #planes>
  return
}

// -----

func.func @element_types(%x: tensor<1x2x4x4xf16>, %w: tensor<3x2x1x1xf16>, %b: tensor<3xf32>) {
  // expected-error @+1 {{computes 'f16', but one of its operands is 'tensor<3xf32>'}}
  %y = pattern.conv2d %x, %w bias(%b) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf16>, tensor<3x2x1x1xf16>, tensor<3xf32>) -> tensor<1x3x4x4xf16>
  return
}

// -----

func.func @padding_beyond_counters(%x: tensor<1x1x6x6xf32>, %w: tensor<1x1x3x3xf32>) {
  // expected-error @+1 {{has padding 9223372036854775807, expected at most 2147483647}}
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {padding = array<i64: 9223372036854775807, 1, 9223372036854775807, 1>}
      : (tensor<1x1x6x6xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x2x6xf32>
  return
}

// -----

func.func @positions_beyond_counters(%x: tensor<1x1x6x6xf32>, %w: tensor<1x1x3x3xf32>) {
  // expected-error @+1 {{reads channels whose positions with padding are 9000036000036, expected at most 2147483647}}
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {padding = array<i64: 3000000, 3000000, 0, 0>}
      : (tensor<1x1x6x6xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x3000004x3000004xf32>
  return
}

// -----

func.func @too_many_phases(%x: tensor<1x1x6x6xf32>, %w: tensor<1x1x3x3xf32>) {
  // expected-error @+1 {{strides split the image into 9223372036854775807 phases, expected at most 4096}}
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {strides = array<i64: 9223372036854775807, 9223372036854775807>}
      : (tensor<1x1x6x6xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x1x1xf32>
  return
}

// -----

func.func @more_than_memory(%x: tensor<1x4294967296x4294967296x1xf32>, %w: tensor<1x1x1x1xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor without encoding, of at most 2^48 bytes}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x4294967296x4294967296x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return
}
