// RUN: pattern-opt %s %target-gpu -pattern-widen-narrow-integers | FileCheck %s
// RUN: pattern-opt %s %target-gpu -pattern-widen-narrow-integers --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: pattern-opt %s %target-vm -pattern-widen-narrow-integers | FileCheck %s --check-prefix=BYTES
// RUN: pattern-opt %s -pattern-attach-target='target="#pattern.target<device = gpu, features = byte_access, threads = 128, subgroup = 64>"' -pattern-widen-narrow-integers | FileCheck %s --check-prefix=BYTES

// REMARK: Category:pattern-widen-narrow-integers | widened=

// BYTES-NOT: xi32>
// BYTES: dense_resource<kernels> : tensor<4xi16>

#id = affine_map<(i) -> (i)>
#scalar = affine_map<(i) -> ()>

// Elements are what they were in bodies. The second input is a scalar, and none.
// CHECK-LABEL: @mask
// CHECK: tensor.empty() : tensor<8xi32>
// CHECK: %[[MASK:.+]] = linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<8xf32>, i1) outs(%{{.+}} : tensor<8xi32>)
// CHECK: %[[C:.+]] = arith.cmpf
// CHECK: %[[AND:.+]] = arith.andi %[[C]], %{{.+}} : i1
// CHECK: %[[WORD:.+]] = arith.extui %[[AND]] : i1 to i32
// CHECK: linalg.yield %[[WORD]] : i32
// CHECK: %[[KEPT:.+]] = "util.optimization_barrier"(%[[MASK]]) : (tensor<8xi32>) -> tensor<8xi32>
// CHECK: linalg.generic {{.*}} ins(%[[KEPT]], %{{.+}} : tensor<8xi32>, tensor<8xf32>)
// CHECK-NEXT: ^bb0(%[[IN:[^:]+]]: i32,
// CHECK-NEXT: %[[TRUTH:.+]] = arith.trunci %[[IN]] : i32 to i1
// CHECK: arith.select %[[TRUTH]],
func.func @mask(%x: tensor<8xf32>, %on: i1) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8xi1>
  %m = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel"]} ins(%x, %on : tensor<8xf32>, i1) outs(%e : tensor<8xi1>) {
  ^bb0(%a: f32, %b: i1, %o: i1):
    %c = arith.cmpf ogt, %a, %zero : f32
    %d = arith.andi %c, %b : i1
    linalg.yield %d : i1
  } -> tensor<8xi1>
  %k = "util.optimization_barrier"(%m) : (tensor<8xi1>) -> tensor<8xi1>
  %f = tensor.empty() : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%k, %x : tensor<8xi1>, tensor<8xf32>) outs(%f : tensor<8xf32>) {
  ^bb0(%a: i1, %b: f32, %o: f32):
    %c = arith.select %a, %b, %zero : f32
    linalg.yield %c : f32
  } -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// Bytes and the like have a sign.
// CHECK-LABEL: @constants
// CHECK-DAG: dense<[1, 0]> : tensor<2xi32>
// CHECK-DAG: dense<[-1, 127]> : tensor<2xi32>
// CHECK-DAG: dense_resource<table.i32> : tensor<2xi32>
// CHECK-DAG: dense_resource<truth.i32> : tensor<2xi32>
// CHECK-DAG: dense_resource<kernels> : tensor<4xi16>
func.func @constants(%i: index) -> (i1, i8, i16, i1, i8) {
  %t = arith.constant dense<[true, false]> : tensor<2xi1>
  %b = arith.constant dense<[-1, 127]> : tensor<2xi8>
  %w = arith.constant dense_resource<table> : tensor<2xi16>
  %r = arith.constant dense_resource<truth> : tensor<2xi1>
  %s = arith.constant dense<-3> : tensor<2xi8>
  %k = arith.constant dense_resource<kernels> : tensor<4xi16>
  %d = "flow.dispatch"(%k) : (tensor<4xi16>) -> tensor<4xf32>
  %0 = tensor.extract %t[%i] : tensor<2xi1>
  %1 = tensor.extract %b[%i] : tensor<2xi8>
  %2 = tensor.extract %w[%i] : tensor<2xi16>
  %3 = tensor.extract %r[%i] : tensor<2xi1>
  %4 = tensor.extract %s[%i] : tensor<2xi8>
  return %0, %1, %2, %3, %4 : i1, i8, i16, i1, i8
}

