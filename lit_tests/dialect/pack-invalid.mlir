// RUN: pattern-opt %s -verify-diagnostics -split-input-file

func.func @shape(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{input and output differ in shape}}
  %p = pattern.pack %x : tensor<1x2x8x8xf32> to tensor<1x2x8x7xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
  return
}

// -----

func.func @plain_output(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{result #0 must be tensor in planes}}
  %p = pattern.pack %x : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf32>
  return
}

// -----

func.func @foreign_encoding(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{result #0 must be tensor in planes}}
  %p = pattern.pack %x : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf32, "blocked">
  return
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>
func.func @input_in_planes(%x: tensor<1x2x8x8xf32, #planes>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor without encoding}}
  %p = pattern.pack %x : tensor<1x2x8x8xf32, #planes> to tensor<1x2x8x8xf32, #planes>
  return
}
