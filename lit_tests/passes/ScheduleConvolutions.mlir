// RUN: pattern-opt %s -pattern-layout-activations -pattern-schedule-convolutions | FileCheck %s
// RUN: pattern-opt %s --pass-pipeline='builtin.module(pattern-layout-activations,pattern-schedule-convolutions{lanes=8 registers=16})' | FileCheck %s --check-prefix=AVX2
// RUN: pattern-opt %s --pass-pipeline='builtin.module(pattern-layout-activations,pattern-schedule-convolutions{device=gpu lanes=64})' | FileCheck %s --check-prefix=GPU
// RUN: pattern-opt %s --pass-pipeline='builtin.module(pattern-layout-activations,pattern-schedule-convolutions{device=vm})' | FileCheck %s --check-prefix=VM

// Four filters by six vectors, four registers for weights and four for the input.
// CHECK-LABEL: @group_of_four
// CHECK: schedule <device = cpu, lanes = 16, vectors = 6, blocks = 1, prefetch = 1>
// AVX2-LABEL: @group_of_four
// AVX2: schedule <device = cpu, lanes = 8, vectors = 2, blocks = 1, prefetch = 0>
// GPU-LABEL: @group_of_four
// GPU: schedule <device = gpu, lanes = 64, vectors = 1, blocks = 1, prefetch = 0>
// VM-LABEL: @group_of_four
// VM: schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
func.func @group_of_four(%x: tensor<1x1x56x56xf32>, %w: tensor<16xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf32>, tensor<16xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x56x56xf32>
  return %y : tensor<1x4x56x56xf32>
}

// Eight filters leave half of the registers for the accumulators.
// CHECK-LABEL: @group_of_eight
// CHECK: schedule <device = cpu, lanes = 16, vectors = 2, blocks = 1, prefetch = 1>
func.func @group_of_eight(%x: tensor<1x1x56x56xf32>, %w: tensor<72xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) -> tensor<1x8x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 8> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf32>, tensor<72xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>)
      -> tensor<1x8x56x56xf32>
  return %y : tensor<1x8x56x56xf32>
}

// One filter: twelve vectors at most, and too few multiply-adds to hide a prefetch.
// CHECK-LABEL: @group_of_one
// CHECK: schedule <device = cpu, lanes = 16, vectors = 12, blocks = 1, prefetch = 0>
func.func @group_of_one(%x: tensor<1x1x56x56xf32>, %w: tensor<4xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf32>, tensor<4xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x56x56xf32>
  return %y : tensor<1x1x56x56xf32>
}

// 9 * 11 + 10 positions are fourteen vectors of eight: three tiles of five, not two of six and one of two.
// CHECK-LABEL: @spread_evenly
// CHECK: schedule <device = cpu, lanes = 8, vectors = 5, blocks = 1, prefetch = 1>
func.func @spread_evenly(%x: tensor<1x1x10x10xf32>, %w: tensor<16xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x10x10xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x10x10xf32>, tensor<16xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x10x10xf32>
  return %y : tensor<1x4x10x10xf32>
}

// A vector of sixteen would lie in more than two rows of four columns, so 3 * 5 + 4 positions are five vectors of four.
// There is one tile, so the two filter groups are split over workgroups.
// CHECK-LABEL: @small_image
// CHECK: schedule <device = cpu, lanes = 4, vectors = 5, blocks = 2, prefetch = 1>
func.func @small_image(%x: tensor<1x1x4x4xf32>, %w: tensor<32xf32>, %i: tensor<2xi16>,
    %s: tensor<4xi32>, %o: tensor<3xi32>, %r: tensor<8xi32>) -> tensor<1x8x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<32xf32>, tensor<2xi16>, tensor<4xi32>, tensor<3xi32>, tensor<8xi32>)
      -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// No more blocks than sixteen workgroups need; the two images of the batch count.
// CHECK-LABEL: @most_blocks
// CHECK: schedule <device = cpu, lanes = 4, vectors = 5, blocks = 8, prefetch = 1>
func.func @most_blocks(%x: tensor<2x1x4x4xf32>, %w: tensor<512xf32>, %i: tensor<32xi16>,
    %s: tensor<64xi32>, %o: tensor<33xi32>, %r: tensor<128xi32>) -> tensor<2x128x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<2x1x4x4xf32>, tensor<512xf32>, tensor<32xi16>, tensor<64xi32>, tensor<33xi32>, tensor<128xi32>)
      -> tensor<2x128x4x4xf32>
  return %y : tensor<2x128x4x4xf32>
}

// Without columns between them, the rows are one run of sixteen positions. Four filters hide the prefetch of a line.
// CHECK-LABEL: @one_by_one
// CHECK: schedule <device = cpu, lanes = 16, vectors = 1, blocks = 1, prefetch = 1>
func.func @one_by_one(%x: tensor<1x1x4x4xf32>, %w: tensor<4xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// With padding, the rows of the planes are as long as those of the output: one run of 6 * 6 positions in three vectors.
// CHECK-LABEL: @padded_one_by_one
// CHECK: schedule <device = cpu, lanes = 16, vectors = 3, blocks = 1, prefetch = 1>
func.func @padded_one_by_one(%x: tensor<1x1x4x4xf32>, %w: tensor<4xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x6x6xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x6x6xf32>
  return %y : tensor<1x4x6x6xf32>
}

// Planes with longer rows than the convolution needs make the run longer: 3 * 13 + 4 positions, eleven vectors.
// CHECK-LABEL: @larger_halo
// CHECK: schedule <device = cpu, lanes = 4, vectors = 6, blocks = 1, prefetch = 1>
#larger_halo = #pattern.planes<strides = [1, 1], origin = 16, pitch = 13, size = 96>
func.func @larger_halo(%x: tensor<1x1x4x4xf32, #larger_halo>, %w: tensor<16xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #larger_halo>, tensor<16xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// The phases of a stride are not prefetched.
// CHECK-LABEL: @stride
// CHECK: schedule <device = cpu, lanes = 16, vectors = 6, blocks = 1, prefetch = 0>
func.func @stride(%x: tensor<1x1x112x112xf32>, %w: tensor<36xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x112x112xf32>, tensor<36xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x56x56xf32>
  return %y : tensor<1x4x56x56xf32>
}

// A schedule that is there is kept, for whatever device.
// CHECK-LABEL: @kept
// CHECK: schedule <device = cpu, lanes = 2, vectors = 3, blocks = 5, prefetch = 7>
// GPU-LABEL: @kept
// GPU: schedule <device = cpu, lanes = 2, vectors = 3, blocks = 5, prefetch = 7>
func.func @kept(%x: tensor<1x1x4x4xf32>, %w: tensor<4xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      schedule <device = cpu, lanes = 2, vectors = 3, blocks = 5, prefetch = 7>
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}
