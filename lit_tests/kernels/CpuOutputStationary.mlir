// Convolutions whose sums stay in vector registers.
// RUN: pattern-opt %s -pattern-layout-activations -pattern-schedule-convolutions -pattern-lower-convolutions -split-input-file | FileCheck %s

// Every multiply-add loads its own operands. As the two filters are fewer than the three vectors, they vary fastest:
// their weights are what stays in registers when loads are shared. The accumulators go round the loop over the kernels.
// CHECK-LABEL: func.func @filters_vary_fastest(%arg0: !stream.binding, %arg1: !stream.binding
// CHECK: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: scf.for
// CHECK: %{{.+}}:6 = scf.for {{.*}} iter_args(%[[F0V0:[^ ]+]] = %{{[^,]+}}, %[[F0V1:[^ ]+]] = %{{[^,]+}}, %[[F0V2:[^ ]+]] = %{{[^,]+}}, %[[F1V0:[^ ]+]] = %{{[^,]+}}, %[[F1V1:[^ ]+]] = %{{[^,]+}}, %[[F1V2:[^ ]+]] = %{{[^,]+}})
// CHECK: %[[W0:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[B0:.+]] = vector.broadcast %[[W0]] : f32 to vector<4xf32>
// CHECK: %[[X0:.+]] = vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %[[B0]], %[[X0]], %[[F0V0]] : vector<4xf32>
// CHECK: %[[W1:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[B1:.+]] = vector.broadcast %[[W1]] : f32 to vector<4xf32>
// CHECK: %[[X1:.+]] = vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %[[B1]], %[[X1]], %[[F1V0]] : vector<4xf32>
// CHECK: %[[W2:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[B2:.+]] = vector.broadcast %[[W2]] : f32 to vector<4xf32>
// CHECK: %[[X2:.+]] = vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %[[B2]], %[[X2]], %[[F0V1]] : vector<4xf32>
// CHECK: %[[W3:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[B3:.+]] = vector.broadcast %[[W3]] : f32 to vector<4xf32>
// CHECK: %[[X3:.+]] = vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %[[B3]], %[[X3]], %[[F1V1]] : vector<4xf32>
// CHECK: %[[W4:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[B4:.+]] = vector.broadcast %[[W4]] : f32 to vector<4xf32>
// CHECK: %[[X4:.+]] = vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %[[B4]], %[[X4]], %[[F0V2]] : vector<4xf32>
// CHECK: %[[W5:.+]] = memref.load %[[WEIGHT]][
// CHECK: %[[B5:.+]] = vector.broadcast %[[W5]] : f32 to vector<4xf32>
// CHECK: %[[X5:.+]] = vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %[[B5]], %[[X5]], %[[F1V2]] : vector<4xf32>
// CHECK-COUNT-6: vector.load %[[INPUT]][
// CHECK-NOT: vector.load
// CHECK: scf.yield
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[1, 4], [4, 8]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 3, filters = 2, tiles = 1, blocks = 1, unroll = 2, offsets = table, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "filters_vary_fastest"}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// Two vectors are fewer than four filters: vectors vary fastest.
// CHECK-LABEL: func.func @vectors_vary_fastest(%arg0: !stream.binding
// CHECK: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %{{.+}}:9 = scf.for {{.*}} iter_args(%[[F0V0:[^ ]+]] = %{{[^,]+}}, %[[F0V1:[^ ]+]] = %{{[^,]+}}, %[[F1V0:[^ ]+]] = %{{[^,]+}}, %[[F1V1:[^ ]+]] = %{{[^,]+}}, %[[F2V0:[^ ]+]] = %{{[^,]+}}, %[[F2V1:[^ ]+]] = %{{[^,]+}}, %[[F3V0:[^ ]+]] = %{{[^,]+}}, %[[F3V1:[^ ]+]] = %{{[^,]+}}, 
// CHECK: vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %{{.+}}, %{{.+}}, %[[F0V0]] : vector<8xf32>
// CHECK: vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %{{.+}}, %{{.+}}, %[[F0V1]] : vector<8xf32>
// CHECK: vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %{{.+}}, %{{.+}}, %[[F1V0]] : vector<8xf32>
// CHECK: vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %{{.+}}, %{{.+}}, %[[F1V1]] : vector<8xf32>
// CHECK: vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %{{.+}}, %{{.+}}, %[[F2V0]] : vector<8xf32>
// CHECK: vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %{{.+}}, %{{.+}}, %[[F2V1]] : vector<8xf32>
// CHECK: vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %{{.+}}, %{{.+}}, %[[F3V0]] : vector<8xf32>
// CHECK: vector.load %[[INPUT]][
// CHECK-NEXT: vector.fma %{{.+}}, %{{.+}}, %[[F3V1]] : vector<8xf32>
// CHECK-NOT: vector.fma
// CHECK: stream.executable.end
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 4>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 2, filters = 4, tiles = 1, blocks = 1, unroll = 1, channels = distance>) {layer = "vectors_vary_fastest"}
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// -----

