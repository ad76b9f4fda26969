// Where vectors of a convolution's output go.
// RUN: pattern-opt %s -pattern-layout-activations -pattern-schedule-convolutions -pattern-lower-convolutions -canonicalize -cse -split-input-file | FileCheck %s

// A vector that lies in one row is stored whole; one that ends in the next row, by two masked stores, for each filter.
// CHECK-LABEL: func.func @stores_in_two_rows(
// CHECK: %[[Y:.+]]:3 = scf.for
// CHECK: scf.yield
// CHECK: %[[FIRST:.+]] = vector.create_mask
// CHECK: %[[NEXT:.+]] = arith.andi %{{.+}}, %{{.+}} : vector<4xi1>
// CHECK: scf.if
// CHECK: vector.store %[[Y]]#0, %[[OUT:[^\[]+]][
// CHECK: vector.store %[[Y]]#1, %[[OUT]][
// CHECK: } else {
// CHECK: vector.maskedstore %[[OUT]][%{{.+}}], %[[FIRST]], %[[Y]]#0
// CHECK: vector.maskedstore %[[OUT]][%{{.+}}], %[[NEXT]], %[[Y]]#0
// CHECK: vector.maskedstore %[[OUT]][%{{.+}}], %[[FIRST]], %[[Y]]#1
// CHECK: vector.maskedstore %[[OUT]][%{{.+}}], %[[NEXT]], %[[Y]]#1
// CHECK-NOT: store
// CHECK: stream.executable.end
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 1, channels = distance>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "stores_in_two_rows"}
      : (tensor<1x1x4x4xf32>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// Where rows follow each other without padding, a vector has one place.
// CHECK-LABEL: func.func @stores_in_one_run(
// CHECK-COUNT-1: vector.maskedstore
// CHECK-NOT: vector.maskedstore
// CHECK: stream.executable.end
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>) {layer = "stores_in_one_run"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// Two filters in planes, in rows of four and one between them: of 3 * 5 + 4 = 19 positions, those in column four are
// set to zero: of a tile, the first is that many positions behind its start. A vector that begins behind the run is not
// written. The first tile writes zeros up to the origin at 16, the second, the last, those behind the run, from 35 to 48.
// CHECK-LABEL: func.func @planes(
// CHECK-DAG: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[ZEROS:.+]] = arith.constant dense<0.000000e+00> : vector<8xf32>
// CHECK: %[[OUT:.+]] = "stream.binding.subspan"(%arg5, %c0) : (!stream.binding, index) -> memref<352xf32>
// CHECK: %[[START:.+]] = arith.muli %{{.+}}, %c16
//
// CHECK: %[[Y:.+]]:5 = scf.for
// CHECK: scf.yield
// CHECK: %[[CHANNEL0:.+]] = arith.addi
// CHECK: %[[CHANNEL1:.+]] = arith.addi
// CHECK: %[[INSIDE:.+]] = arith.cmpi ult, %[[START]], %c19
// CHECK-NEXT: scf.if %[[INSIDE]] {
// CHECK-NEXT: %[[I:.+]] = arith.addi %[[CHANNEL0]], %[[START]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[I]], %c16
// CHECK-NEXT: vector.store %[[Y]]#0, %[[OUT]][%[[AT]]]
// CHECK-NEXT: %[[I:.+]] = arith.addi %[[CHANNEL1]], %[[START]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[I]], %c16
// CHECK-NEXT: vector.store %[[Y]]#2, %[[OUT]][%[[AT]]]
// CHECK-NEXT: }
// CHECK-NEXT: %[[NEXT:.+]] = arith.addi %[[START]], %c8
// CHECK-NEXT: %[[INSIDE:.+]] = arith.cmpi ult, %[[NEXT]], %c19
// CHECK-NEXT: scf.if %[[INSIDE]] {
// CHECK: vector.store %[[Y]]#1
// CHECK: vector.store %[[Y]]#3
// CHECK: }
//
// CHECK-NEXT: %[[END:.+]] = arith.addi %[[START]], %c16
// CHECK-NEXT: %[[BOUND:.+]] = arith.minsi %[[END]], %c19
// CHECK-NEXT: %[[SHIFTED:.+]] = arith.addi %[[START]], %c1
// CHECK-NEXT: %[[PAST:.+]] = arith.remui %[[SHIFTED]], %c5
// CHECK-NEXT: %[[BEFORE:.+]] = arith.subi %c5, %[[PAST]]
// CHECK-NEXT: %[[STEPS:.+]] = arith.remui %[[BEFORE]], %c5
// CHECK-NEXT: %[[BETWEEN:.+]] = arith.addi %[[START]], %[[STEPS]]
// CHECK-NEXT: scf.for %[[I:.+]] = %[[BETWEEN]] to %[[BOUND]] step %c5 {
// CHECK-NEXT: %[[POSITION:.+]] = arith.addi %[[I]], %c16
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[CHANNEL0]], %[[POSITION]]
// CHECK-NEXT: memref.store %[[ZERO]], %[[OUT]][%[[AT]]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[CHANNEL1]], %[[POSITION]]
// CHECK-NEXT: memref.store %[[ZERO]], %[[OUT]][%[[AT]]]
// CHECK-NEXT: }
//
// CHECK-NEXT: %[[IS_FIRST:.+]] = arith.cmpi eq, %[[START]], %c0
// CHECK-NEXT: scf.if %[[IS_FIRST]] {
// CHECK-NEXT: vector.store %[[ZEROS]], %[[OUT]][%[[CHANNEL0]]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[CHANNEL0]], %c8
// CHECK-NEXT: vector.store %[[ZEROS]], %[[OUT]][%[[AT]]]
// CHECK-NEXT: vector.store %[[ZEROS]], %[[OUT]][%[[CHANNEL1]]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[CHANNEL1]], %c8
// CHECK-NEXT: vector.store %[[ZEROS]], %[[OUT]][%[[AT]]]
// CHECK-NEXT: }
// CHECK-NEXT: %[[IS_LAST:.+]] = arith.cmpi eq, %[[START]], %c16
// CHECK-NEXT: scf.if %[[IS_LAST]] {
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[CHANNEL0]], %c35
// CHECK-NEXT: vector.store %[[ZEROS]], %[[OUT]][%[[AT]]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[CHANNEL0]], %c40
// CHECK-NEXT: vector.store %[[ZEROS]], %[[OUT]][%[[AT]]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[CHANNEL1]], %c35
// CHECK-NEXT: vector.store %[[ZEROS]], %[[OUT]][%[[AT]]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[CHANNEL1]], %c40
// CHECK-NEXT: vector.store %[[ZEROS]], %[[OUT]][%[[AT]]]
// CHECK-NEXT: }
// CHECK-NOT: store
// CHECK: stream.executable.end
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
func.func @main(%x: tensor<1x1x4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 2, filters = 2, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "planes"}
      : (tensor<1x1x4x4xf32, #planes>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32, #planes>
  return
}

