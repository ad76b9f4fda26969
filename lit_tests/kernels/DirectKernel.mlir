// Direct convolutions in scalars, for the GPU and for the virtual machine.
// RUN: pattern-opt %s -pattern-layout-activations -pattern-schedule-convolutions -pattern-lower-convolutions -split-input-file | FileCheck %s

// A thread computes one output position for both filters; the last workgroup has threads without one.
// Every multiply-add loads its own operands.
// CHECK-LABEL: sym_name = "gpu"
// CHECK: func.func @gpu(%arg0: !stream.binding, %arg1: !stream.binding
// CHECK-SAME: attributes {translation_info = #iree_codegen.translation_info<pipeline = #iree_gpu.spirv_pipeline<BaseLowering> workgroup_size = [8, 1, 1]>}
// CHECK-NOT: vector
// CHECK-DAG: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK-DAG: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[THREAD:.+]] = gpu.thread_id {{ *}}x
// CHECK: %[[POSITION:.+]] = arith.addi %{{.+}}, %[[THREAD]]
// CHECK: %[[POSITIONS:.+]] = arith.constant 16 : index
// CHECK: %[[INSIDE:.+]] = arith.cmpi ult, %[[POSITION]], %[[POSITIONS]]
// CHECK: scf.if %[[INSIDE]] {
// CHECK: %[[Y:.+]]:2 = scf.for {{.*}} iter_args(
// CHECK: %[[X0:.+]] = memref.load %[[INPUT]][%[[AT:.+]]]
// CHECK: %[[W0:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[P0:.+]] = arith.mulf %[[W0]], %[[X0]] : f32
// CHECK: arith.addf %{{.+}}, %[[P0]] : f32
// CHECK: %[[X1:.+]] = memref.load %[[INPUT]][%[[AT]]]
// CHECK: %[[W1:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[P1:.+]] = arith.mulf %[[W1]], %[[X1]] : f32
// CHECK: arith.addf %{{.+}}, %[[P1]] : f32
// CHECK-NOT: memref.load %[[INPUT]]
// CHECK: %[[X0:.+]] = memref.load %[[INPUT]][%[[AT:.+]]]
// CHECK: %[[W0:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[P0:.+]] = arith.mulf %[[W0]], %[[X0]] : f32
// CHECK: arith.addf %{{.+}}, %[[P0]] : f32
// CHECK: %[[X1:.+]] = memref.load %[[INPUT]][%[[AT]]]
// CHECK: %[[W1:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[P1:.+]] = arith.mulf %[[W1]], %[[X1]] : f32
// CHECK: arith.addf %{{.+}}, %[[P1]] : f32
// CHECK-NOT: memref.load %[[INPUT]]
// CHECK: scf.yield
// CHECK: memref.store %[[Y]]#0,
// CHECK: memref.store %[[Y]]#1,
// CHECK-NOT: store
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[1, 4], [4, 8]]>, group = 2>
      schedule(#schedule.gpu_direct<threads = 8, filters = 2, unroll = 2, offsets = table>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "gpu"}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}
}

// -----

// IREE packs several buffers into one; the virtual machine has to see in the type that a buffer may begin at an offset,
// and in its value that the offset is not known. The planes are 16 elements and 256 behind them.
// CHECK-LABEL: func.func @vm_buffers(%arg0: !stream.binding
// CHECK: %[[ID:.+]] = "stream.dispatch.workgroup.id"() <{dimension = 0 : index}>
// CHECK: %[[COUNT:.+]] = "stream.dispatch.workgroup.count"() <{dimension = 0 : index}>
// CHECK: %[[ZERO:.+]] = arith.divui %[[ID]], %[[COUNT]]
// CHECK-NEXT: "stream.binding.subspan"(%arg0, %[[ZERO]]) : (!stream.binding, index) -> memref<272xf32, strided<[1], offset: ?>>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>) {layer = "vm_buffers"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

