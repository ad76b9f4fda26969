// Convolutions whose sums stay in the registers of threads. Canonicalization names index constants after their values.
// RUN: pattern-opt %s -pattern-lower-convolutions -pattern-eliminate-redundant-loads -canonicalize -split-input-file | FileCheck %s

// Rows of two quads; a thread makes one quad of both filters. A loop for each pattern: it knows where its taps are, and
// reads quads only. Taps above the position itself begin with a quad, the last one of the second pattern one element
// behind: it is shuffled out of two. Weights of both filters for both taps are one quad.
// CHECK-LABEL: sym_name = "patterns"
// CHECK: attributes {translation_info = #iree_codegen.translation_info<pipeline = #iree_gpu.spirv_pipeline<BaseLowering> workgroup_size = [8, 1, 1]>}
// CHECK: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %[[ZERO:.+]]) : (!stream.binding, index) -> memref<104xvector<4xf32>, strided<[1], offset: ?>>
// CHECK: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %[[ZERO]]) : (!stream.binding, index) -> memref<2xvector<4xf32>, strided<[1], offset: ?>>
// CHECK: %[[BASES:.+]] = "stream.binding.subspan"(%arg2, %[[ZERO]]) : (!stream.binding, index) -> memref<2xi32, strided<[1], offset: ?>>
// CHECK: %[[RUNS:.+]] = "stream.binding.subspan"(%arg3, %[[ZERO]]) : (!stream.binding, index) -> memref<3xi32, strided<[1], offset: ?>>
// CHECK: %[[THREAD:.+]] = gpu.thread_id x
// CHECK: %[[NUMBER:.+]] = arith.addi %{{.+}}, %[[THREAD]]
// CHECK: %[[TILE:.+]] = arith.minsi %[[NUMBER]], %c11
// CHECK: %[[COLUMN:.+]] = arith.remui %[[TILE]], %c2
// CHECK: %[[ROW:.+]] = arith.divui %[[TILE]], %c2
//
// CHECK: %[[FIRST:.+]]:2 = scf.for %[[K:.+]] = %{{.+}} to %{{.+}} step %c1 iter_args(%[[A0:.+]] = %{{.+}}, %[[A1:.+]] = %{{.+}}) -> (vector<4xf32>, vector<4xf32>) {
// CHECK: memref.load %[[BASES]][%[[K]]]
// CHECK: %[[ABOVE:.+]] = memref.load %[[INPUT]]
// CHECK-NEXT: %[[W:.+]] = memref.load %[[WEIGHT]][%[[K]]]
// CHECK-NEXT: vector.extract %[[W]][0]
// CHECK-NEXT: %[[W0:.+]] = vector.broadcast
// CHECK-NEXT: %[[A2:.+]] = vector.fma %[[W0]], %[[ABOVE]], %[[A0]]
// CHECK-NEXT: vector.extract %[[W]][1]
// CHECK-NEXT: %[[W1:.+]] = vector.broadcast
// CHECK-NEXT: %[[A3:.+]] = vector.fma %[[W1]], %[[ABOVE]], %[[A1]]
// CHECK: %[[CENTRE:.+]] = memref.load %[[INPUT]]
// CHECK-NOT: load
// CHECK: vector.fma %{{.+}}, %[[CENTRE]], %[[A2]]
// CHECK: vector.fma %{{.+}}, %[[CENTRE]], %[[A3]]
// CHECK: scf.yield
//
// CHECK: scf.for {{.+}} iter_args(%{{.+}} = %[[FIRST]]#0, %{{.+}} = %[[FIRST]]#1)
// CHECK: %[[BEFORE:.+]] = memref.load %[[INPUT]]
// CHECK: %[[BEHIND:.+]] = memref.load %[[INPUT]]
// CHECK-NEXT: %[[NEXT:.+]] = arith.addi
// CHECK-NEXT: %[[NEXT_QUAD:.+]] = memref.load %[[INPUT]][%[[NEXT]]]
// CHECK-NEXT: %[[SHIFTED:.+]] = vector.shuffle %[[BEHIND]], %[[NEXT_QUAD]] [1, 2, 3, 4]
// CHECK: vector.fma %{{.+}}, %[[SHIFTED]]
// CHECK: vector.fma %{{.+}}, %[[SHIFTED]]
// CHECK: scf.yield
//
// Rows of six end within a quad: elements are stored one by one.
// CHECK: %[[X:.+]] = arith.muli %[[COLUMN]], %c4
// CHECK: arith.cmpi ult, %[[X]], %c6
// CHECK: scf.if
// CHECK: vector.extract %{{.+}}[0]
// CHECK: memref.store %{{.+}} : memref<72xf32
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @main(%x: tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x2x6x6xf32> to tensor<1x2x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[1, 4], [4, 8]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 8, rows = 1, filters = 2>)
      {padding = array<i64: 1, 1, 1, 1>, layer = "patterns"}
      : (tensor<1x2x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<8xf32>, tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x6x6xf32>
  return %y : tensor<1x2x6x6xf32>
}
}