// -----

// Sixteen positions without any between rows, in one tile: no zeros are written.
// CHECK-LABEL: func.func @nothing_but_image(
// CHECK: %[[OUT:.+]] = "stream.binding.subspan"(%arg5,
// CHECK: %[[Y:.+]]:3 = scf.for
// CHECK: scf.yield
// CHECK-NOT: {{scf.if|arith.select}}
// CHECK: vector.store %[[Y]]#0, %[[OUT]][
// CHECK: vector.store %[[Y]]#1, %[[OUT]][
// CHECK-NOT: {{scf.if|store}}
// CHECK: stream.executable.end
#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @main(%x: tensor<1x1x4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 2, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>) {layer = "nothing_but_image"}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32, #planes>
  return
}

// -----

// Twelve positions are two tiles of one vector of eight. The second writes zeros from 12 to 32; there are none before.
// CHECK-LABEL: func.func @zeros_behind(
// CHECK: %[[START:.+]] = arith.muli %{{.+}}, %c8
// CHECK: %[[IS_LAST:.+]] = arith.cmpi eq, %[[START]], %c8
// CHECK-NEXT: scf.if %[[IS_LAST]] {
// CHECK-NEXT: scf.for %[[I:.+]] = %c12 to %c24 step %c8 {
// CHECK: vector.store
// CHECK: }
// CHECK-NEXT: arith.addi %{{.+}}, %c24
// CHECK-NEXT: vector.store
// CHECK-NEXT: }
// CHECK-NOT: store
// CHECK: stream.executable.end
#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 32>
func.func @main(%x: tensor<1x1x3x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %p = pattern.pack %x : tensor<1x1x3x4xf32> to tensor<1x1x3x4xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>) {layer = "zeros_behind"}
      : (tensor<1x1x3x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x3x4xf32, #planes>
  return
}