// Sixteen positions by threads of eight, three filter groups, two images. Filters of a group that are not computed at
// once are workgroups of their own.
// CHECK-LABEL: sym_name = "gpu_workgroups"
// CHECK: %[[X:.+]] = arith.constant 2 : index
// CHECK: %[[Y:.+]] = arith.constant 3 : index
// CHECK: %[[Z:.+]] = arith.constant 2 : index
// CHECK: "stream.return"(%[[X]], %[[Y]], %[[Z]])
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @main(%x: tensor<2x1x4x4xf32>) -> tensor<2x3x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<3xf32>
  %i = arith.constant dense<0> : tensor<3xi32>
  %s = arith.constant dense<[0, 1, 0, 1, 0, 1]> : tensor<6xi32>
  %o = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %r = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.gpu_direct<threads = 8, filters = 1, unroll = 1>) {layer = "gpu_workgroups"}
      : (tensor<2x1x4x4xf32>, tensor<3xf32>, tensor<3xi32>, tensor<6xi32>, tensor<4xi32>, tensor<3xi32>)
      -> tensor<2x3x4x4xf32>
  return %y : tensor<2x3x4x4xf32>
}
}

// -----

// CHECK-LABEL: sym_name = "gpu_filters_of_a_group"
// CHECK: arith.constant 2 : index
// CHECK: %[[Y:.+]] = arith.constant 2 : index
// CHECK: "stream.return"(%{{.+}}, %[[Y]], %{{.+}})
// CHECK: %[[REORDER:.+]] = "stream.binding.subspan"(%arg4, %{{.+}})
// CHECK: %[[PART:.+]] = "stream.dispatch.workgroup.id"() <{dimension = 1 : index}>
// CHECK: memref.load %[[REORDER]][%[[PART]]]
// CHECK: %[[REST:.+]] = arith.remui %[[PART]],
// CHECK: scf.for %{{.+}} iter_args(
// CHECK: arith.addi %{{.+}}, %[[REST]] : index
// CHECK: arith.mulf
// CHECK-NOT: arith.mulf
// CHECK: scf.yield
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_direct<threads = 8, filters = 1, unroll = 1>) {layer = "gpu_filters_of_a_group"}
      : (tensor<1x1x4x4xf32>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}
}

// -----

// The virtual machine goes over the positions in a loop, in scalars.
// CHECK-LABEL: sym_name = "vm"
// CHECK: func.func @vm(%arg0: !stream.binding, %arg1: !stream.binding
// CHECK-NOT: translation_info
// CHECK-NOT: {{vector\.|gpu\.}}
// CHECK-DAG: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK-DAG: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[POSITIONS:.+]] = arith.constant 16 : index
// CHECK: scf.for %[[POSITION:.+]] = %{{.+}} to %[[POSITIONS]] step
// CHECK: %[[Y:.+]]:2 = scf.for {{.*}} iter_args(
// CHECK: %[[X0:.+]] = memref.load %[[INPUT]][%[[AT:.+]]]
// CHECK: %[[W0:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[P0:.+]] = arith.mulf %[[W0]], %[[X0]] : f32
// CHECK: arith.addf %{{.+}}, %[[P0]] : f32
// CHECK: %[[X1:.+]] = memref.load %[[INPUT]][%[[AT]]]
// CHECK: %[[W1:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[P1:.+]] = arith.mulf %[[W1]], %[[X1]] : f32
// CHECK: arith.addf %{{.+}}, %[[P1]] : f32
// CHECK-NOT: memref.load %[[INPUT]]
// CHECK: %[[X0:.+]] = memref.load %[[INPUT]][%[[AT:.+]]]
// CHECK: %[[W0:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[P0:.+]] = arith.mulf %[[W0]], %[[X0]] : f32
// CHECK: arith.addf %{{.+}}, %[[P0]] : f32
// CHECK: %[[X1:.+]] = memref.load %[[INPUT]][%[[AT]]]
// CHECK: %[[W1:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[P1:.+]] = arith.mulf %[[W1]], %[[X1]] : f32
// CHECK: arith.addf %{{.+}}, %[[P1]] : f32
// CHECK-NOT: memref.load %[[INPUT]]
// CHECK: scf.yield
// CHECK: memref.store %[[Y]]#0,
// CHECK: memref.store %[[Y]]#1,
// CHECK-NOT: {{vector\.|gpu\.}}
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[1, 4], [4, 8]]>, group = 2>
      schedule(#schedule.vm_direct<filters = 2, unroll = 2, offsets = table>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "vm"}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}
}

