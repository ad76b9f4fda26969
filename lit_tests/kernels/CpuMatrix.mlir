// Vectors run over the filters of a group.
// RUN: pattern-opt %s %target-neon -pattern-layout-activations -pattern-schedule-convolutions -pattern-lower-convolutions -split-input-file | FileCheck %s

// Ten filters are three vectors of four, the last of which begins at the seventh. Three accumulators would wait for each
// other: three kernels an iteration have their own, and the last few of the loop come one by one.
// CHECK-LABEL: func.func @overlap(
// CHECK: %[[SUMS:.+]]:9 = scf.for
// CHECK-COUNT-9: vector.fma
// CHECK: scf.yield
// CHECK-COUNT-6: arith.addf
// CHECK: %{{.+}}:3 = scf.for
// CHECK: %[[AT:.+]] = arith.muli %{{.+}}, %c10
// CHECK: vector.load %{{.+}}[%[[AT]]]
// CHECK: arith.addi %[[AT]], %c4
// CHECK: arith.addi %[[AT]], %c6
// CHECK: scf.yield
// CHECK-NOT: vector.scatter
// CHECK-COUNT-3: vector.store
// CHECK-NOT: vector.store
func.func @main(%x: tensor<1x5x1x1xf32>) -> tensor<1x10x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<50xf32>
  %i = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %s = arith.constant dense<[0, 5]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]> : tensor<10xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) storage <set = <1x1, [[0]]>, group = 10> {layer = "overlap"}
      : (tensor<1x5x1x1xf32>, tensor<50xf32>, tensor<5xi32>, tensor<2xi32>, tensor<2xi32>, tensor<10xi32>)
      -> tensor<1x10x1x1xf32>
  return %y : tensor<1x10x1x1xf32>
}

// -----

// Bias and residual come from where the filters are, which need not be side by side.
// CHECK-LABEL: func.func @epilogue(
// CHECK: %[[STORED:.+]] = vector.load {{.*}} vector<4xi16>
// CHECK: %[[FILTERS:.+]] = arith.extui %[[STORED]] : vector<4xi16> to vector<4xi32>
// CHECK: vector.gather {{.*}}[%[[FILTERS]]]
// CHECK: vector.gather
// CHECK: arith.select
// CHECK: vector.scatter
func.func @main(%x: tensor<1x1x1x1xf32>, %b: tensor<4xf32>, %a: tensor<1x4x1x1xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[2, 0, 1, 3]> : tensor<4xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) bias(%b) add(%a) storage <set = <1x1, [[0]]>, group = 4>
      {activation = #pattern.activation<relu>, layer = "epilogue"}
      : (tensor<1x1x1x1xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>, tensor<4xf32>,
         tensor<1x4x1x1xf32>) -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

// -----

// The schedule asks for the weights of the kernel a page further on: two lines of them.
// CHECK-LABEL: func.func @prefetch(%{{.+}}: !stream.binding, %arg1: !stream.binding
// CHECK: %[[WEIGHTS:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: scf.for {{.*}} iter_args(
// CHECK: %[[FIRST:.+]] = arith.muli %{{.+}}, %c32{{.*}}
// CHECK: %[[PAGE:.+]] = arith.constant 1024 : index
// CHECK: %[[LATER:.+]] = arith.addi %[[FIRST]], %[[PAGE]]
// CHECK: memref.prefetch %[[WEIGHTS]][%[[LATER]]]
// CHECK: %[[NEXT:.+]] = arith.constant 1040 : index
// CHECK: %[[LINE:.+]] = arith.addi %[[FIRST]], %[[NEXT]]
// CHECK: memref.prefetch %[[WEIGHTS]][%[[LINE]]]
// CHECK-NOT: memref.prefetch
// CHECK: vector.load %[[WEIGHTS]][%[[FIRST]]]
func.func @main(%x: tensor<1x1x1x1xf32>) -> tensor<1x32x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<32xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                             16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]> : tensor<32xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) storage <set = <1x1, [[0]]>, group = 32>
      schedule(#schedule.cpu_matrix<lanes = 4, rows = 1, blocks = 1, chains = 1, prefetch_weights = 4096>) {layer = "prefetch"}
      : (tensor<1x1x1x1xf32>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<32xi32>)
      -> tensor<1x32x1x1xf32>
  return %y : tensor<1x32x1x1xf32>
}

