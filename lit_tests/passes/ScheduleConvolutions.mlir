// RUN: pattern-opt %s -split-input-file -pattern-layout-activations -pattern-schedule-convolutions | FileCheck %s
// RUN: pattern-opt %s -split-input-file %target-avx2 -pattern-layout-activations -pattern-schedule-convolutions | FileCheck %s --check-prefix=AVX2
// RUN: pattern-opt %s -split-input-file %target-neon -pattern-layout-activations -pattern-schedule-convolutions | FileCheck %s --check-prefix=NEON
// RUN: pattern-opt %s -split-input-file -pattern-layout-activations -pattern-schedule-convolutions='input-stationary=false' | FileCheck %s --check-prefix=SUMS
// RUN: pattern-opt %s -split-input-file -pattern-layout-activations -pattern-schedule-convolutions='filters=2 max-vectors=3 cache-bytes=1099511627776 prefetch=false' | FileCheck %s --check-prefix=PLAIN
// RUN: pattern-opt %s -split-input-file %target-gpu -pattern-layout-activations -pattern-schedule-convolutions='filters=2' | FileCheck %s --check-prefix=GPU-FILTERS
// RUN: pattern-opt %s -split-input-file %target-vm -pattern-layout-activations -pattern-schedule-convolutions='filters=3' | FileCheck %s --check-prefix=VM-FILTERS
// RUN: pattern-opt %s -split-input-file %target-gpu -pattern-layout-activations -pattern-schedule-convolutions | FileCheck %s --check-prefix=GPU
// RUN: pattern-opt %s -split-input-file %target-vm -pattern-layout-activations -pattern-schedule-convolutions | FileCheck %s --check-prefix=VM
// RUN: pattern-opt %s -split-input-file -pattern-layout-activations -pattern-schedule-convolutions='place-in-consumers=false' | FileCheck %s --check-prefix=APART

// Four filters by six vectors of accumulators, four registers for weights and four for what is being loaded. Of sixteen
// registers, eight hold four filters by two vectors, two those vectors, and two what is being loaded.
// The 55 * 57 + 56 positions are 34 tiles of 96, or 200 of 16. All of their input is in the cache.
// CHECK-LABEL: @group_of_four
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 34, blocks = 1, unroll = 4, inner = filters, prefetch = 5, prefetch_weights = 4096>)
// AVX2-LABEL: @group_of_four
// AVX2: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 2, filters = 4, tiles = 200, blocks = 1, unroll = 4>)
// NEON-LABEL: @group_of_four
// NEON: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 6, filters = 4, tiles = 133, blocks = 1, unroll = 4, weights = lanes, inner = filters>)
// Each choice can be switched off. Three filters at once are one of a group of four.
// PLAIN-LABEL: @group_of_four
// PLAIN: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 3, filters = 2, tiles = 67, blocks = 2, unroll = 4, inner = filters>)
// GPU-FILTERS-LABEL: @group_of_four
// GPU-FILTERS: pattern.packed_conv2d {{.*}} schedule(#schedule.gpu_output_stationary<threads = 64, rows = 2, filters = 2>)
// VM-FILTERS-LABEL: @group_of_four
// VM-FILTERS: pattern.packed_conv2d {{.*}} schedule(#schedule.vm_direct<filters = 1, unroll = 4>)
// GPU-LABEL: @group_of_four
// GPU: pattern.packed_conv2d {{.*}} schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 4>)
// VM-LABEL: @group_of_four
// VM: pattern.packed_conv2d {{.*}} schedule(#schedule.vm_direct<filters = 4, unroll = 4>)
func.func @group_of_four(%x: tensor<1x1x56x56xf32>, %w: tensor<16xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf32>, tensor<16xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x56x56xf32>
  return %y : tensor<1x4x56x56xf32>
}

// -----

// Eight filters by three vectors, which take three registers, beside four.
// CHECK-LABEL: @group_of_eight
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 3, filters = 8, tiles = 67, blocks = 1, unroll = 9, prefetch = 2, prefetch_weights = 4096>)
// NEON-LABEL: @group_of_eight
// NEON: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 3, filters = 8, tiles = 266, blocks = 1, unroll = 9, weights = lanes>)
func.func @group_of_eight(%x: tensor<1x1x56x56xf32>, %w: tensor<72xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) -> tensor<1x8x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 8> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf32>, tensor<72xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>)
      -> tensor<1x8x56x56xf32>
  return %y : tensor<1x8x56x56xf32>
}

// -----