// -----

// Two images of four phases each: number i is phase i mod 4 of image i / 4, and a channel is four times 16 elements.
// CHECK-LABEL: func.func @phases(
// CHECK: %[[I:.+]] = "stream.dispatch.workgroup.id"() <{dimension = 2 : index}>
// CHECK: %[[IMAGE:.+]] = arith.divui %[[I]], %c4
// CHECK: %[[IMAGE_BASE:.+]] = arith.muli %[[IMAGE]], %c192
// CHECK: %[[PHASE:.+]] = arith.remui %[[I]], %c4
// CHECK: %[[PHASE_BASE:.+]] = arith.muli %[[PHASE]], %c16
// CHECK: %[[INPUT:.+]] = arith.addi %[[IMAGE_BASE]], %[[PHASE_BASE]]
// CHECK: %[[IMAGE_BASE:.+]] = arith.muli %[[IMAGE]], %c64
// CHECK: %[[OUTPUT:.+]] = arith.addi %[[IMAGE_BASE]], %[[PHASE_BASE]]
// CHECK: scf.for
// CHECK: arith.addi %[[INPUT]],
// CHECK: arith.muli %{{.+}}, %c64
// CHECK: arith.addi %[[OUTPUT]],
#planes = #pattern.planes<strides = [2, 2], origin = 0, pitch = 4, size = 16>
func.func @main(%x: tensor<2x3x8x8xf32>) {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<2> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %p = pattern.pack %x : tensor<2x3x8x8xf32> to tensor<2x3x8x8xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>) {layer = "phases"}
      : (tensor<2x3x8x8xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<2x1x8x8xf32, #planes>
  return
}

// -----

// The residual is read where the output is written, and the activation is of the sum.
// CHECK-LABEL: func.func @residual(
// CHECK: %[[RESIDUAL:.+]] = "stream.binding.subspan"(%arg5,
// CHECK: %[[OUT:.+]] = "stream.binding.subspan"(%arg6,
// CHECK: %[[Y:.+]]:2 = scf.for {{.*}} iter_args(
// CHECK: scf.yield
// CHECK: %[[A:.+]] = vector.load %[[RESIDUAL]][%[[AT:[a-z0-9]+]]]
// CHECK-NEXT: %[[SUM:.+]] = arith.addf %[[Y]]#0, %[[A]]
// CHECK-NEXT: %[[POSITIVE:.+]] = arith.cmpf ugt, %[[SUM]], %[[ZEROS:.+]] :
// CHECK-NEXT: %[[R:.+]] = arith.select %[[POSITIVE]], %[[SUM]], %[[ZEROS]]
// CHECK-NEXT: vector.store %[[R]], %[[OUT]][%[[AT]]]
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
func.func @main(%x: tensor<1x1x4x4xf32>, %a: tensor<1x1x4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %p = pattern.pack %x : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %q = pattern.pack %a : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) add(%q) storage <set = <3x3, [[4]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>, activation = #pattern.activation<relu>, layer = "residual"}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32, #planes>)
      -> tensor<1x1x4x4xf32, #planes>
  return
}