// -----

// Sums of halves are in f32, to which inputs, weights and biases are extended. Each takes two registers, so that four
// keep the units busy.
// CHECK-LABEL: func.func @half_precision(
// CHECK: %{{.+}}:4 = scf.for {{.*}} -> (vector<8xf32>
// CHECK: %[[X:.+]] = arith.extf %{{.+}} : f16 to f32
// CHECK: %[[ALL:.+]] = vector.broadcast %[[X]] : f32 to vector<8xf32>
// CHECK: %[[W:.+]] = vector.load %{{.+}} : memref<8xf16>, vector<8xf16>
// CHECK: %[[WIDE:.+]] = arith.extf %[[W]] : vector<8xf16> to vector<8xf32>
// CHECK: vector.fma %[[ALL]], %[[WIDE]], %{{.+}} : vector<8xf32>
// CHECK: %[[B:.+]] = vector.load %{{.+}} : memref<8xf16>, vector<8xf16>
// CHECK: arith.extf %[[B]]
// CHECK: %[[Y:.+]] = arith.truncf %{{.+}} : vector<8xf32> to vector<8xf16>
// CHECK: vector.store %[[Y]]
func.func @main(%x: tensor<1x1x1x1xf16>, %b: tensor<8xf16>) -> tensor<1x8x1x1xf16> {
  %w = arith.constant dense<1.0> : tensor<8xf16>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) bias(%b) storage <set = <1x1, [[0]]>, group = 8> {layer = "half_precision"}
      : (tensor<1x1x1x1xf16>, tensor<8xf16>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>, tensor<8xf16>)
      -> tensor<1x8x1x1xf16>
  return %y : tensor<1x8x1x1xf16>
}

// -----

// Two rows of five are computed at once, each with the weights that are loaded; the last ones begin at the fourth. A
// vector of filters that follow each other is stored as one.
// CHECK-LABEL: func.func @rows(
// CHECK: %[[LAST:.+]] = arith.constant 3 : index
// CHECK: %[[ROW:.+]] = arith.minsi %{{.+}}, %[[LAST]]
// CHECK: %[[IN:.+]] = arith.muli %[[ROW]], %c6
// CHECK: %[[OUT:.+]] = arith.muli %[[ROW]], %c8
// CHECK: scf.for {{.*}} -> (vector<4xf32>, vector<4xf32>
// CHECK: %[[AT:.+]] = arith.addi %{{.+}}, %[[IN]]
// CHECK: %[[X0:.+]] = memref.load %{{.+}}[%[[AT]]]
// CHECK: vector.broadcast %[[X0]]
// CHECK: vector.fma
// CHECK: vector.fma
// CHECK: %[[NEXT:.+]] = arith.addi %[[AT]], %c6
// CHECK: %[[X1:.+]] = memref.load %{{.+}}[%[[NEXT]]]
// CHECK: vector.broadcast %[[X1]]
// CHECK-NOT: vector.gather
// CHECK: %[[B:.+]] = vector.load %{{.+}} : memref<8xf32>
// CHECK: %[[SUM:.+]] = arith.addf %{{.+}}, %[[B]]
// CHECK: %[[A:.+]] = vector.load %{{.+}} : memref<40xf32>
// CHECK: arith.addf %[[SUM]], %[[A]]
// CHECK-COUNT-4: vector.store
// CHECK-LABEL: func.func @main(
// CHECK-NOT: stream.
// CHECK: flow.dispatch
func.func @main(%x: tensor<5x6x1x1xf32>, %b: tensor<8xf32>, %a: tensor<5x8x1x1xf32>) -> tensor<5x8x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<16xf32>
  %i = arith.constant dense<[1, 4]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[4, 5, 6, 7, 0, 1, 2, 3]> : tensor<8xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) bias(%b) add(%a) storage <set = <1x1, [[0]]>, group = 8>
      schedule(#schedule.cpu_matrix<lanes = 4, rows = 2, blocks = 1, chains = 2>) {layer = "rows"}
      : (tensor<5x6x1x1xf32>, tensor<16xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>, tensor<8xf32>,
         tensor<5x8x1x1xf32>) -> tensor<5x8x1x1xf32>
  return %y : tensor<5x8x1x1xf32>
}