// 64 channels have 2048 elements each in half a mebibyte: a halo of two rows of 57, and twenty tiles of 96. The 34 tiles
// are two times 17, and each of these is split over eight workgroups by filter groups.
// CHECK-LABEL: @bands
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 17, blocks = 8, unroll = 4, inner = filters, prefetch = 5, prefetch_weights = 4096>)
func.func @bands(%x: tensor<1x64x56x56xf32>, %w: tensor<128xf32>, %i: tensor<8xi32>,
    %s: tensor<16xi32>, %o: tensor<9xi32>, %r: tensor<32xi32>) -> tensor<1x32x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x64x56x56xf32>, tensor<128xf32>, tensor<8xi32>, tensor<16xi32>, tensor<9xi32>, tensor<32xi32>)
      -> tensor<1x32x56x56xf32>
  return %y : tensor<1x32x56x56xf32>
}

// -----

// One filter: twelve vectors at most, and too few multiply-adds to hide a prefetch.
// CHECK-LABEL: @group_of_one
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 12, filters = 1, tiles = 17, blocks = 1, unroll = 4, inner = filters>)
func.func @group_of_one(%x: tensor<1x1x56x56xf32>, %w: tensor<4xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x56x56xf32>
  return %y : tensor<1x1x56x56xf32>
}

// -----

// 9 * 11 + 10 positions are seven vectors of sixteen: two tiles of four, not one of six and one of one.
// CHECK-LABEL: @spread_evenly
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 4, filters = 4, tiles = 2, blocks = 1, unroll = 4, inner = filters, prefetch = 7, prefetch_weights = 4096>)
func.func @spread_evenly(%x: tensor<1x1x10x10xf32>, %w: tensor<16xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x10x10xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x10x10xf32>, tensor<16xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x10x10xf32>
  return %y : tensor<1x4x10x10xf32>
}

// -----

// Rows of four columns are stored in parts of a vector; 3 * 5 + 4 positions are two of them.
// There is one tile, so the two filter groups are split over workgroups.
// CHECK-LABEL: @small_image
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 2, filters = 4, tiles = 1, blocks = 2, unroll = 4, prefetch = 13, prefetch_weights = 4096>)
func.func @small_image(%x: tensor<1x1x4x4xf32>, %w: tensor<32xf32>, %i: tensor<2xi32>,
    %s: tensor<4xi32>, %o: tensor<3xi32>, %r: tensor<8xi32>) -> tensor<1x8x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<32xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<8xi32>)
      -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// -----

// No more blocks than sixteen workgroups need; the two images of the batch count.
// CHECK-LABEL: @most_blocks
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 2, filters = 4, tiles = 1, blocks = 8, unroll = 4, prefetch = 13, prefetch_weights = 4096>)
func.func @most_blocks(%x: tensor<2x1x4x4xf32>, %w: tensor<512xf32>, %i: tensor<32xi32>,
    %s: tensor<64xi32>, %o: tensor<33xi32>, %r: tensor<128xi32>) -> tensor<2x128x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<2x1x4x4xf32>, tensor<512xf32>, tensor<32xi32>, tensor<64xi32>, tensor<33xi32>, tensor<128xi32>)
      -> tensor<2x128x4x4xf32>
  return %y : tensor<2x128x4x4xf32>
}

// -----

// Without columns between them, the rows are one run of sixteen positions. Four filters hide the prefetch of a line.
// CHECK-LABEL: @one_by_one
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 1, filters = 4, tiles = 1, blocks = 1, unroll = 1, prefetch = 100, prefetch_weights = 4096>)
func.func @one_by_one(%x: tensor<1x1x4x4xf32>, %w: tensor<4xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// -----

// With padding, the rows of the planes are as long as those of the output: one run of 6 * 6 positions in three vectors.
// CHECK-LABEL: @padded_one_by_one
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 3, filters = 4, tiles = 1, blocks = 1, unroll = 1, prefetch = 34, prefetch_weights = 4096>)
func.func @padded_one_by_one(%x: tensor<1x1x4x4xf32>, %w: tensor<4xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x6x6xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x6x6xf32>
  return %y : tensor<1x4x6x6xf32>
}

// -----

// The taps of the second convolution, nine columns apart, make the rows of both as long: 3 * 13 + 4 positions are three
// vectors.
// CHECK-LABEL: @longer_rows
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 3, filters = 4, tiles = 1, blocks = 1, unroll = 4, prefetch = 9, prefetch_weights = 4096>)
func.func @longer_rows(%x: tensor<1x1x4x4xf32>, %w: tensor<16xf32>, %u: tensor<4xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<16xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%u, %i, %s, %o, %r) storage <set = <1x3, [[0]]>, group = 4>
      {dilations = array<i64: 1, 9>, padding = array<i64: 0, 9, 0, 9>}
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y, %z : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>
}

// -----