// The bias is where the accumulators start.
// CHECK-LABEL: func.func @bias(
// CHECK: %[[FILTER:.+]] = arith.index_castui
// CHECK: %[[B:.+]] = memref.load %{{.+}}[%[[FILTER]]] : memref<1xf32>
// CHECK: %[[START:.+]] = vector.broadcast %[[B]] : f32 to vector<4xf32>
// CHECK: scf.for {{.*}} iter_args(%{{.+}} = %[[START]],
func.func @main(%x: tensor<1x1x4x4xf32>, %b: tensor<1xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) bias(%b)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>) {layer = "bias"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>, tensor<1xf32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @relu(
// CHECK: %[[Y:.+]]:2 = scf.for
// CHECK: scf.yield
// CHECK: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<4xf32>
// CHECK: %[[POSITIVE:.+]] = arith.cmpf ugt, %[[Y]]#0, %[[ZERO]]
// CHECK: %[[R:.+]] = arith.select %[[POSITIVE]], %[[Y]]#0, %[[ZERO]]
// CHECK: vector.store %[[R]],
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {activation = #pattern.activation<relu>, layer = "relu"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @relu6(
// CHECK: %[[R:.+]] = arith.select %{{.+}}, %{{.+}}, %{{.+}} : vector<4xi1>, vector<4xf32>
// CHECK: %[[SIX:.+]] = arith.constant dense<6.000000e+00> : vector<4xf32>
// CHECK: %[[LESS:.+]] = arith.cmpf ult, %[[R]], %[[SIX]]
// CHECK: %[[R6:.+]] = arith.select %[[LESS]], %[[R]], %[[SIX]]
// CHECK: vector.store %[[R6]],
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {activation = #pattern.activation<relu6>, layer = "relu6"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @hard_swish(
// CHECK: %[[Y:.+]]:2 = scf.for
// CHECK: scf.yield
// CHECK: %[[THREE:.+]] = arith.constant dense<3.000000e+00> : vector<4xf32>
// CHECK: %[[SUM:.+]] = arith.addf %[[Y]]#0, %[[THREE]]
// CHECK: %[[SIXTH:.+]] = arith.constant dense<0.166666672> : vector<4xf32>
// CHECK: arith.cmpf ugt, %[[SUM]],
// CHECK: arith.cmpf ult
// CHECK: %[[R6:.+]] = arith.select
// CHECK: %[[GATE:.+]] = arith.mulf %[[R6]], %[[SIXTH]]
// CHECK: %[[H:.+]] = arith.mulf %[[Y]]#0, %[[GATE]]
// CHECK: vector.store %[[H]],
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {activation = #pattern.activation<hard_swish>, layer = "hard_swish"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @silu(
// CHECK: %[[Y:.+]]:2 = scf.for
// CHECK: scf.yield
// CHECK: %[[NEGATIVE:.+]] = arith.negf %[[Y]]#0 : vector<4xf32>
// CHECK: %[[POWER:.+]] = math.exp %[[NEGATIVE]]
// CHECK: %[[ONE:.+]] = arith.constant dense<1.000000e+00> : vector<4xf32>
// CHECK: %[[DIVISOR:.+]] = arith.addf %[[ONE]], %[[POWER]]
// CHECK: %[[S:.+]] = arith.divf %[[Y]]#0, %[[DIVISOR]]
// CHECK: vector.store %[[S]],
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {activation = #pattern.activation<silu>, layer = "silu"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// NEON: with vectors of four and four filters, a weight is a lane of a vector of the tap's weights.
// CHECK-LABEL: func.func @weights_by_lane(%arg0: !stream.binding, %arg1: !stream.binding
// CHECK: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[FOUR:.+]] = vector.load %[[WEIGHT]][%[[AT:.+]]] : memref<4xf32>, vector<4xf32>
// CHECK: vector.extract %[[FOUR]][0]
// CHECK: %[[FOUR:.+]] = vector.load %[[WEIGHT]][%[[AT]]] : memref<4xf32>, vector<4xf32>
// CHECK: vector.extract %[[FOUR]][1]
// CHECK: %[[FOUR:.+]] = vector.load %[[WEIGHT]][%[[AT]]] : memref<4xf32>, vector<4xf32>
// CHECK: vector.extract %[[FOUR]][2]
// CHECK: %[[FOUR:.+]] = vector.load %[[WEIGHT]][%[[AT]]] : memref<4xf32>, vector<4xf32>
// CHECK: vector.extract %[[FOUR]][3]
// CHECK-NOT: load %[[WEIGHT]][
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load|lane_multiply,
    vector_bits = 128, registers = 32>} {
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 4>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 4, tiles = 1, blocks = 1, unroll = 1, weights = lanes>) {layer = "weights_by_lane"}
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}
}

// -----

// The taps of a lone pattern are constants: positions 1 and 4 of a 3x3 kernel in rows of five that begin at 16.
// CHECK-LABEL: func.func @taps_of_one_pattern(
// CHECK: scf.for {{.*}} iter_args(
// CHECK-DAG: %[[TAP1:.+]] = arith.constant 11 : index
// CHECK-DAG: %[[AT1:.+]] = arith.addi %[[BASE:.+]], %[[TAP1]] : index
// CHECK: vector.load %{{.+}}[%[[AT1]]]
// CHECK: %[[TAP4:.+]] = arith.constant 16 : index
// CHECK: %[[AT4:.+]] = arith.addi %[[BASE]], %[[TAP4]] : index
// CHECK: vector.load %{{.+}}[%[[AT4]]]
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[1, 4]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 2, channels = distance, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "taps_of_one_pattern"}
      : (tensor<1x1x4x4xf32>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// Two of the four filters of a group are computed at once, twice with the same kernels: the second time, the weights
// of a tap begin at its third.
// CHECK-LABEL: func.func @filters_of_a_group(%arg0: !stream.binding, %arg1: !stream.binding, %arg2: !stream.binding, %arg3: !stream.binding, %arg4: !stream.binding
// CHECK: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[OFFSET:.+]] = "stream.binding.subspan"(%arg3, %{{.+}})
// CHECK: %[[REORDER:.+]] = "stream.binding.subspan"(%arg4, %{{.+}})
// CHECK: arith.constant 4 : index
// CHECK: scf.for %[[PART:[^ ]+]] =
// CHECK: %[[FIRST:.+]] = arith.muli %[[PART]], %{{.+}}
// CHECK: %[[PARTS:.+]] = arith.constant 2 : index
// CHECK: %[[GROUP:.+]] = arith.divui %[[PART]], %[[PARTS]]
// CHECK: %[[REST:.+]] = arith.remui %[[PART]], %{{.+}}
// CHECK: %[[SKIPPED:.+]] = arith.muli %[[REST]], %{{.+}}
// CHECK: memref.load %[[REORDER]][%[[FIRST]]]
// CHECK: memref.load %[[OFFSET]][%[[GROUP]]]
// CHECK: scf.for %[[K:[^ ]+]] = {{.*}} iter_args(
// CHECK: %[[FOUR:.+]] = arith.constant 4 : index
// CHECK: %[[KERNEL:.+]] = arith.muli %[[K]], %[[FOUR]]
// CHECK: %[[AT:.+]] = arith.addi %[[KERNEL]], %[[SKIPPED]]
// CHECK: memref.load %[[WEIGHT]][%[[AT]]]
// CHECK: vector.fma
// CHECK: %[[NEXT:.+]] = arith.addi %[[AT]],
// CHECK: memref.load %[[WEIGHT]][%[[NEXT]]]
// CHECK: vector.fma
// CHECK-NOT: vector.fma
// CHECK: stream.executable.end
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x8x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 4>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 1, channels = distance>) {layer = "filters_of_a_group"}
      : (tensor<1x1x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<8xi32>)
      -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// -----

// More than 512 multiply-adds of a kernel are not unrolled: of 8 positions for 8 filters by 9 vectors, a loop takes four
// at a time, and their offsets from a table, though there is but one pattern.
// CHECK-LABEL: func.func @tap_loop(
// CHECK-SAME: %arg5: !stream.binding
// CHECK: %[[TAPS:.+]] = "stream.binding.subspan"(%arg5, %{{.+}}) : {{.*}} -> memref<8xi32>
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args(
// CHECK: %[[STEP:.+]] = arith.constant 4 : index
// CHECK: scf.for {{.*}} step %[[STEP]] iter_args(
// CHECK: memref.load %[[TAPS]][
// CHECK-COUNT-288: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.yield
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x8x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<128xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7]]>, group = 8>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 9, filters = 8, tiles = 1, blocks = 1, unroll = 4, offsets = table, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "tap_loop"}
      : (tensor<1x2x4x4xf32>, tensor<128xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>)
      -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// -----

