// Groups of one filter, with channels in registers.
// RUN: pattern-opt %s -pattern-layout-activations -pattern-schedule-convolutions -pattern-lower-convolutions -split-input-file | FileCheck %s

// Sums of three filters, in vectors, begin with the biases. Of a channel, the three positions of both patterns are
// loaded, by two vectors each. The filters with a kernel of the first pattern multiply the first two positions, those
// of the second the last two.
// CHECK-LABEL: func.func @conv(%arg0: !stream.binding, %arg1: !stream.binding, %arg2: !stream.binding, %arg3: !stream.binding, %arg4: !stream.binding
// CHECK: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[FILTER:.+]] = "stream.binding.subspan"(%arg2, %{{.+}})
// CHECK: %[[ENDS:.+]] = "stream.binding.subspan"(%arg3, %{{.+}}) : {{.*}} -> memref<5xi32>
// CHECK: %[[BIAS:.+]] = "stream.binding.subspan"(%arg4, %{{.+}})
// CHECK: %[[SUMS:.+]] = memref.alloca() : memref<6xvector<4xf32>>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.load %[[BIAS]]
// CHECK-COUNT-2: memref.store %{{.+}}, %[[SUMS]]
// CHECK: scf.for
// CHECK-COUNT-6: vector.load %[[INPUT]]
// CHECK-NOT: vector.load %[[INPUT]]
// CHECK: memref.load %[[ENDS]]
// CHECK: memref.load %[[ENDS]]
// CHECK: scf.for
// CHECK: memref.load %[[FILTER]]
// CHECK-COUNT-2: memref.load %[[SUMS]]
// CHECK-COUNT-4: vector.fma
// CHECK-COUNT-2: memref.store %{{.+}}, %[[SUMS]]
// CHECK: memref.load %[[ENDS]]
// CHECK: scf.for
// CHECK-COUNT-4: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.for
// CHECK-COUNT-2: memref.load %[[SUMS]]
// CHECK: "stream.executable.end"

// Kernels go from channel to channel, pattern by pattern, filter by filter. Channel 0: filter 0 with the first pattern,
// filter 2 with the second. Channel 1: filters 1 and 2 with the first. Stored are filters 2, 0, 1.
// CHECK: conv.fkw: "0x04000000
// CHECK-SAME: 0000A0400000C04000000040000040400000E040000000410000803F00000040"
// CHECK: conv.filters: "0x020000000000020001000200"
// CHECK: conv.ends: "0x040000000000000001000000020000000400000004000000"
func.func @main(%x: tensor<1x2x4x4xf32>, %b: tensor<3xf32>) -> tensor<1x3x4x4xf32> {
  %w = arith.constant dense<[1.0, 2.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = arith.constant dense<[1, 0, 0, 1]> : tensor<4xi32>
  %s = arith.constant dense<[0, 1, 2, 0, 1, 1, 0, 1, 1]> : tensor<9xi32>
  %o = arith.constant dense<[0, 2, 3, 4]> : tensor<4xi32>
  %r = arith.constant dense<[2, 0, 1]> : tensor<3xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) bias(%b)
      storage <set = <3x3, [[1, 4], [4, 8]]>, group = 1>
      schedule(#schedule.cpu_input_stationary<lanes = 4, vectors = 2, tiles = 1, blocks = 1>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "conv"}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<4xi32>, tensor<9xi32>, tensor<4xi32>, tensor<3xi32>, tensor<3xf32>)
      -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// -----

// Of five blocks, two filters fill two: the others have no kernels, and their ends say so.
// CHECK-LABEL: func.func @empty_blocks(
// CHECK: empty_blocks.ends: "0x04000000000000000100000002000000020000000200000002000000"
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      schedule(#schedule.cpu_input_stationary<lanes = 4, vectors = 2, tiles = 1, blocks = 5>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "empty_blocks"}
      : (tensor<1x1x4x4xf32>, tensor<2xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// Sums of halves are halves.
// CHECK-LABEL: func.func @half_precision(
// CHECK: memref.alloca() : memref<4xvector<8xf16>>
// CHECK: vector.fma %{{.+}} : vector<8xf16>
// CHECK-NOT: f32
// CHECK: half_precision.fkw: "0x02000000003C003C"
func.func @main(%x: tensor<1x1x8x8xf16>) -> tensor<1x2x8x8xf16> {
  %w = arith.constant dense<1.0> : tensor<2xf16>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      schedule(#schedule.cpu_input_stationary<lanes = 8, vectors = 2, tiles = 1, blocks = 1>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "half_precision"}
      : (tensor<1x1x8x8xf16>, tensor<2xf16>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x8x8xf16>
  return %y : tensor<1x2x8x8xf16>
}
