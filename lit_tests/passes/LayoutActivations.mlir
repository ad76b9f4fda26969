// RUN: pattern-opt %s -pattern-layout-activations -split-input-file | FileCheck %s

// A second time, there is nothing to do.
// RUN: pattern-opt %s -pattern-layout-activations -pattern-layout-activations -split-input-file | FileCheck %s

// One column of zeros between rows of four is the padding right of one and left of the next. Tap 0 lies 5 + 1 before the
// image, tap 8 as far behind the last output: 16 + (2 * 5 + 4) + 6 = 36, rounded up like the origin.
// CHECK-LABEL: @halo
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @halo(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// -----

// Three columns before a row, of which one is also behind the row before. Nothing lies above or below: the origin is at
// least 3, the size 16 + (2 * 7 + 4) + 1 = 35.
// CHECK-LABEL: @wider_left
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @wider_left(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x5, [[0]]>, group = 1>
      {padding = array<i64: 0, 3, 0, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// -----

// The other way round, with the padding below: 0 + (2 * 6 + 4) + (2 * 6 + 2) = 30.
// CHECK-LABEL: @wider_right
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 6, size = 32>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @wider_right(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 0, 0, 2, 2>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// -----

// A kernel without padding reads nothing but the image.
// CHECK-LABEL: @no_padding
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @no_padding(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x2x2xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// -----

// Five outputs a row for four columns: taps a row and a column before the output and beside it. The one column between
// rows makes them as long as the rows of the output. 16 + (3 * 5 + 5) = 36.
// CHECK-LABEL: @even_kernel
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @even_kernel(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x5xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <2x2, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x5xf32>
  return %y : tensor<1x1x4x5xf32>
}

// -----

// As many outputs as columns: taps beside the output, and a row and a column behind it. 0 + (2 * 5 + 4) + 6 = 20.
// CHECK-LABEL: @even_kernel_same_size
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 5, size = 32>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @even_kernel_same_size(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <2x2, [[0]]>, group = 1>
      {padding = array<i64: 0, 0, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// -----

// One column between rows would do for the padding, but six outputs a row take two. The origin is at least 6 + 1.
// The tap lies that far before its output, so that the last is at 16 + (4 * 6 + 6) - 7 = 39.
// CHECK-LABEL: @padded_1x1
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 6, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @padded_1x1(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x5x6xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x5x6xf32>
  return %y : tensor<1x1x5x6xf32>
}

// -----

// Taps two rows and two columns apart: the origin is at least 2 * 9 + 2 = 20, and 32 + (6 * 9 + 7) + 20 = 113.
// CHECK-LABEL: @dilation
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x7x7xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x7x7xf32> to tensor<1x1x7x7xf32, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 128>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @dilation(%x: tensor<1x1x7x7xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x7x7xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {dilations = array<i64: 2, 2>, padding = array<i64: 2, 2, 2, 2>}
      : (tensor<1x1x7x7xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x7x7xf32>
  return %y : tensor<1x1x7x7xf32>
}

// -----

// Phases of four rows of four columns. Row -1 lies before the first row of the odd phase, row 1: at least 5 + 1 before the
// image. The last tap, in row and column 1, is not behind its output: 16 + (3 * 5 + 4) = 35.
// CHECK-LABEL: @stride
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x8x8xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x8x8xf32> to tensor<1x1x8x8xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @stride(%x: tensor<1x1x8x8xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// Seven rows and columns are four of the even phase. Those of the odd phase are three, which does not shorten its rows.
// 16 + (3 * 5 + 4) = 35.
// CHECK-LABEL: @stride_of_odd_image
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x7x7xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x7x7xf32> to tensor<1x1x7x7xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @stride_of_odd_image(%x: tensor<1x1x7x7xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x7x7xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// Phases of four rows of three columns. The taps in columns -2, -1 and 0 are in columns -1, -1 and 0 of their phases,
// those in rows 0, 1 and 2 in rows 0, 0 and 1: 16 + (3 * 4 + 3) + 4 = 35.
// CHECK-LABEL: @strides
// CHECK-SAME: %[[X:[^:]+]]: tensor<2x1x8x8xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<2x1x8x8xf32> to tensor<2x1x8x8xf32, #pattern.planes<strides = [2, 3], origin = 16, pitch = 4, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @strides(%x: tensor<2x1x8x8xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<2x1x4x3xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 0, 2, 1, 1>, strides = array<i64: 2, 3>}
      : (tensor<2x1x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<2x1x4x3xf32>
  return %y : tensor<2x1x4x3xf32>
}

// -----

// A schedule that is there is kept and changes nothing.
// CHECK-LABEL: @scheduled
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}} schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 3, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
func.func @scheduled(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 3, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// -----

// Convolutions that want the same planes of one value share the copy.
// CHECK-LABEL: @shared
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]]
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
func.func @shared(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// -----

// Other kernels with other padding may want the same planes: 16 + (3 * 5 + 4) = 35 elements, and 5 + 1 more for the
// larger kernel, are both rounded up to 48.
// CHECK-LABEL: @shared_by_kernels
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] {{.*}}<strides = [1, 1], origin = 16, pitch = 5, size = 48>
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
func.func @shared_by_kernels(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <2x2, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 0, 0>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// -----

// Other padding, the same planes: those of the convolution that needs more.
// CHECK-LABEL: @shared_with_less_padding
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] {{.*}}<strides = [1, 1], origin = 16, pitch = 5, size = 48>
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
func.func @shared_with_less_padding(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x4x4xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y, %z : tensor<1x1x2x2xf32>, tensor<1x1x4x4xf32>
}

// -----

// Images of one extent lie in the same planes, whatever they hold and whoever reads them.
// CHECK-LABEL: @one_extent
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>, %[[Y:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] {{.*}}, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK: %[[Q:.+]] = pattern.pack %[[Y]] {{.*}}, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[Q]]
func.func @one_extent(%x: tensor<1x1x4x4xf32>, %y: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x4x4xf32>) {
  %u = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  %v = pattern.packed_conv2d %y fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %u, %v : tensor<1x1x2x2xf32>, tensor<1x1x4x4xf32>
}

// -----

// One copy at the beginning. Convolutions and pooling between them write planes: rows of 8 + 1 and, behind the pooling, of
// 4 + 1. What the last one makes, nobody reads in planes. 16 + (7 * 9 + 8) + 10 = 97, and 16 + (3 * 5 + 4) + 6 = 41.
// CHECK-LABEL: @chain
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x8x8xf32>
// CHECK-NEXT: %[[P:.+]] = pattern.pack %[[X]] {{.*}} to tensor<1x1x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
// CHECK-NEXT: %[[A:.+]] = pattern.packed_conv2d %[[P]] {{.*}} -> tensor<1x1x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
// CHECK-NEXT: %[[B:.+]] = pattern.packed_conv2d %[[A]] {{.*}} -> tensor<1x1x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
// CHECK-NEXT: %[[C:.+]] = pattern.pool2d <max> %[[B]] {{.*}} -> tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK-NEXT: %[[D:.+]] = pattern.packed_conv2d %[[C]] {{.*}} -> tensor<1x1x4x4xf32>{{$}}
// CHECK-NEXT: return %[[D]]
func.func @chain(%x: tensor<1x1x8x8xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %a = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x8x8xf32>
  %b = pattern.packed_conv2d %a fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x8x8xf32>
  %c = pattern.pool2d <max> %b {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : tensor<1x1x8x8xf32> -> tensor<1x1x4x4xf32>
  %d = pattern.packed_conv2d %c fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %d : tensor<1x1x4x4xf32>
}

// -----

// A convolution writes rows as far apart as it reads them. One that makes 4x4 images from 6x6 without padding and one
// with taps nine columns apart have both in rows of 4 + 9, also for a third that would do with 4 + 1: the origin is at
// least 13 + 1. 0 + 6 * 13 = 78, and 16 + (3 * 13 + 4) + 14 = 73.
// CHECK-LABEL: @common_pitch
// CHECK: %[[P:.+]] = pattern.pack %{{.+}} to tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 13, size = 80>>
// CHECK: %[[A:.+]] = pattern.packed_conv2d %[[P]] {{.*}} -> tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 13, size = 80>>
// CHECK: %[[B:.+]] = pattern.packed_conv2d %[[A]] {{.*}} -> tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 13, size = 80>>
// CHECK: pattern.packed_conv2d %[[B]]
func.func @common_pitch(%x: tensor<1x1x6x6xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %a = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      : (tensor<1x1x6x6xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %b = pattern.packed_conv2d %a fkw(%w, %i, %s, %o, %r) storage <set = <1x3, [[0]]>, group = 1>
      {dilations = array<i64: 1, 9>, padding = array<i64: 0, 9, 0, 9>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %c = pattern.packed_conv2d %b fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %c : tensor<1x1x4x4xf32>
}

// -----

// What is read by others as well is unpacked for them, once.
// CHECK-LABEL: @mixed_users
// CHECK: %[[A:.+]] = pattern.packed_conv2d
// CHECK-NEXT: %[[U:.+]] = pattern.unpack %[[A]] : tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>> to tensor<1x1x4x4xf32>
// CHECK-NEXT: pattern.packed_conv2d %[[A]]
// CHECK-NEXT: %[[S:.+]] = arith.addf %[[U]], %[[U]]
// CHECK-NEXT: return %[[U]], %{{.+}}, %[[S]]
func.func @mixed_users(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %a = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %b = pattern.packed_conv2d %a fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %c = arith.addf %a, %a : tensor<1x1x4x4xf32>
  return %a, %b, %c : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// -----

// What is added lies in planes, and so does the sum, though nobody reads it there.
// CHECK-LABEL: @residual
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK-NEXT: %[[P:.+]] = pattern.pack %[[X]] {{.*}} to tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK-NEXT: %[[A:.+]] = pattern.packed_conv2d %[[P]]
// CHECK-NEXT: %[[B:.+]] = pattern.packed_conv2d %[[A]] {{.*}} add(%[[P]]) {{.*}} -> tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK-NEXT: %[[U:.+]] = pattern.unpack %[[B]]
// CHECK-NEXT: return %[[U]]
func.func @residual(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %a = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %b = pattern.packed_conv2d %a fkw(%w, %i, %s, %o, %r) add(%x) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32>)
      -> tensor<1x1x4x4xf32>
  return %b : tensor<1x1x4x4xf32>
}

// -----

// What another operation made is packed before it is added.
// CHECK-LABEL: @residual_from_elsewhere
// CHECK: %[[E:.+]] = arith.negf
// CHECK: %[[Q:.+]] = pattern.pack %[[E]] {{.*}} to tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %{{.+}} add(%[[Q]])
func.func @residual_from_elsewhere(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %e = arith.negf %x : tensor<1x1x4x4xf32>
  %a = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) add(%e) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32>)
      -> tensor<1x1x4x4xf32>
  return %a : tensor<1x1x4x4xf32>
}

// -----

// A convolution with strides reads phases, which are made from planes: one copy for the convolution and its shortcut,
// whose sum lies in rows of 4 + 1 like the phases.
// CHECK-LABEL: @stride_and_shortcut
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x8x8xf32>
// CHECK-NEXT: %[[P:.+]] = pattern.pack %[[X]] {{.*}} to tensor<1x1x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
// CHECK-NEXT: %[[A:.+]] = pattern.packed_conv2d %[[P]] {{.*}} -> tensor<1x1x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
// CHECK-NEXT: %[[Q:.+]] = pattern.pack %[[A]] : tensor<1x1x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>> to tensor<1x1x8x8xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>
// CHECK-NEXT: %[[S:.+]] = pattern.packed_conv2d %[[Q]] {{.*}} -> tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 5, size = 32>>
// CHECK-NEXT: %[[B:.+]] = pattern.packed_conv2d %[[Q]] {{.*}} add(%[[S]]) {{.*}} -> tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 5, size = 32>>
// CHECK-NEXT: %[[U:.+]] = pattern.unpack %[[B]]
// CHECK-NEXT: return %[[U]]
func.func @stride_and_shortcut(%x: tensor<1x1x8x8xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %a = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x8x8xf32>
  %c = pattern.packed_conv2d %a fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      {strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %b = pattern.packed_conv2d %a fkw(%w, %i, %s, %o, %r) add(%c) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32>)
      -> tensor<1x1x4x4xf32>
  return %b : tensor<1x1x4x4xf32>
}

// -----

// Pooling reads a plain image as it is, and writes planes if a convolution or another pooling reads them. For poolings
// alone, planes are nothing but rows: 7 * 7 elements are rounded up to 64.
// CHECK-LABEL: @pooling
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x8x8xf32>
// CHECK-NEXT: %[[A:.+]] = pattern.pool2d <max> %[[X]] {{.*}} : tensor<1x1x8x8xf32> -> tensor<1x1x7x7xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 7, size = 64>>
// CHECK-NEXT: %[[B:.+]] = pattern.pool2d <average> %[[A]] {{.*}} -> tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>>
// CHECK-NEXT: %[[C:.+]] = pattern.packed_conv2d %[[B]]
// CHECK-NEXT: %[[D:.+]] = pattern.pool2d <max> %[[X]] {{.*}} : tensor<1x1x8x8xf32> -> tensor<1x1x2x2xf32>
// CHECK-NEXT: return %[[C]], %[[D]]
func.func @pooling(%x: tensor<1x1x8x8xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> (tensor<1x1x6x6xf32>, tensor<1x1x2x2xf32>) {
  %a = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x1x8x8xf32> -> tensor<1x1x7x7xf32>
  %b = pattern.pool2d <average> %a {kernel = array<i64: 2, 2>} : tensor<1x1x7x7xf32> -> tensor<1x1x6x6xf32>
  %c = pattern.packed_conv2d %b fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x6x6xf32>
  %d = pattern.pool2d <max> %x {kernel = array<i64: 4, 4>, strides = array<i64: 4, 4>} : tensor<1x1x8x8xf32> -> tensor<1x1x2x2xf32>
  return %c, %d : tensor<1x1x6x6xf32>, tensor<1x1x2x2xf32>
}

// -----

// A copy in one branch cannot serve the other, nor what comes after.
// CHECK-LABEL: @branches
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: scf.if
// CHECK: %[[P:.+]] = pattern.pack %[[X]]
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK: %[[Q:.+]] = pattern.pack %[[X]]
// CHECK: pattern.packed_conv2d %[[Q]]
// CHECK: %[[R:.+]] = pattern.pack %[[X]]
// CHECK: pattern.packed_conv2d %[[R]]
func.func @branches(%c: i1, %x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %b = scf.if %c -> tensor<1x1x4x4xf32> {
    %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
        {padding = array<i64: 1, 1, 1, 1>}
        : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
        -> tensor<1x1x4x4xf32>
    scf.yield %y : tensor<1x1x4x4xf32>
  } else {
    %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
        {padding = array<i64: 1, 1, 1, 1>}
        : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
        -> tensor<1x1x4x4xf32>
    scf.yield %y : tensor<1x1x4x4xf32>
  }
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %b, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// -----

// An input stays in planes with the same pitch and with more zeros than needed.
// CHECK-LABEL: @in_planes
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32, #pattern.planes<
// CHECK-NEXT: pattern.packed_conv2d %[[X]] fkw(
#planes = #pattern.planes<strides = [1, 1], origin = 32, pitch = 5, size = 96>
func.func @in_planes(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// From planes with another pitch it is copied: all images of this extent lie in rows as long.
// CHECK-LABEL: @in_other_planes
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32, #pattern.planes<
// CHECK-NEXT: %[[P:.+]] = pattern.pack %[[X]] {{.*}} to tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK-NEXT: pattern.packed_conv2d %[[P]] fkw(
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 96>
func.func @in_other_planes(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// A strided convolution reads phases. The 1x1 convolution before it, which has fewer channels than filters, makes them,
// so that the smaller image is split: in phases of 4 rows of 4 columns and one between, whose tap at the left above lies
// 5 + 1 elements before the image.
// CHECK-LABEL: @phases
// CHECK: %[[P:.+]] = pattern.pack %{{.+}} : tensor<1x1x8x8xf32> to tensor<1x1x8x8xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>
// CHECK-NOT: pattern.pack %
// CHECK: %[[Y:.+]] = pattern.packed_conv2d %[[P]] {{.*}} -> tensor<1x2x8x8xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[Y]] {{.*}} -> tensor<1x1x4x4xf32>
func.func @phases(%x: tensor<1x1x8x8xf32>, %w: tensor<2xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
    %r: tensor<2xi32>, %u: tensor<1xf32>, %q: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      : (tensor<1x1x8x8xf32>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x8x8xf32>
  %z = pattern.packed_conv2d %y fkw(%u, %i, %s, %o, %q) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x2x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %z : tensor<1x1x4x4xf32>
}

// -----

// With fewer filters than channels, what it writes is split instead.
// CHECK-LABEL: @fewer_filters
// CHECK: pattern.pack %{{.+}} : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1],
// CHECK: %[[Y:.+]] = pattern.packed_conv2d
// CHECK: pattern.pack %[[Y]] : {{.*}} to tensor<1x1x8x8xf32, #pattern.planes<strides = [2, 2],
func.func @fewer_filters(%x: tensor<1x2x8x8xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x2x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x8x8xf32>
  %z = pattern.packed_conv2d %y fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %z : tensor<1x1x4x4xf32>
}

// -----

// A line has 32 halves. Tap 0 lies 5 + 1 before the image: 32 + (2 * 5 + 4) + 6 = 52. An image in f32 of this size keeps
// its own planes.
// CHECK-LABEL: @half_precision
// CHECK: pattern.pack %{{.+}} : tensor<1x1x3x4xf16> to tensor<1x1x3x4xf16, #pattern.planes<strides = [1, 1], origin = 32, pitch = 5, size = 64>>
// CHECK: pattern.pack %{{.+}} : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
func.func @half_precision(%x: tensor<1x1x3x4xf16>, %w: tensor<1xf16>, %z: tensor<1x1x3x4xf32>, %v: tensor<1xf32>,
    %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x3x4xf16>, tensor<1x1x3x4xf32>) {
  %0 = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf16>, tensor<1xf16>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf16>
  %1 = pattern.packed_conv2d %z fkw(%v, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %0, %1 : tensor<1x1x3x4xf16>, tensor<1x1x3x4xf32>
}

// -----

// Images of one position that are multiplied by a matrix stay as they are, also what a pooling makes for it. What a
// larger kernel reads is in planes.
// CHECK-LABEL: @one_position
// CHECK-SAME: %[[X:[^:]+]]: tensor<3x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pool2d <average> %[[X]] {{.*}} -> tensor<3x1x1x1xf32>
// CHECK: %[[Y:.+]] = pattern.packed_conv2d %[[P]] {{.*}} -> tensor<3x1x1x1xf32>
// CHECK: %[[PLANES:.+]] = pattern.pack %[[Y]]
// CHECK: pattern.packed_conv2d %[[PLANES]]
func.func @one_position(%x: tensor<3x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<3x1x1x1xf32> {
  %p = pattern.pool2d <average> %x {kernel = array<i64: 4, 4>} : tensor<3x1x4x4xf32> -> tensor<3x1x1x1xf32>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<3x1x1x1xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<3x1x1x1xf32>
  %z = pattern.packed_conv2d %y fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<3x1x1x1xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<3x1x1x1xf32>
  return %z : tensor<3x1x1x1xf32>
}