// -----

// CHECK-LABEL: func.func @bias_and_relu6(
// CHECK: %[[FILTER:.+]] = arith.index_castui
// CHECK: %[[B:.+]] = memref.load %{{.+}}[%[[FILTER]]] : memref<1xf32
// CHECK: %[[Y:.+]] = scf.for {{.*}} iter_args(%{{.+}} = %[[B]])
// CHECK: scf.yield
// CHECK: %[[POSITIVE:.+]] = arith.cmpf ugt, %[[Y]],
// CHECK: %[[R:.+]] = arith.select %[[POSITIVE]], %[[Y]],
// CHECK: %[[LESS:.+]] = arith.cmpf ult, %[[R]],
// CHECK: %[[R6:.+]] = arith.select %[[LESS]], %[[R]],
// CHECK: memref.store %[[R6]],
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x1x4x4xf32>, %b: tensor<1xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) bias(%b)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      {activation = #pattern.activation<relu6>, layer = "bias_and_relu6"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>, tensor<1xf32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

// CHECK-LABEL: func.func @silu(
// CHECK: %[[Y:.+]] = scf.for
// CHECK: scf.yield
// CHECK: %[[NEGATIVE:.+]] = arith.negf %[[Y]] : f32
// CHECK: %[[POWER:.+]] = math.exp %[[NEGATIVE]]
// CHECK: %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[DIVISOR:.+]] = arith.addf %[[ONE]], %[[POWER]]
// CHECK: %[[S:.+]] = arith.divf %[[Y]], %[[DIVISOR]]
// CHECK: memref.store %[[S]],
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.gpu_direct<threads = 64, filters = 1, unroll = 1>)
      {activation = #pattern.activation<silu>, layer = "silu"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

// Ten taps are a loop, nine are not.
// CHECK-LABEL: func.func @tap_loop(
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args(
// CHECK: scf.for {{.*}} iter_args(
// CHECK-COUNT-1: arith.mulf
// CHECK-NOT: arith.mulf
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<20xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <4x4, [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1, offsets = table>) {layer = "tap_loop"}
      : (tensor<1x2x4x4xf32>, tensor<20xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}
}

// -----

// CHECK-LABEL: func.func @unrolled_taps(
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args(
// CHECK-NOT: scf.for
// CHECK-COUNT-9: arith.mulf
// CHECK-NOT: arith.mulf
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<18xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <4x4, [[0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8, 9]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 9, offsets = table>) {layer = "unrolled_taps"}
      : (tensor<1x2x4x4xf32>, tensor<18xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}
}

// -----

// Into planes, a thread writes one element of each channel of the group: of the image, or zero. 64 elements are eight
// workgroups of eight. What lies before the origin has a row beyond the image, as unsigned numbers wrap around.
// CHECK-LABEL: sym_name = "gpu_planes"
// CHECK: %[[X:.+]] = arith.constant 8 : index
// CHECK: "stream.return"(%[[X]],
// CHECK: func.func @gpu_planes(
// CHECK: %[[OUT:.+]] = "stream.binding.subspan"(%arg5,
// CHECK: %[[THREAD:.+]] = gpu.thread_id {{ *}}x
// CHECK: %[[ELEMENT:.+]] = arith.addi %{{.+}}, %[[THREAD]]
// CHECK: scf.if
// CHECK: %[[AT0:.+]] = arith.addi %{{.+}}, %[[ELEMENT]]
// CHECK: %[[AT1:.+]] = arith.addi %{{.+}}, %[[ELEMENT]]
// CHECK: %[[ORIGIN:.+]] = arith.constant -16 : index
// CHECK: %[[POSITION:.+]] = arith.addi %[[ELEMENT]], %[[ORIGIN]]
// CHECK: %[[PITCH:.+]] = arith.constant 8 : index
// CHECK: %[[ROW:.+]] = arith.divui %[[POSITION]], %[[PITCH]]
// CHECK: %[[PITCH:.+]] = arith.constant 8 : index
// CHECK: %[[COLUMN:.+]] = arith.remui %[[POSITION]], %[[PITCH]]
// CHECK: %[[IN_HEIGHT:.+]] = arith.cmpi ult, %[[ROW]],
// CHECK: %[[IN_WIDTH:.+]] = arith.cmpi ult, %[[COLUMN]],
// CHECK: %[[IN_IMAGE:.+]] = arith.andi %[[IN_HEIGHT]], %[[IN_WIDTH]]
// CHECK: scf.if %[[IN_IMAGE]] {
// CHECK: %[[Y:.+]]:2 = scf.for
// CHECK: scf.yield
// CHECK: memref.store %[[Y]]#0, %[[OUT]][%[[AT0]]]
// CHECK: memref.store %[[Y]]#1, %[[OUT]][%[[AT1]]]
// CHECK: } else {
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: memref.store %[[ZERO]], %[[OUT]][%[[AT0]]]
// CHECK: memref.store %[[ZERO]], %[[OUT]][%[[AT1]]]
// CHECK: stream.executable.end
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 64>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @main(%x: tensor<1x1x4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 2>
      schedule(#schedule.gpu_direct<threads = 8, filters = 2, unroll = 1>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "gpu_planes"}
      : (tensor<1x1x4x4xf32, #planes>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32, #planes>
  return
}
}

// -----

// The virtual machine goes over all 48 elements. The residual is read where the output is written, and the activation is
// of the sum.
// CHECK-LABEL: func.func @vm_residual(
// CHECK: %[[RESIDUAL:.+]] = "stream.binding.subspan"(%arg5,
// CHECK: %[[OUT:.+]] = "stream.binding.subspan"(%arg6,
// CHECK: %[[ELEMENTS:.+]] = arith.constant 48 : index
// CHECK: scf.for %[[ELEMENT:.+]] = %{{.+}} to %[[ELEMENTS]] step
// CHECK: scf.if
// CHECK: %[[Y:.+]] = scf.for
// CHECK: scf.yield
// CHECK: %[[A:.+]] = memref.load %[[RESIDUAL]][%[[AT:[a-z0-9]+]]]
// CHECK: %[[SUM:.+]] = arith.addf %[[Y]], %[[A]]
// CHECK: %[[POSITIVE:.+]] = arith.cmpf ugt, %[[SUM]],
// CHECK: %[[R:.+]] = arith.select %[[POSITIVE]], %[[SUM]],
// CHECK: memref.store %[[R]], %[[OUT]][%[[AT]]]
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x1x4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) add(%p) storage <set = <3x3, [[4]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      {padding = array<i64: 1, 1, 1, 1>, activation = #pattern.activation<relu>, layer = "vm_residual"}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32, #planes>)
      -> tensor<1x1x4x4xf32, #planes>
  return
}
}

// -----

// Sums of bytes are of 32 bits and begin with what the zero point adds to them; what is around an image is the zero
// point of the output. The machine has no multiplication and addition in one: what rounding the product loses is added
// before the sum is rounded.
// CHECK-LABEL: func.func @vm_bytes(
// CHECK-DAG: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, {{.*}} -> memref<{{.*}}xi8,
// CHECK-DAG: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, {{.*}} -> memref<2xi8,
// CHECK-DAG: %[[SCALES:.+]] = "stream.binding.subspan"(%arg2, {{.*}} -> memref<2xf32,
// CHECK-DAG: %[[STARTS:.+]] = "stream.binding.subspan"(%arg3, {{.*}} -> memref<2xi32,
// CHECK-NOT: vector
// CHECK: scf.if
// CHECK: %[[START:.+]] = memref.load %[[STARTS]]
// CHECK: %[[SUM:.+]] = scf.for {{.*}} iter_args(%[[SO:.+]] = %[[START]]) -> (i32)
// CHECK: %[[X:.+]] = memref.load %[[INPUT]]
// CHECK: %[[W:.+]] = memref.load %[[WEIGHT]]
// CHECK: %[[W32:.+]] = arith.extsi %[[W]]
// CHECK: %[[X32:.+]] = arith.extui %[[X]]
// CHECK: %[[PRODUCT:.+]] = arith.muli %[[W32]], %[[X32]]
// CHECK: arith.addi %[[SO]], %[[PRODUCT]]
// CHECK: %[[SCALE:.+]] = memref.load %[[SCALES]]
// CHECK: %[[STEPS:.+]] = arith.sitofp %[[SUM]]
// CHECK-NOT: math.fma
// CHECK: arith.mulf %[[STEPS]], %[[SCALE]]
// CHECK: arith.trunci %{{.+}} : i32 to i8
// CHECK: memref.store
// CHECK: } else {
// CHECK: %[[PADDING:.+]] = arith.constant 3 : i8
// CHECK: memref.store %[[PADDING]]
#planes = #pattern.planes<strides = [1, 1], origin = 64, pitch = 5, size = 128, padding = 7>
#made = #pattern.planes<strides = [1, 1], origin = 64, pitch = 5, size = 128, padding = 3>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x1x4x4xi8>) {
  %w = arith.constant dense<[1, -2]> : tensor<2xi8>
  %c = arith.constant dense<0.5> : tensor<2xf32>
  %b = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %p = pattern.pack %x : tensor<1x1x4x4xi8> to tensor<1x1x4x4xi8, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) scale(%c) bias(%b) storage <set = <3x3, [[4]]>, group = 2>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      {padding = array<i64: 1, 1, 1, 1>, quantization = #pattern.quantization<bytes = u8,
       input = <scale = 0.5, zero_point = 7>, output = <scale = 2.0, zero_point = 3>, low = 3, high = 255>,
       layer = "vm_bytes"}
      : (tensor<1x1x4x4xi8, #planes>, tensor<2xi8>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>,
         tensor<2xf32>, tensor<2xf32>)
      -> tensor<1x2x4x4xi8, #made>
  return
}
}

