// RUN: pattern-opt %s -pattern-layout-activations | FileCheck %s

// The run of 16 positions takes two tiles of 8. The last tap of a tile lies 14 further, so that 30 elements are read:
// five rows of six, which are there without slack.
// CHECK-LABEL: @cpu
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 5, pitch = 6>>
// CHECK: pattern.packed_conv2d %[[P]] fkw(
func.func @cpu(%x: tensor<1x1x3x4xf32>, %w: tensor<9xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 1>
      schedule <device = cpu, lanes = 4, vectors = 2, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<9xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// Tiles of 12 reach to 24 + 14: seven rows of six.
// CHECK-LABEL: @cpu_slack
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 7, pitch = 6>>
// CHECK: pattern.packed_conv2d %[[P]] fkw(
func.func @cpu_slack(%x: tensor<1x1x3x4xf32>, %w: tensor<9xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 1>
      schedule <device = cpu, lanes = 4, vectors = 3, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<9xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// Threads and loop iterations read nothing but the image.
// CHECK-LABEL: @gpu
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 5, pitch = 6>>
// CHECK: pattern.packed_conv2d %[[P]] fkw(
func.func @gpu(%x: tensor<1x1x3x4xf32>, %w: tensor<9xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 1>
      schedule <device = gpu, lanes = 64, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<9xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// CHECK-LABEL: @vm
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x3x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 5, pitch = 6>>
// CHECK: pattern.packed_conv2d %[[P]] fkw(
func.func @vm(%x: tensor<1x1x3x4xf32>, %w: tensor<9xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x3x4xf32>, tensor<9xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// Phases of 8 + 0 + 1 rows by 8 + 2 + 1 columns, strides 2 and 3.
// CHECK-LABEL: @stride
// CHECK-SAME: %[[X:[^:]+]]: tensor<2x1x8x8xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] : tensor<2x1x8x8xf32> to tensor<2x1x8x8xf32, #pattern.planes<padding = [0, 2, 1, 1], strides = [2, 3], rows = 5, pitch = 4>>
// CHECK: pattern.packed_conv2d %[[P]] fkw(
func.func @stride(%x: tensor<2x1x8x8xf32>, %w: tensor<9xf32>, %i: tensor<1xi16>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<2x1x4x3xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7, 8]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 0, 2, 1, 1>, strides = array<i64: 2, 3>}
      : (tensor<2x1x8x8xf32>, tensor<9xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<2x1x4x3xf32>
  return %y : tensor<2x1x4x3xf32>
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
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// Other padding, other planes.
// CHECK-LABEL: @not_shared
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[P:.+]] = pattern.pack %[[X]] {{.*}}<padding = [1, 1, 1, 1]
// CHECK: pattern.packed_conv2d %[[P]]
// CHECK: %[[Q:.+]] = pattern.pack %[[X]] {{.*}}<padding = [0, 0, 0, 0]
// CHECK: pattern.packed_conv2d %[[Q]]
func.func @not_shared(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
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
        schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
        : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
        -> tensor<1x1x4x4xf32>
    scf.yield %y : tensor<1x1x4x4xf32>
  } else {
    %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
        schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
        : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
        -> tensor<1x1x4x4xf32>
    scf.yield %y : tensor<1x1x4x4xf32>
  }
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %b, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// An input that is in planes already stays, whatever its slack.
// CHECK-LABEL: @in_planes
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32, #pattern.planes<
// CHECK-NOT: pattern.pack %
// CHECK: pattern.packed_conv2d %[[X]] fkw(
func.func @in_planes(
    %x: tensor<1x1x4x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 20, pitch = 6>>,
    %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 20, pitch = 6>>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
