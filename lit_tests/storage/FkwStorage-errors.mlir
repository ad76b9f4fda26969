// RUN: pattern-opt %s -pattern-decompress-weights -verify-diagnostics -split-input-file

// What whoever reads FKW finds wrong in it.

func.func @reorder_twice(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 2]> : tensor<4xi32>
  // expected-error @+1 {{reorder is not a permutation of the 4 filters}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @reorder_out_of_range(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, -3]> : tensor<4xi32>
  // expected-error @+1 {{reorder is not a permutation of the 4 filters}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @offset_start(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[1, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{offset starts at 1, but expected 0}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @offset_falls(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 3, 2]> : tensor<3xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{offset falls from 3 to 2}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @offset_end(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 3]> : tensor<3xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{offset ends at 3, but expected 2}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @stride_start(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[1, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{pattern offset of filter group 0 starts at 1, but expected 0}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @stride_end(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 9]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{pattern offset of filter group 1 ends at 9, but expected 1}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @index_beyond_channels(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[0, 77]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{kernel 1 reads channel 77, but the convolution group of its filters has 0 to 1}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}

// -----

// The filters are stored in reverse, so that the second group's come first.
func.func @index_of_another_group(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{kernel 0 reads channel 0, but the convolution group of its filters has 1 to 1}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1> {groups = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @channel_twice(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[1, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2, 0, 0]> : tensor<4xi32>
  %o = arith.constant dense<[0, 2, 2]> : tensor<3xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{filter group 0 has two kernels of channel 1}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @stride_falls(%x: tensor<1x2x4x5xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 3, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  // expected-error @+1 {{pattern offset of filter group 0 falls from 3 to 2}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x2, [[0], [1]]>, group = 1>
      : (tensor<1x2x4x5xf32>, tensor<2xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @filter_group_of_two_groups(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>) {
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{filter group 0 holds filters of the convolution groups 1 and 0}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2> {groups = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return
}