// -----

// Bytes with a sign, both filters at once; without a zero point sums begin with 0.
// CHECK-LABEL: sym_name = "gpu_bytes"
// CHECK: %[[ZERO:.+]] = arith.constant 0 : i32
// CHECK: scf.for {{.*}} iter_args(%{{.+}} = %[[ZERO]], %{{.+}} = %{{.+}}) -> (i32, i32)
// CHECK: %[[W:.+]] = arith.extsi
// CHECK: %[[X:.+]] = arith.extsi
// CHECK: arith.muli %[[W]], %[[X]] : i32
// CHECK: scf.yield
// CHECK-COUNT-2: memref.store %{{.+}} : memref<2xi8,
module attributes {pattern.target = #pattern.target<device = gpu, features = byte_access, threads = 128, subgroup = 64>} {
func.func @main(%x: tensor<1x1x1x1xi8>) -> tensor<1x2x1x1xi8> {
  %w = arith.constant dense<[1, -2]> : tensor<2xi8>
  %c = arith.constant dense<0.5> : tensor<2xf32>
  %b = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) scale(%c) bias(%b) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_direct<threads = 8, filters = 2, unroll = 1>)
      {quantization = #pattern.quantization<bytes = s8,
       input = <scale = 0.5, zero_point = 0>, output = <scale = 2.0, zero_point = 3>, low = -128, high = 127>,
       layer = "gpu_bytes"}
      : (tensor<1x1x1x1xi8>, tensor<2xi8>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>,
         tensor<2xf32>, tensor<2xf32>)
      -> tensor<1x2x1x1xi8>
  return %y : tensor<1x2x1x1xi8>
}
}