// An output in planes takes whole vectors, however many rows they touch: 3 * 5 + 4 positions are two of sixteen lanes.
// The plain one of the second convolution is made by two vectors.
// CHECK-LABEL: @chain
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 2, filters = 4, tiles = 1, blocks = 1, unroll = 4, prefetch = 13, prefetch_weights = 4096>)
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 2, filters = 4, tiles = 1, blocks = 1, unroll = 4, prefetch = 13, prefetch_weights = 4096>)
func.func @chain(%x: tensor<1x4x4x4xf32>, %w: tensor<64xf32>, %i: tensor<4xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x4x4xf32>, tensor<64xf32>, tensor<4xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  %z = pattern.packed_conv2d %y fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x4x4xf32>, tensor<64xf32>, tensor<4xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %z : tensor<1x4x4x4xf32>
}

// -----

// Pooling and copies go by one vector, one thread or one element at a time.
// CHECK-LABEL: @rows
// CHECK: pattern.pack %{{.+}} schedule(#schedule.cpu_rows<lanes = 16, unroll = 1>)
// CHECK: pattern.unpack %{{.+}} schedule(#schedule.cpu_rows<lanes = 16, unroll = 1>)
// CHECK: pattern.pool2d <max> %{{.+}} schedule(#schedule.cpu_rows<lanes = 16, unroll = 4>)
// AVX2-LABEL: @rows
// AVX2: pattern.pack %{{.+}} schedule(#schedule.cpu_rows<lanes = 8, unroll = 1>)
// AVX2: pattern.unpack %{{.+}} schedule(#schedule.cpu_rows<lanes = 8, unroll = 1>)
// AVX2: pattern.pool2d <max> %{{.+}} schedule(#schedule.cpu_rows<lanes = 8, unroll = 4>)
// GPU-LABEL: @rows
// GPU: pattern.pack %{{.+}} schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
// GPU: pattern.unpack %{{.+}} schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
// GPU: pattern.pool2d <max> %{{.+}} schedule(#schedule.gpu_rows<threads = 64, unroll = 4>)
// VM-LABEL: @rows
// VM: pattern.pack %{{.+}} schedule(#schedule.vm_rows<unroll = 1>)
// VM: pattern.unpack %{{.+}} schedule(#schedule.vm_rows<unroll = 1>)
// VM: pattern.pool2d <max> %{{.+}} schedule(#schedule.vm_rows<unroll = 4>)
#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @rows(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>) {
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %y = pattern.unpack %p : tensor<1x1x4x4xf32, #planes> to tensor<1x1x4x4xf32>
  %z = pattern.pool2d <max> %p {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
      : tensor<1x1x4x4xf32, #planes> -> tensor<1x1x2x2xf32>
  return %y, %z : tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>
}

// -----

// The weights of a strided convolution are prefetched.
// CHECK-LABEL: @stride
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 34, blocks = 1, unroll = 9, inner = filters, prefetch_weights = 4096>)
func.func @stride(%x: tensor<1x1x112x112xf32>, %w: tensor<36xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x112x112xf32>, tensor<36xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x56x56xf32>
  return %y : tensor<1x4x56x56xf32>
}

// -----

// Two hundred filters of their own read each channel: of all seven positions of the patterns, three vectors stay in
// registers beside three sums and a weight, with room for the sums of 170 filters.
// CHECK-LABEL: @inputs_stay
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_input_stationary<lanes = 16, vectors = 3, tiles = 9, blocks = 2, prefetch = 1>)
// NEON-LABEL: @inputs_stay
// NEON: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_input_stationary<lanes = 4, vectors = 3, tiles = 17, blocks = 1, weights = lanes>)
// Sixteen registers hold one vector of each.
// AVX2-LABEL: @inputs_stay
// AVX2: pattern.packed_conv2d
// AVX2-NOT: input_stationary
// SUMS-LABEL: @inputs_stay
// SUMS: pattern.packed_conv2d
// SUMS-NOT: input_stationary
func.func @inputs_stay(%x: tensor<1x1x56x56xf32>, %w: tensor<800xf32>, %i: tensor<200xi32>,
    %s: tensor<600xi32>, %o: tensor<201xi32>, %r: tensor<200xi32>) -> tensor<1x200x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4], [4, 5, 7, 8]]>, group = 1> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf32>, tensor<800xf32>, tensor<200xi32>, tensor<600xi32>, tensor<201xi32>, tensor<200xi32>)
      -> tensor<1x200x56x56xf32>
  return %y : tensor<1x200x56x56xf32>
}

// -----

