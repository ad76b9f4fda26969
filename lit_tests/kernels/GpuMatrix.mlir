// Products with a matrix on a GPU. Canonicalization names index constants after their values.
// RUN: pattern-opt %s -pattern-lower-convolutions -pattern-eliminate-redundant-loads -canonicalize -split-input-file | FileCheck %s

// Six filters are two quads of padded weights. Two slices share the kernels, two of which are an iteration as far as they
// go; the first slice adds the sums. Of the last quad, two filters are stored.
// CHECK-LABEL: sym_name = "matrix"
// CHECK: attributes {translation_info = #iree_codegen.translation_info<pipeline = #iree_gpu.spirv_pipeline<BaseLowering> workgroup_size = [8, 1, 1]>}
// CHECK-DAG: %[[INPUT:.+]] = "stream.binding.subspan"(%arg0, %{{.+}} -> memref<10xf32
// CHECK-DAG: %[[WEIGHT:.+]] = "stream.binding.subspan"(%arg1, %{{.+}} -> memref<10xvector<4xf32>
// CHECK: %[[SLICE:.+]] = arith.divui %{{.+}}, %c4
// CHECK: %[[SLOT:.+]] = arith.remui %{{.+}}, %c4
// CHECK: %[[NUMBER:.+]] = arith.minsi %{{.+}}, %c1
// CHECK: %[[QUAD:.+]] = arith.remui %[[NUMBER]], %c2
// CHECK: %[[MAIN:.+]]:2 = scf.for %[[K:.+]] = %{{.+}} to %{{.+}} step %c4 iter_args(%[[A0:.+]] = %{{.+}}, %[[A1:.+]] = %{{.+}}) -> (vector<4xf32>, vector<4xf32>) {
// CHECK: %[[W:.+]] = memref.load %[[WEIGHT]]
// CHECK: %[[X0:.+]] = memref.load %[[INPUT]]
// CHECK: vector.fma %[[W]], %{{.+}}, %[[A0]] : vector<4xf32>
// CHECK: %[[X1:.+]] = memref.load %[[INPUT]]
// CHECK: vector.fma %[[W]], %{{.+}}, %[[A1]] : vector<4xf32>
// CHECK: memref.load %[[WEIGHT]]
// CHECK: scf.yield
// CHECK: scf.for %{{.+}} = %{{.+}} to %{{.+}} step %c2 iter_args(%{{.+}} = %[[MAIN]]#0, %{{.+}} = %[[MAIN]]#1)
// CHECK: %[[SHARED:.+]] = memref.alloc() : memref<16xvector<4xf32>, #gpu.address_space<workgroup>>
// CHECK-COUNT-2: memref.store %{{.+}}, %[[SHARED]]
// CHECK: gpu.barrier
// CHECK: %[[FIRST:.+]] = arith.cmpi ult, %[[SLICE]], %c1
// CHECK: scf.if %[[FIRST]] {
// CHECK-COUNT-2: memref.load %[[SHARED]]
// CHECK: vector.extract %{{.+}}[0]
// CHECK: vector.extract %{{.+}}[1]
// CHECK: arith.cmpi ult, %{{.+}}, %c6
// CHECK: scf.if
// CHECK: vector.extract %{{.+}}[2]
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @main(%x: tensor<2x5x1x1xf32>) -> tensor<2x6x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<30xf32>
  %i = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %s = arith.constant dense<[0, 5]> : tensor<2xi32>
  %o = arith.constant dense<[0, 5]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 2, 3, 4, 5]> : tensor<6xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 6>
      schedule(#schedule.gpu_matrix<threads = 8, rows = 2, slices = 2, unroll = 2>) {layer = "matrix"}
      : (tensor<2x5x1x1xf32>, tensor<30xf32>, tensor<5xi32>, tensor<2xi32>, tensor<2xi32>, tensor<6xi32>)
      -> tensor<2x6x1x1xf32>
  return %y : tensor<2x6x1x1xf32>
}
}
