// RUN: pattern-opt %s -pattern-layout-activations | FileCheck %s

// One column of zeros between rows of four is the padding right of one and left of the next. Tap 0 lies 5 + 1 before the
// image, tap 8 as far behind the last output: 16 + (2 * 5 + 4) + 6 = 36, rounded up like the origin.
// CHECK-LABEL: @halo
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @halo(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// Three columns before a row, of which one is also behind the row before. Nothing lies above or below: the origin is at
// least 3, the size 16 + (2 * 7 + 4) + 1 = 35.
// CHECK-LABEL: @wider_left
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @wider_left(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x5, [[0]]>, group = 1>
      {padding = array<i64: 0, 3, 0, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// The other way round, with the padding below: 0 + (2 * 6 + 4) + (2 * 6 + 2) = 30.
// CHECK-LABEL: @wider_right
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 6, size = 32>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @wider_right(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 0, 0, 2, 2>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// A kernel without padding reads nothing but the image.
// CHECK-LABEL: @no_padding
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @no_padding(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x2x2xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// Five outputs a row for four columns: taps a row and a column before the output and beside it. The one column between
// rows makes them as long as the rows of the output. 16 + (3 * 5 + 5) = 36.
// CHECK-LABEL: @even_kernel
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @even_kernel(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x5xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <2x2, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x5xf32>
  return %y : tensor<1x1x4x5xf32>
}

// As many outputs as columns: taps beside the output, and a row and a column behind it. 0 + (2 * 5 + 4) + 6 = 20.
// CHECK-LABEL: @even_kernel_same_size
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 5, size = 32>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @even_kernel_same_size(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <2x2, [[0]]>, group = 1>
      {padding = array<i64: 0, 0, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// One column between rows would do for the padding, but six outputs a row take two. The origin is at least 6 + 1.
// The tap lies that far before its output, so that the last is at 16 + (4 * 6 + 6) - 7 = 39.
// CHECK-LABEL: @padded_1x1
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 6, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @padded_1x1(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x5x6xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x5x6xf32>
  return %y : tensor<1x1x5x6xf32>
}

// Taps two rows and two columns apart: the origin is at least 2 * 9 + 2 = 20, and 32 + (6 * 9 + 7) + 20 = 113.
// CHECK-LABEL: @dilation
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x7x7xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x7x7xf32> to tensor<1x1x7x7xf32, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 128>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @dilation(%x: tensor<1x1x7x7xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x7x7xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {dilations = array<i64: 2, 2>, padding = array<i64: 2, 2, 2, 2>}
      : (tensor<1x1x7x7xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x7x7xf32>
  return %y : tensor<1x1x7x7xf32>
}

// Phases of four rows of four columns. Row -1 lies before the first row of the odd phase, row 1: at least 5 + 1 before the
// image. The last tap, in row and column 1, is not behind its output: 16 + (3 * 5 + 4) = 35.
// CHECK-LABEL: @stride
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x8x8xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x8x8xf32> to tensor<1x1x8x8xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @stride(%x: tensor<1x1x8x8xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// Seven rows and columns are four of the even phase. Those of the odd phase are three, which does not shorten its rows.
// 16 + (3 * 5 + 4) = 35.
// CHECK-LABEL: @stride_of_odd_image
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x7x7xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x7x7xf32> to tensor<1x1x7x7xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @stride_of_odd_image(%x: tensor<1x1x7x7xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x7x7xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// Phases of four rows of three columns. The taps in columns -2, -1 and 0 are in columns -1, -1 and 0 of their phases,
// those in rows 0, 1 and 2 in rows 0, 0 and 1: 16 + (3 * 4 + 3) + 4 = 35.
// CHECK-LABEL: @strides
// CHECK-SAME: %[[X:[^:]+]]: tensor<2x1x8x8xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<2x1x8x8xf32> to tensor<2x1x8x8xf32, #pattern.planes<strides = [2, 3], origin = 16, pitch = 4, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}}
func.func @strides(%x: tensor<2x1x8x8xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<2x1x4x3xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 0, 2, 1, 1>, strides = array<i64: 2, 3>}
      : (tensor<2x1x8x8xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<2x1x4x3xf32>
  return %y : tensor<2x1x4x3xf32>
}

// A schedule that is there is kept and changes nothing.
// CHECK-LABEL: @scheduled
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
// CHECK: pattern.packed_conv2d %[[P]] fkw({{.*}} schedule <device = cpu, lanes = 4, vectors = 3, blocks = 1, prefetch = 0>
func.func @scheduled(%x: tensor<1x1x3x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      schedule <device = cpu, lanes = 4, vectors = 3, blocks = 1, prefetch = 0>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// Convolutions that want the same planes of one value share the copy.
// CHECK-LABEL: @shared
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]]
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
func.func @shared(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// Other kernels with other padding may want the same planes: 16 + (3 * 5 + 4) = 35 elements, and 5 + 1 more for the
// larger kernel, are both rounded up to 48.
// CHECK-LABEL: @shared_by_kernels
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] {{.*}}<strides = [1, 1], origin = 16, pitch = 5, size = 48>
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[P]]
func.func @shared_by_kernels(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <2x2, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 0, 0>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// Other padding, other planes.
// CHECK-LABEL: @not_shared
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] {{.*}}, origin = 16, pitch = 5,
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK: %[[Q:.+]] = pattern.pack %[[X]] {{.*}}, origin = 0, pitch = 4,
// CHECK: pattern.packed_conv2d %[[Q]]
func.func @not_shared(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  return %y, %z : tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>
}

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
func.func @branches(%c: i1, %x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %b = scf.if %c -> tensor<1x1x4x4xf32> {
    %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
        {padding = array<i64: 1, 1, 1, 1>}
        : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
        -> tensor<1x1x4x4xf32>
    scf.yield %y : tensor<1x1x4x4xf32>
  } else {
    %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
        {padding = array<i64: 1, 1, 1, 1>}
        : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
        -> tensor<1x1x4x4xf32>
    scf.yield %y : tensor<1x1x4x4xf32>
  }
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %b, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// An input that is in planes already stays, whatever its halo.
// CHECK-LABEL: @in_planes
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32, #pattern.planes<
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[X]] fkw(
func.func @in_planes(
    %x: tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 96>>,
    %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 96>>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