// CHECK-LABEL: @elements
// CHECK-SAME: %[[X:[^:]+]]: i8
// CHECK: %[[W:.+]] = arith.extsi %[[X]] : i8 to i32
// CHECK: tensor.from_elements %[[W]],
// CHECK: tensor.insert %{{.+}} into %{{.+}} : tensor<2xi32>
// CHECK: tensor.splat %{{.+}} : tensor<2xi32>
// CHECK: linalg.fill ins(%{{.+}} : i32) outs(%{{.+}} : tensor<2xi32>)
// CHECK: tensor.pad
// CHECK: tensor.yield %{{.+}} : i32
// CHECK: tensor.concat {{.*}} : (tensor<4xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<8xi32>
// CHECK: %[[E:.+]] = tensor.extract %{{.+}} : tensor<2x4xi32>
// CHECK: arith.trunci %[[E]] : i32 to i8
func.func @elements(%x: i8, %i: index) -> i8 {
  %f = tensor.from_elements %x, %x : tensor<2xi8>
  %n = tensor.insert %x into %f[%i] : tensor<2xi8>
  %s = tensor.splat %x : tensor<2xi8>
  %l = linalg.fill ins(%x : i8) outs(%s : tensor<2xi8>) -> tensor<2xi8>
  %p = tensor.pad %n low[1] high[1] {
  ^bb0(%j: index):
    tensor.yield %x : i8
  } : tensor<2xi8> to tensor<4xi8>
  %c = tensor.concat dim(0) %p, %s, %l : (tensor<4xi8>, tensor<2xi8>, tensor<2xi8>) -> tensor<8xi8>
  %v = tensor.expand_shape %c [[0, 1]] output_shape [2, 4] : tensor<8xi8> into tensor<2x4xi8>
  %e = tensor.extract %v[%i, %i] : tensor<2x4xi8>
  return %e : i8
}

// Loops of scf pass tensors on; other truth values stay.
// CHECK-LABEL: @loop
// CHECK: scf.for {{.*}} iter_args(%{{.+}} = %{{.+}}, %[[ON:.+]] = %{{.+}}) -> (tensor<2xi32>, i1)
// CHECK: scf.yield %{{.+}}, %[[ON]] : tensor<2xi32>, i1
func.func @loop(%x: i8, %on: i1, %n: index) -> i8 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %s = tensor.splat %x : tensor<2xi8>
  %r:2 = scf.for %i = %zero to %n step %one iter_args(%t = %s, %o = %on) -> (tensor<2xi8>, i1) {
    %u = tensor.insert %x into %t[%zero] : tensor<2xi8>
    scf.yield %u, %o : tensor<2xi8>, i1
  }
  %e = tensor.extract %r#0[%zero] : tensor<2xi8>
  return %e : i8
}

