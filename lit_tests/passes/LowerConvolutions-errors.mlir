// RUN: pattern-opt %s -pattern-lower-convolutions -verify-diagnostics -split-input-file

func.func @no_schedule(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{has no schedule; run pattern-schedule-convolutions first}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

func.func @plain_input(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{reads no planes made by pattern.pack; run pattern-layout-activations first}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @planes_from_elsewhere(%x: tensor<1x1x4x4xf32, #planes>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{reads no planes made by pattern.pack; run pattern-layout-activations first}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @arrays_not_constant(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>) -> tensor<1x1x4x4xf32> {
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{cannot be lowered: its FKW arrays are not constant}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @pack_for_unscheduled_convolution(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  // expected-error @+1 {{can be lowered for scheduled convolutions only}}
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-note @+1 {{this use is none}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @pack_for_something_else(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32, #planes> {
  // expected-error @+1 {{can be lowered for scheduled convolutions only}}
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  // expected-note @+1 {{this use is none}}
  return %p : tensor<1x1x4x4xf32, #planes>
}
