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

#phases = #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>
func.func @input_with_strides(%x: tensor<1x2x8x8xf32, #phases>) {
  // expected-error @+1 {{expected planes without strides, but found #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>}}
  %p = pattern.pack %x : tensor<1x2x8x8xf32, #phases> to tensor<1x2x8x8xf32, #planes>
  return
}

// -----

func.func @element_types(%x: tensor<1x2x8x8xf32>) {
  // expected-error @+1 {{computes 'f16', but one of its operands is 'tensor<1x2x8x8xf32>'}}
  %p = pattern.pack %x : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf16,
      #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 128>>
  return
}