// Named and elementwise operations have no body that says how elements are read.
// CHECK-LABEL: @written_out
// CHECK-NOT: xi1>
// CHECK: linalg.generic
// CHECK: arith.cmpf ogt, %{{.+}}, %{{.+}} : f32
// CHECK: arith.extui
// CHECK: linalg.generic {{.*}} ins(%{{.+}} : tensor<2x4xi32>) outs(%{{.+}} : tensor<4x2xi32>)
// CHECK: %[[A:.+]] = arith.trunci %{{.+}} : i32 to i1
// CHECK: %[[W:.+]] = arith.extui %[[A]] : i1 to i32
// CHECK: linalg.yield %[[W]] : i32
// CHECK: linalg.generic
// CHECK: arith.select %{{.+}}, %{{.+}}, %{{.+}} : f32
func.func @written_out(%x: tensor<2x4xf32>, %z: tensor<4x2xf32>, %w: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %c = arith.cmpf ogt, %x, %x : tensor<2x4xf32>
  %e = tensor.empty() : tensor<4x2xi1>
  %t = linalg.transpose ins(%c : tensor<2x4xi1>) outs(%e : tensor<4x2xi1>) permutation = [1, 0]
  %y = arith.select %t, %z, %w : tensor<4x2xi1>, tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// CHECK-LABEL: @arithmetic
// CHECK-SAME: %[[A:[^:]+]]: i8, %[[B:[^:]+]]: i8
// CHECK: %[[SA:.+]] = arith.extsi %[[A]] : i8 to i32
// CHECK: %[[SB:.+]] = arith.extsi %[[B]] : i8 to i32
// CHECK: %[[GREATER:.+]] = arith.cmpi sgt, %[[SA]], %[[SB]] : i32
// CHECK: %[[MAX:.+]] = arith.select %[[GREATER]], %[[A]], %[[B]] : i8
// CHECK: %[[UM:.+]] = arith.extui %[[MAX]] : i8 to i32
// CHECK: %[[UB:.+]] = arith.extui %[[B]] : i8 to i32
// CHECK: %[[DIV:.+]] = arith.divui %[[UM]], %[[UB]] : i32
// CHECK: %[[D:.+]] = arith.trunci %[[DIV]] : i32 to i8
// CHECK: arith.cmpi ult, %{{.+}}, %{{.+}} : i32
// CHECK: arith.cmpi slt, %{{.+}}, %{{.+}} : i32
// CHECK: arith.andi %{{.+}}, %{{.+}} : i1
func.func @arithmetic(%a: i8, %b: i8) -> (i8, i1) {
  %m = arith.maxsi %a, %b : i8
  %d = arith.divui %m, %b : i8
  %c = arith.cmpi ult, %a, %d : i8
  %e = arith.cmpi slt, %a, %d : i8
  %f = arith.andi %c, %e : i1
  return %d, %f : i8, i1
}

// CHECK-LABEL: @scatter
// CHECK: "tm_tensor.scatter"
// CHECK-NEXT: ^bb0(%[[NEW:[^:]+]]: i32, %{{.+}}: i32):
// CHECK-NEXT: %[[T:.+]] = arith.trunci %[[NEW]] : i32 to i1
// CHECK-NEXT: %[[W:.+]] = arith.extui %[[T]] : i1 to i32
// CHECK-NEXT: "tm_tensor.yield"(%[[W]]) : (i32) -> ()
// CHECK: (tensor<2xi32>, tensor<2x1xi32>, tensor<8xi32>) -> tensor<8xi32>
func.func @scatter(%on: i1, %where: tensor<2x1xi32>, %i: index) -> i1 {
  %u = tensor.splat %on : tensor<2xi1>
  %o = tensor.splat %on : tensor<8xi1>
  %s = "tm_tensor.scatter"(%u, %where, %o) <{dimension_map = array<i64: 0>, operandSegmentSizes = array<i32: 2, 1>, unique_indices = false}> ({
  ^bb0(%new: i1, %old: i1):
    "tm_tensor.yield"(%new) : (i1) -> ()
  }) : (tensor<2xi1>, tensor<2x1xi32>, tensor<8xi1>) -> tensor<8xi1>
  %e = tensor.extract %s[%i] : tensor<8xi1>
  return %e : i1
}

// What a sort yields is no element.
// CHECK-LABEL: @sort
// CHECK: "tm_tensor.sort"
// CHECK-NEXT: ^bb0(%[[FIRST:[^:]+]]: i32, %{{.+}}: i32):
// CHECK-NEXT: %[[IS_FIRST:.+]] = arith.trunci %[[FIRST]] : i32 to i1
// CHECK-NEXT: "tm_tensor.yield"(%[[IS_FIRST]]) : (i1) -> ()
func.func @sort(%on: i1, %i: index) -> i1 {
  %o = tensor.splat %on : tensor<8xi1>
  %s = "tm_tensor.sort"(%o) <{dimension = 0 : i64}> ({
  ^bb0(%a: i1, %b: i1):
    "tm_tensor.yield"(%a) : (i1) -> ()
  }) : (tensor<8xi1>) -> tensor<8xi1>
  %e = tensor.extract %s[%i] : tensor<8xi1>
  return %e : i1
}

{-#
  dialect_resources: {
    builtin: {
      table: "0x020000000080FF7F",
      truth: "0x010000000100",
      kernels: "0x020000000100020003000400"
    }
  }
#-}

// CHECK: table.i32: "0x040000000080FFFFFF7F0000"
// CHECK: truth.i32: "0x040000000100000000000000"