// 512 are.
// CHECK-LABEL: func.func @unrolled_taps(
// CHECK: scf.for {{.*}} iter_args(
// CHECK-NOT: scf.for
// CHECK-COUNT-512: vector.fma
// CHECK: scf.yield
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x8x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<128xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7, 8]]>, group = 8>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 8, filters = 8, tiles = 1, blocks = 1, unroll = 8, offsets = table, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "unrolled_taps"}
      : (tensor<1x2x4x4xf32>, tensor<128xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<8xi32>)
      -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// -----

// Of the next kernel, a tile of 32 positions reads from 16 - 5 - 1 to 16 + 5 + 1 + 31: four cache lines for three rows. Of
// the weights, a page further on.
// CHECK-LABEL: func.func @prefetch(%arg0: !stream.binding, %arg1: !stream.binding
// CHECK: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[WEIGHTS:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: scf.for %[[K:[^ ]+]] = {{.*}} -> (vector<4xf32>
// CHECK: %[[NEXT:.+]] = arith.addi %[[K]],
// CHECK: %[[AHEAD:.+]] = arith.minsi %[[NEXT]],
// CHECK: memref.load %{{.+}}[%[[AHEAD]]]
// CHECK: memref.prefetch %[[INPUT]][%{{.+}}], read, locality<3>, data
// CHECK: arith.constant 16 : index
// CHECK: memref.prefetch %[[INPUT]]
// CHECK: arith.constant 32 : index
// CHECK: memref.prefetch %[[INPUT]]
// CHECK: arith.constant 48 : index
// CHECK: memref.prefetch %[[INPUT]]
// CHECK-NOT: memref.prefetch %[[INPUT]]
// CHECK: %[[WEIGHT:.+]] = arith.muli %[[K]], %c4
// CHECK: %[[PAGE:.+]] = arith.constant 1024 : index
// CHECK: %[[LATER:.+]] = arith.addi %[[WEIGHT]], %[[PAGE]]
// CHECK: memref.prefetch %[[WEIGHTS]][%[[LATER]]]
// CHECK-NOT: memref.prefetch
// CHECK: vector.load
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 8, filters = 1, tiles = 1, blocks = 1, unroll = 4, channels = distance, inner = filters, prefetch = 1, prefetch_weights = 4096>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "prefetch"}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// With one pattern the loop adds up the distances between channels, of 16 elements here: those of the kernel, from
// where the tile begins, and those of the kernel to prefetch, from the first two on. That is at most the last channel,
// at 32, because behind the filter group the distances begin again.
// CHECK-LABEL: func.func @distances(%arg0: !stream.binding, %{{.+}}: !stream.binding, %arg2: !stream.binding
// CHECK: %[[DISTANCES:.+]] = "stream.binding.subspan"(%arg2, %{{.+}}) : {{.*}} -> memref<4xi8>
// CHECK: %[[FIRST:.+]] = scf.for %{{.+}} = %c0_i32{{.*}} to %c2_i32
// CHECK: memref.load %[[DISTANCES]]
// CHECK: scf.for
// CHECK: %[[BASE:.+]] = arith.addi
// CHECK-NEXT: %[[START:.+]] = arith.addi %[[BASE]], %[[FIRST]]
// CHECK: scf.for %[[K:[^ ]+]] = {{.*}} iter_args({{.*}}%[[BEFORE:[^ ]+]] = %[[BASE]], %[[PREFETCHED:[^ ]+]] = %[[START]])
// CHECK: %[[BYTE:.+]] = memref.load %[[DISTANCES]][%[[K]]]
// CHECK-NEXT: %[[DISTANCE:.+]] = arith.index_castui %[[BYTE]] : i8 to index
// CHECK: %[[STEP:.+]] = arith.muli %[[DISTANCE]], %c16
// CHECK: %[[CHANNEL:.+]] = arith.addi %[[STEP]], %[[BEFORE]]
// CHECK: memref.load %[[DISTANCES]]
// CHECK: %[[NEXT:.+]] = arith.addi %{{.+}}, %[[PREFETCHED]]
// CHECK: %[[C32:.+]] = arith.constant 32 : index
// CHECK: %[[LAST:.+]] = arith.addi %[[BASE]], %[[C32]]
// CHECK: arith.minsi %[[NEXT]], %[[LAST]]
// CHECK: memref.prefetch
// CHECK: scf.yield %{{.+}}, %[[CHANNEL]], %[[NEXT]] :
func.func @main(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<[0, 2, 1, 2]> : tensor<4xi32>
  %s = arith.constant dense<[0, 2, 0, 2]> : tensor<4xi32>
  %o = arith.constant dense<[0, 2, 4]> : tensor<3xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters, prefetch = 2, prefetch_weights = 4096>) {layer = "distances"}
      : (tensor<1x3x4x4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// In rows of 65 that begin at 80, the lines between those of the rows are left out. A tile of four reads from
// 80 - 65 - 1 = 14 to 14 + 2 + 3, from 79 to 84 and from 144 to 149.
// CHECK-LABEL: func.func @prefetch_rows(%arg0: !stream.binding
// CHECK: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: scf.for %[[K:[^ ]+]] = {{.*}} -> (vector<4xf32>
// CHECK: %[[NEXT:.+]] = arith.addi %[[K]],
// CHECK: %[[AHEAD:.+]] = arith.minsi %[[NEXT]],
// CHECK: memref.load %{{.+}}[%[[AHEAD]]]
// CHECK: memref.prefetch %[[INPUT]][%{{.+}}], read, locality<3>, data
// CHECK: arith.constant 16 : index
// CHECK: memref.prefetch %[[INPUT]]
// CHECK-NOT: memref.prefetch %[[INPUT]]
// CHECK: arith.constant 64 : index
// CHECK: memref.prefetch %[[INPUT]]
// CHECK: arith.constant 80 : index
// CHECK: memref.prefetch %[[INPUT]]
// CHECK-NOT: memref.prefetch %[[INPUT]]
// CHECK: arith.constant 144 : index
// CHECK: memref.prefetch %[[INPUT]]
// CHECK-NOT: memref.prefetch %[[INPUT]]
// CHECK: vector.load
func.func @main(%x: tensor<1x2x4x64xf32>) -> tensor<1x1x4x64xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 4, channels = distance, inner = filters, prefetch = 1, prefetch_weights = 4096>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "prefetch_rows"}
      : (tensor<1x2x4x64xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x64xf32>
  return %y : tensor<1x1x4x64xf32>
}