// -----

// Two slices share the kernels, and through memory their sums; each stores one of the filters. Three rows are made two
// at a time, the middle one twice. What of the last quad is beyond the image is zero, and so is what of planes is not
// image: the quad behind the row, and those before and behind the rows. The residual is added by quads.
// CHECK-LABEL: sym_name = "slices"
// CHECK-DAG: %[[RESIDUAL:.+]] = "stream.binding.subspan"(%arg5, %{{.+}} -> memref<{{.+}}xvector<4xf32>
// CHECK-DAG: %[[OUTPUT:.+]] = "stream.binding.subspan"(%arg6, %{{.+}} -> memref<{{.+}}xvector<4xf32>
// CHECK: %[[SLICE:.+]] = arith.divui %{{.+}}, %c4
// CHECK: %[[SLOT:.+]] = arith.remui %{{.+}}, %c4
// CHECK: %[[LAST:.+]] = arith.minsi %{{.+}}, %c1
// CHECK: scf.for %{{.+}} = %{{.+}} to %{{.+}} step %c2
// CHECK: %[[SHARED:.+]] = memref.alloc() : memref<16xvector<4xf32>, #gpu.address_space<workgroup>>
// CHECK-COUNT-2: memref.store %{{.+}}, %[[SHARED]]
// CHECK: gpu.barrier
// CHECK: memref.load %[[SHARED]]
// CHECK: memref.load %[[SHARED]]
// CHECK: arith.addf
// CHECK: gpu.barrier
// CHECK-COUNT-2: memref.store %{{.+}}, %[[SHARED]]
// CHECK: gpu.barrier
// CHECK-COUNT-2: memref.load %[[SHARED]]
// CHECK: memref.load %[[RESIDUAL]]
// CHECK: %[[SUM:.+]] = arith.addf
// CHECK: %[[MASKED:.+]] = vector.shuffle %[[SUM]], %{{.+}} [0, 5, 6, 7]
// CHECK: %[[STORED:.+]] = arith.select %{{.+}}, %[[MASKED]], %[[SUM]] : vector<4xi1>, vector<4xf32>
// CHECK: memref.store %[[STORED]], %[[OUTPUT]]
// CHECK: scf.if
// CHECK: memref.store %{{.+}}, %[[OUTPUT]]
// CHECK: stream.executable.end
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 12, size = 64>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @main(%x: tensor<1x2x3x5xf32>, %z: tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi32>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>) : tensor<1x2x3x5xf32> to tensor<1x2x3x5xf32, #planes>
  %q = pattern.pack %z schedule(#schedule.gpu_rows<threads = 64, unroll = 1>) : tensor<1x2x3x5xf32> to tensor<1x2x3x5xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) add(%q)
      storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 8, rows = 2, filters = 2, slices = 2>)
      {layer = "slices"}
      : (tensor<1x2x3x5xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>,
         tensor<1x2x3x5xf32, #planes>) -> tensor<1x2x3x5xf32, #planes>
  %u = pattern.unpack %y schedule(#schedule.gpu_rows<threads = 64, unroll = 1>) : tensor<1x2x3x5xf32, #planes> to tensor<1x2x3x5xf32>
  return %u : tensor<1x2x3x5xf32>
}
}

// -----

