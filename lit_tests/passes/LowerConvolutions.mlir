// RUN: pattern-opt %s -pattern-layout-activations -pattern-schedule-convolutions -pattern-lower-convolutions -split-input-file | FileCheck %s

// What is written reads back, with nothing of the pattern dialect left in it.
// RUN: pattern-opt %s -pattern-layout-activations -pattern-schedule-convolutions -pattern-lower-convolutions -split-input-file | pattern-opt -split-input-file | FileCheck %s --implicit-check-not="= pattern."

// The convolution and its pack become two executables and two dispatches. Descriptors hold channel
// and pattern of a kernel, taps the offsets of the patterns' positions in rows of five that begin at 16: a row before
// and 16 itself | 16 itself, a row and a column behind. The planes of two channels have 48 elements each, and 256 behind
// them may be read.
// CHECK: "stream.executable"() <{sym_name = "features_0", sym_visibility = "private"}>
// CHECK: "stream.executable.export"() <{function_ref = @features_0, sym_name = "features_0", sym_visibility = "public"}>
// CHECK: builtin.module
// CHECK: func.func @features_0(
// CHECK: "stream.executable.end"
// CHECK: "stream.executable"() <{sym_name = "features_0_pack", sym_visibility = "private"}>
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x4x4xf32>, %[[B:[^:]+]]: tensor<2xf32>
// CHECK-DAG: %[[W:.+]] = arith.constant dense<1.000000e+00> : tensor<8xf32>
// CHECK-DAG: %[[OFFSET:.+]] = arith.constant dense<[0, 2]> : tensor<2xi16>
// CHECK-DAG: %[[REORDER:.+]] = arith.constant dense<[0, 1]> : tensor<2xi16>
// CHECK-DAG: %[[KERNELS:.+]] = arith.constant dense_resource<features.0.kernels> : tensor<2xi16>
// CHECK-DAG: %[[TAPS:.+]] = arith.constant dense<[11, 16, 16, 22]> : tensor<4xi32>
// CHECK-DAG: %[[P:.+]] = "flow.dispatch"(%[[X]]) <{entry_points = [@features_0_pack::@features_0_pack], operandSegmentSizes = array<i32: 0, 1, 0, 0>, tied_operands = [-1 : index]}> : (tensor<1x2x4x4xf32>) -> tensor<352xf32>
// CHECK: %[[Y:.+]] = "flow.dispatch"(%[[P]], %[[W]], %[[KERNELS]], %[[OFFSET]], %[[REORDER]], %[[TAPS]], %[[B]])
// CHECK-SAME: <{entry_points = [@features_0::@features_0], operandSegmentSizes = array<i32: 0, 7, 0, 0>, tied_operands = [-1 : index]}>
// CHECK-SAME: -> tensor<1x2x4x4xf32>
// CHECK: return %[[Y]]
//
// Channel 0 with pattern 0 and channel 1 with pattern 1.
// CHECK: features.0.kernels: "0x0200000000000300"
func.func @main(%x: tensor<1x2x4x4xf32>, %b: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) bias(%b)
      storage <set = <3x3, [[1, 4], [4, 8]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 3, filters = 2, tiles = 1, blocks = 1, unroll = 2, offsets = table, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "features.0"}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xf32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// With one pattern the offsets of the taps are constants of the kernel, and a descriptor is a channel; it has 32 bits
// where the device is no CPU.
// CHECK-LABEL: func.func @main(
// CHECK: "flow.dispatch"(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}) <{entry_points = [@lone::@lone], operandSegmentSizes = array<i32: 0, 5, 0, 0>
// CHECK: lone.kernels: "0x04000000000000000100000002000000"
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x3x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<3xf32>
  %i = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %s = arith.constant dense<[0, 3]> : tensor<2xi32>
  %o = arith.constant dense<[0, 3]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>) {layer = "lone"}
      : (tensor<1x3x4x4xf32>, tensor<3xf32>, tensor<3xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

// On a CPU one pattern needs a byte a kernel: the distance from the channel before, in each filter group from 0.
// CHECK-LABEL: func.func @main(
// CHECK: arith.constant dense_resource<distances.kernels> : tensor<4xi8>
// CHECK: distances.kernels: "0x0100000003FF0102"
func.func @main(%x: tensor<1x300x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<[3, 258, 1, 3]> : tensor<4xi32>
  %s = arith.constant dense<[0, 2, 0, 2]> : tensor<4xi32>
  %o = arith.constant dense<[0, 2, 4]> : tensor<3xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>) {layer = "distances"}
      : (tensor<1x300x4x4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// Numbers of channels take 16 bits.
// CHECK-LABEL: func.func @main(
// CHECK: arith.constant dense_resource<absolute.kernels> : tensor<4xi16>
// CHECK: absolute.kernels: "0x02000000030003010100
func.func @main(%x: tensor<1x300x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<[3, 259, 1, 3]> : tensor<4xi32>
  %s = arith.constant dense<[0, 2, 0, 2]> : tensor<4xi32>
  %o = arith.constant dense<[0, 2, 4]> : tensor<3xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, inner = filters>) {layer = "absolute"}
      : (tensor<1x300x4x4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// A buffer is never empty: without kernels there is one weight and one descriptor that no loop reads. The planes have
// 2 * 16 + 256 elements.
// CHECK-LABEL: func.func @main(
// CHECK: "flow.dispatch"({{.*}}) <{entry_points = [@nothing_left::@nothing_left],
// CHECK-SAME: : (tensor<288xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<1xi32>) -> tensor<1x1x4x4xf32>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<> : tensor<0xf32>
  %i = arith.constant dense<> : tensor<0xi32>
  %s = arith.constant dense<0> : tensor<2xi32>
  %o = arith.constant dense<0> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>) {layer = "nothing.left"}
      : (tensor<1x2x4x4xf32>, tensor<0xf32>, tensor<0xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

// Two patterns of 32769 channels are more than 16 bits tell apart. The planes have 32769 * 16 + 256 elements.
// CHECK-LABEL: func.func @main(
// CHECK: "flow.dispatch"({{.*}}) <{entry_points = [@wide::@wide],
// CHECK-SAME: : (tensor<524560xf32>, tensor<1xf32>, tensor<1xi32>,
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x32769x1x2xf32>) -> tensor<1x1x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1, 1]> : tensor<3xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x2, [[0], [1]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1, offsets = table>) {layer = "wide"}
      : (tensor<1x32769x1x2xf32>, tensor<1xf32>, tensor<1xi32>, tensor<3xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}
}