// Twenty readers are not worth it.
// CHECK-LABEL: @few_readers
// CHECK: pattern.packed_conv2d
// CHECK-NOT: input_stationary
func.func @few_readers(%x: tensor<1x1x56x56xf32>, %w: tensor<80xf32>, %i: tensor<20xi32>,
    %s: tensor<60xi32>, %o: tensor<21xi32>, %r: tensor<20xi32>) -> tensor<1x20x56x56xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4], [4, 5, 7, 8]]>, group = 1> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf32>, tensor<80xf32>, tensor<20xi32>, tensor<60xi32>, tensor<21xi32>, tensor<20xi32>)
      -> tensor<1x20x56x56xf32>
  return %y : tensor<1x20x56x56xf32>
}

// -----

// A register has twice as many halves as floats. The 55 * 57 + 56 positions are 17 tiles of 192, or 67 of 48.
// CHECK-LABEL: @half_precision
// CHECK: pattern.pack {{.*}} schedule(#schedule.cpu_rows<lanes = 32, unroll = 1>)
// CHECK: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 32, vectors = 6, filters = 4, tiles = 17, blocks = 1, unroll = 4, inner = filters, prefetch = 5, prefetch_weights = 4096>)
// NEON-LABEL: @half_precision
// NEON: pattern.pack {{.*}} schedule(#schedule.cpu_rows<lanes = 8, unroll = 1>)
// NEON: pattern.packed_conv2d {{.*}} schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 6, filters = 4, tiles = 67, blocks = 1, unroll = 4, weights = lanes, inner = filters>)
// Threads are as many as of any type.
// GPU-LABEL: @half_precision
// GPU: pattern.pack {{.*}} schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
// GPU: pattern.packed_conv2d {{.*}} schedule(#schedule.gpu_output_stationary<threads = 64, rows = {{[12]}}, filters = 4>)
// VM-LABEL: @half_precision
// VM: pattern.pack {{.*}} schedule(#schedule.vm_rows<unroll = 1>)
func.func @half_precision(%x: tensor<1x1x56x56xf16>, %w: tensor<16xf16>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x56x56xf16> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 4> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x56x56xf16>, tensor<16xf16>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x56x56xf16>
  return %y : tensor<1x4x56x56xf16>
}

// -----

// Two filter groups, each of which the depthwise convolution reads before the next is made.
// CHECK-LABEL: @placed_in_reader
// CHECK: pattern.packed_conv2d {{.*}}, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 3, filters = 2, tiles = 1, blocks = 2, unroll = 1, channels = distance, inner = filters, placement = consumer>)
// CHECK: pattern.packed_conv2d {{.*}}, group = 1> schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 3, filters = 1, tiles = 1, blocks = 2, unroll = 4, inner = filters>)
// APART-LABEL: @placed_in_reader
// APART-NOT: placement
// On a GPU, each workgroup makes what a row of a filter reads.
// GPU-LABEL: @placed_in_reader
// GPU: pattern.packed_conv2d {{.*}}, group = 2> schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 1, placement = consumer>)
// GPU: pattern.packed_conv2d {{.*}}, group = 1> schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 1, bands = 6>)
func.func @placed_in_reader(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      : (tensor<1x1x6x6xf32>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}

// -----

// Something else reads the image, too.
// CHECK-LABEL: @two_readers
// CHECK-NOT: placement
func.func @two_readers(%x: tensor<1x1x6x6xf32>) -> (tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>) {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      : (tensor<1x1x6x6xf32>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %y, %z : tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>
}

// -----

// Of 70 rows, sixteen at once would be five parts; fourteen make them even. Where a vector has eight filters, the sixteen
// are two, and twelve registers of sums are those of six rows: twelve parts, again of six.
// CHECK-LABEL: @rows
// CHECK: pattern.packed_conv2d %{{.+}} schedule(#schedule.cpu_matrix<lanes = 16, rows = 14, blocks = 2, chains = 1, stores = scatter, prefetch_weights = 4096>)
// AVX2-LABEL: @rows
// AVX2: pattern.packed_conv2d %{{.+}} schedule(#schedule.cpu_matrix<lanes = 8, rows = 6, blocks = 2, chains = 1, stores = scatter>)
// NEON-LABEL: @rows
// NEON: pattern.packed_conv2d %{{.+}} schedule(#schedule.cpu_matrix<lanes = 4, rows = 6, blocks = 2, chains = 1, stores = scatter>)
func.func @rows(%x: tensor<70x1x1x1xf32>, %w: tensor<32xf32>, %i: tensor<2xi32>,
    %s: tensor<4xi32>, %o: tensor<3xi32>, %r: tensor<32xi32>) -> tensor<70x32x1x1xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 16>
      : (tensor<70x1x1x1xf32>, tensor<32xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<32xi32>)
      -> tensor<70x32x1x1xf32>
  return %y : tensor<70x32x1x1xf32>
}