// Of the taps of a large kernel, loops take whole rows, as far as their weights for all filters are at most 36; a row of
// more is taken in parts.
// CHECK-LABEL: sym_name = "rows_of_taps"
// CHECK-COUNT-5: scf.for
// CHECK-NOT: scf.for
// CHECK: stream.executable.end
// CHECK-LABEL: sym_name = "long_row"
// CHECK-COUNT-3: scf.for
// CHECK-NOT: scf.for
// CHECK: stream.executable.end
#planes = #pattern.planes<strides = [1, 1], origin = 48, pitch = 16, size = 160>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @main(%x: tensor<1x1x4x4xf32>) -> (tensor<1x8x4x4xf32>, tensor<1x4x4x4xf32>) {
  %rows = arith.constant dense<1.0> : tensor<100xf32>
  %long = arith.constant dense<1.0> : tensor<88xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %q = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>) : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %y = pattern.packed_conv2d %p fkw(%long, %i, %s, %o, %r) storage <set = <1x11, [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8>)
      {padding = array<i64: 0, 5, 0, 5>, layer = "long_row"}
      : (tensor<1x1x4x4xf32, #planes>, tensor<88xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x4x4xf32>
  %z = pattern.packed_conv2d %p fkw(%rows, %i, %s, %o, %q)
      storage <set = <5x5, [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]]>, group = 4>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 4>)
      {padding = array<i64: 2, 2, 2, 2>, layer = "rows_of_taps"}
      : (tensor<1x1x4x4xf32, #planes>, tensor<100xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>) -> tensor<1x4x4x4xf32>
  return %y, %z : tensor<1x8x4x4xf32>, tensor<1x4x4x4xf32>
}
}

// -----

// Each of two workgroups makes five rows of two channels in memory that its threads share: the ten quads of the image, and
// zeros in the three before them and the three behind. Then each half of its threads reads one of the channels, for
// three of six rows: the first ones or the last.
// CHECK-LABEL: sym_name = "band"
// CHECK-DAG: %[[RESULT:.+]] = "stream.binding.subspan"(%arg9, %{{.+}} -> memref<144xf32
// CHECK: %[[BAND:.+]] = "stream.dispatch.workgroup.id"() <{dimension = 0 : index}>
// CHECK: arith.muli %[[BAND]], %c3
// CHECK-NEXT: %[[ROW:.+]] = arith.minsi %{{.+}}, %c3
// CHECK-NEXT: arith.maxsi %[[ROW]], %c1
// CHECK-NEXT: arith.subi %{{.+}}, %c1
// CHECK-NEXT: %[[FIRST:.+]] = arith.minsi %{{.+}}, %c1
// CHECK-NEXT: %[[OFFSET:.+]] = arith.subi %[[ROW]], %[[FIRST]]
// CHECK-NEXT: %[[SHARED:.+]] = memref.alloc() : memref<32xvector<4xf32>, #gpu.address_space<workgroup>>
// CHECK: %[[HAS_TILE:.+]] = arith.cmpi ult, %{{.+}}, %c10
// CHECK: %[[IN_BAND:.+]] = arith.divui
// CHECK: arith.addi %[[IN_BAND]], %[[FIRST]]
// CHECK: scf.for {{.*}} -> (vector<4xf32>, vector<4xf32>)
// CHECK: scf.if %[[HAS_TILE]] {
// CHECK-COUNT-2: memref.store %{{.+}}, %[[SHARED]]
// CHECK: %[[AROUND:.+]] = arith.cmpi ult, %{{.+}}, %c6
// CHECK: scf.if %[[AROUND]] {
// CHECK-COUNT-2: memref.store %cst, %[[SHARED]]
// CHECK: gpu.barrier
// CHECK: arith.divui %{{.+}}, %c32
// CHECK: %[[TILE_ROW:.+]] = arith.divui
// CHECK: arith.addi %[[TILE_ROW]], %[[OFFSET]]
// CHECK: scf.for {{.*}} -> (vector<4xf32>)
// CHECK: memref.load %[[SHARED]]
// CHECK: memref.store %{{.+}}, %[[RESULT]]
// CHECK-LABEL: func.func @main
// CHECK: "flow.dispatch"{{.*}}_pack::
// CHECK: "flow.dispatch"{{.*}}@band::
// CHECK-NOT: "flow.dispatch"
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @main(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 2, placement = consumer>)
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 1, parts = 2, bands = 2>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>, layer = "band"}
      : (tensor<1x4x6x6xf32, #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}
}