// -----

// The planes of stride 2 are four phases of 32 elements, in rows of three that begin at 16. Position 4 of a 3x3 kernel
// with padding 1 is in phase 0, where the output is. Row -1 and column -1 are of the odd phases, a row and a column
// before it: positions 0 and 2 are in phase 3, at 112 - 3 - 1 and 112 - 3, position 1 in phase 2, at 80 - 3.
// CHECK-LABEL: func.func @main(
// CHECK-DAG: arith.constant dense<[108, 77, 16, 77, 109, 16]> : tensor<6xi32>
// CHECK-DAG: "flow.dispatch"({{.*}}) <{entry_points = [@stride_pack::@stride_pack], {{.*}} -> tensor<512xf32>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<6xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[0, 1, 4], [1, 2, 4]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 3, offsets = table>)
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, layer = "stride"}
      : (tensor<1x2x4x4xf32>, tensor<6xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}
}

// -----

// Positions 0, 2 and 6 of a 3x3 kernel dilated by 2 and 1, in rows of six that begin at 0: without padding, nothing lies
// before the image.
// CHECK-LABEL: func.func @main(
// CHECK: arith.constant dense<[0, 2, 2, 24]> : tensor<4xi32>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x2x8x6xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[0, 2], [2, 6]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 2, offsets = table>)
      {dilations = array<i64: 2, 1>, layer = "dilation"}
      : (tensor<1x2x8x6xf32>, tensor<4xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

// Two convolutions on one pack. A symbol begins with a letter, and is the only one of its name.
// CHECK-LABEL: func.func @layer_0_1(%{{.+}}: tensor
// CHECK: %[[P:.+]] = "flow.dispatch"(%{{[^,]+}}) <{entry_points = [@layer_0_pack::@layer_0_pack]
// CHECK: "flow.dispatch"(%[[P]], {{.*}} <{entry_points = [@layer_0::@layer_0]
// CHECK-NOT: _pack
// CHECK: "flow.dispatch"(%[[P]], {{.*}} <{entry_points = [@layer_0_2::@layer_0_2]
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @layer_0_1(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>) {layer = "0"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>) {layer = "0"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y, %z : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}
}

// -----

// A pack that nothing reads is lowered, too; IREE drops the dispatch. 16 + 4 * 5 elements are rounded up to 48, with 256
// behind them.
// CHECK-LABEL: func.func @unused_pack(
// CHECK-SAME: %[[X:[^:]+]]:
// CHECK-NEXT: "flow.dispatch"(%[[X]]) {{.*}} -> tensor<304xf32>
// CHECK-NEXT: return
func.func @unused_pack(%x: tensor<1x1x4x4xf32>) {
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
  return
}

// -----

// What an operation in planes makes is a flat tensor for all who read it: the pool and the unpack of one convolution. The
// pool is named after its own location. Planes of two channels of 48 elements, and 256 behind them.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]+]]:
// CHECK: %[[P:.+]] = "flow.dispatch"(%[[X]]) <{entry_points = [@conv_pack::@conv_pack], {{.*}} : (tensor<1x2x4x4xf32>) -> tensor<352xf32>
// CHECK: %[[Y:.+]] = "flow.dispatch"(%[[P]], {{.*}} <{entry_points = [@conv::@conv], {{.*}} -> tensor<352xf32>
// CHECK-DAG: %[[U:.+]] = "flow.dispatch"(%[[Y]]) <{entry_points = [@conv_unpack::@conv_unpack], {{.*}} : (tensor<352xf32>) -> tensor<1x2x4x4xf32>
// CHECK-DAG: %[[Z:.+]] = "flow.dispatch"(%[[Y]]) <{entry_points = [@block_pool::@block_pool], {{.*}} : (tensor<352xf32>) -> tensor<1x2x2x2xf32>
// CHECK: return %[[U]], %[[Z]]
func.func @main(%x: tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>) {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 2>
      {padding = array<i64: 1, 1, 1, 1>, layer = "conv"}
      : (tensor<1x2x4x4xf32>, tensor<4xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  %z = pattern.pool2d <max> %y {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, layer = "block"}
      : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  return %y, %z : tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>
}

// -----

// One constant may be two arrays.
// CHECK-LABEL: func.func @shared_constants(
// CHECK-NOT: dense<[0, 2, 0, 2]>
// CHECK: "flow.dispatch"
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @shared_constants(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<[0, 2, 0, 2]> : tensor<4xi32>
  %o = arith.constant dense<[0, 2, 4]> : tensor<3xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %i, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      : (tensor<1x3x4x4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}
}