// -----

// Eight filter groups in three blocks: at most three groups each, and no block goes beyond the eighth.
// CHECK-LABEL: sym_name = "blocks"
// CHECK: %[[ONE:.+]] = arith.constant 1 : index
// CHECK: %[[THREE:.+]] = arith.constant 3 : index
// CHECK: %[[BATCH:.+]] = arith.constant 1 : index
// CHECK: "stream.return"(%[[ONE]], %[[THREE]], %[[BATCH]])
// CHECK: %[[BLOCK:.+]] = "stream.dispatch.workgroup.id"() <{dimension = 1 : index}>
// CHECK: %[[PER:.+]] = arith.constant 3 : index
// CHECK: %[[FIRST:.+]] = arith.muli %[[BLOCK]], %[[PER]]
// CHECK: %[[END:.+]] = arith.addi %[[FIRST]],
// CHECK: %[[ALL:.+]] = arith.constant 8 : index
// CHECK: %[[LAST:.+]] = arith.minsi %[[END]], %[[ALL]]
// CHECK: scf.for %{{.+}} = %[[FIRST]] to %[[LAST]]
func.func @main(%x: tensor<1x1x1x4xf32>) -> tensor<1x8x1x4xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<0> : tensor<8xi32>
  %s = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]> : tensor<16xi32>
  %o = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8]> : tensor<9xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 3, unroll = 1, channels = distance, inner = filters>) {layer = "blocks"}
      : (tensor<1x1x1x4xf32>, tensor<8xf32>, tensor<8xi32>, tensor<16xi32>, tensor<9xi32>, tensor<8xi32>)
      -> tensor<1x8x1x4xf32>
  return %y : tensor<1x8x1x4xf32>
}

