// RUN: pattern-opt %s -verify-diagnostics -split-input-file

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>
func.func @shape(%p: tensor<1x2x8x8xf32, #planes>) {
  // expected-error @+1 {{input and output differ in shape}}
  %x = pattern.unpack %p : tensor<1x2x8x8xf32, #planes> to tensor<1x2x8x7xf32>
  return
}

// -----

#planes = #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>
func.func @planes_with_strides(%p: tensor<1x2x8x8xf32, #planes>) {
  // expected-error @+1 {{expected planes without strides, but found #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>}}
  %x = pattern.unpack %p : tensor<1x2x8x8xf32, #planes> to tensor<1x2x8x8xf32>
  return
}

// -----

func.func @plain_input(%p: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{operand #0 must be tensor in planes}}
  %x = pattern.unpack %p : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf32>
  return
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>
func.func @output_in_planes(%p: tensor<1x2x8x8xf32, #planes>) {
  // expected-error @+1 {{result #0 must be statically shaped tensor without encoding}}
  %x = pattern.unpack %p : tensor<1x2x8x8xf32, #planes> to tensor<1x2x8x8xf32, #planes>
  return
}

// -----

func.func @element_types(%x: tensor<1x2x8x8xf16, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 128>>) {
  // expected-error @+1 {{computes 'f32', but one of its operands is 'tensor<1x2x8x8xf16,}}
  %y = pattern.unpack %x
      : tensor<1x2x8x8xf16, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 128>>
      to tensor<1x2x8x8xf32>
  return
}