// -----

// Of NEON's registers of eight halves, eight weights fill one, and four of them half of one.
// CHECK-LABEL: func.func @eight_halves(
// CHECK: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[EIGHT:.+]] = vector.load %[[WEIGHT]][%{{.+}}] : memref<8xf16>, vector<8xf16>
// CHECK: %[[W:.+]] = vector.extract %[[EIGHT]][0] : f16 from vector<8xf16>
// CHECK: %[[B:.+]] = vector.broadcast %[[W]] : f16 to vector<8xf16>
// CHECK: vector.fma %[[B]], %{{.+}}, %{{.+}} : vector<8xf16>
// CHECK-NOT: f32
// CHECK: "stream.executable.end"
module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load|lane_multiply,
    vector_bits = 128, registers = 32>} {
func.func @main(%x: tensor<1x1x4x4xf16>) -> tensor<1x8x4x4xf16> {
  %w = arith.constant dense<1.0> : tensor<8xf16>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) storage <set = <1x1, [[0]]>, group = 8>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 8, tiles = 1, blocks = 1, unroll = 1, weights = lanes>) {layer = "eight_halves"}
      : (tensor<1x1x4x4xf16>, tensor<8xf16>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>)
      -> tensor<1x8x4x4xf16>
  return %y : tensor<1x8x4x4xf16>
}
}

// -----

// CHECK-LABEL: func.func @four_halves(
// CHECK: vector.load %{{.+}}[%{{.+}}] : memref<4xf16>, vector<4xf16>
// CHECK: vector.broadcast %{{.+}} : f16 to vector<8xf16>
module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load|lane_multiply,
    vector_bits = 128, registers = 32>} {
func.func @main(%x: tensor<1x1x4x4xf16>) -> tensor<1x4x4x4xf16> {
  %w = arith.constant dense<1.0> : tensor<4xf16>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) storage <set = <1x1, [[0]]>, group = 4>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 4, tiles = 1, blocks = 1, unroll = 1, weights = lanes>) {layer = "four_halves"}
      : (tensor<1x1x4x4xf16>, tensor<4xf16>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf16>
  return %y : tensor<1x4x4x4xf16>
}
}

// -----

// A workgroup makes a filter group of two channels, in memory of its own behind the output, and then runs the two
// filters of the depthwise convolution over it, whose descriptors number the channels in the group.
// CHECK-LABEL: func.func @placed_in_consumer(%arg0: !stream.binding
// CHECK-SAME: %arg9: !stream.binding, %arg10: !stream.binding)
// CHECK: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[OUTPUT:.+]] = "stream.binding.subspan"(%arg9, %{{.+}})
// CHECK: %[[GROUPS:.+]] = "stream.binding.subspan"(%arg10, %{{.+}}) : {{.*}} -> memref<[[$SIZE:.+]]xf32>
// CHECK: scf.for %[[GROUP:[^ ]+]] =
// CHECK: scf.for %{{.+}} = {{.*}} -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, index)
// CHECK: vector.load %[[INPUT]]
// CHECK: vector.store %{{.+}}, %[[GROUPS]]
// CHECK: %[[TWO:.+]] = arith.constant 2 : index
// CHECK: %[[FIRST:.+]] = arith.muli %[[GROUP]], %[[TWO]]
// CHECK: %[[LAST:.+]] = arith.addi %[[FIRST]], %{{.+}}
// CHECK: scf.for %{{.+}} = %[[FIRST]] to %[[LAST]]
// CHECK: scf.for %{{.+}} = {{.*}} -> (vector<4xf32>, vector<4xf32>)
// CHECK: vector.load %[[GROUPS]]
// CHECK: %[[OUTPUT]]
// CHECK-LABEL: func.func @main
// CHECK: %[[NUMBERS:.+]] = arith.constant dense_resource<placed_in_consumer.kernels> : tensor<4xi16>
// CHECK: "flow.dispatch"({{.*}}, %[[NUMBERS]], {{.*}}@placed_in_consumer::@placed_in_consumer{{.*}} -> (tensor<1x4x6x6xf32>, tensor<[[$SIZE]]xf32>)
// CHECK: placed_in_consumer.kernels: "0x020000000000010000000100"
func.func @main(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 6, blocks = 2, unroll = 1, channels = distance, inner = filters, placement = consumer>)
      : (tensor<1x1x6x6xf32>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 6, blocks = 2, unroll = 4, inner = filters>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>, layer = "placed_in_consumer"}
      : (tensor<1x4x6x6xf32>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}
