// RUN: pattern-opt %s -pattern-fold-constants -split-input-file | FileCheck %s

// A weight times its mask, which a product with a transpose reads.
// CHECK-LABEL: func.func @masked(
// CHECK: %[[W:.+]] = arith.constant dense_resource<fc.weight.folded> : tensor<2x2xf32>
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[W]] :
// CHECK: linalg.matmul ins(%{{.+}}, %[[T]] :
// CHECK: fc.weight.folded: "0x40000000000000000000004000004040{{0|8}}0000000"
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i, 0)>
func.func @masked(%x: tensor<1x2xf32>, %init: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = arith.constant dense_resource<fc.weight> : tensor<2x2xf32>
  %m = arith.constant dense<[[false, true], [true, false]]> : tensor<2x2xi1>
  %s = arith.constant dense<[[1.0], [1.0]]> : tensor<2x1xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%w, %m, %s : tensor<2x2xf32>, tensor<2x2xi1>, tensor<2x1xf32>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%in: f32, %mask: i1, %scale: f32, %out: f32):
    %1 = arith.uitofp %mask : i1 to f32
    %2 = arith.mulf %in, %1 : f32
    %3 = arith.mulf %2, %scale : f32
    linalg.yield %3 : f32
  } -> tensor<2x2xf32>
  %t = linalg.transpose ins(%0 : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

{-#
  dialect_resources: { builtin: { fc.weight: "0x040000000000803F000000400000404000008040" } }
#-}

// -----

// The weights of a convolution are folded even if they are only moved.
// CHECK-LABEL: func.func @transposed(
// CHECK: %[[W:.+]] = arith.constant dense_resource<weight.folded> : tensor<2x1x1x1xf32>
// CHECK: linalg.conv_2d_nchw_fchw ins(%{{.+}}, %[[W]] :
func.func @transposed(%x: tensor<1x1x2x2xf32>, %init: tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = arith.constant dense_resource<weight> : tensor<1x2x1x1xf32>
  %e = tensor.empty() : tensor<2x1x1x1xf32>
  %t = linalg.transpose ins(%w : tensor<1x2x1x1xf32>) outs(%e : tensor<2x1x1x1xf32>) permutation = [1, 0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw ins(%x, %t : tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>)
      outs(%init : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

{-#
  dialect_resources: { builtin: { weight: "0x040000000000803F00000040" } }
#-}

// -----

// Reductions, indices, gathers, integers and slices.
// CHECK-LABEL: func.func @kinds(
// CHECK-DAG: %[[SUM:.+]] = arith.constant dense_resource<constant.folded> : tensor<2xf32>
// CHECK-DAG: %[[GATHERED:.+]] = arith.constant dense_resource<constant.folded_1> : tensor<2xi64>
// CHECK-DAG: linalg.add ins(%{{.+}}, %[[SUM]] :
// CHECK-DAG: linalg.add ins(%{{.+}}, %[[GATHERED]] :
// CHECK-DAG: constant.folded: "0x40000000000040400000E040"
// CHECK-DAG: constant.folded_1: "0x4000000003000000000000000200000000000000"
#id = affine_map<(i, j) -> (i, j)>
#i = affine_map<(i, j) -> (i)>
#one = affine_map<(i) -> (i)>
func.func @kinds(%x: tensor<2xf32>, %n: tensor<2xi64>) -> (tensor<2xf32>, tensor<2xi64>) {
  %zero = arith.constant dense<0.0> : tensor<2xf32>
  %table = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %sum = linalg.generic {indexing_maps = [#id, #i], iterator_types = ["parallel", "reduction"]}
      ins(%table : tensor<2x2xf32>) outs(%zero : tensor<2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<2xf32>
  %y = linalg.add ins(%x, %sum : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %ei = tensor.empty() : tensor<2xi64>
  %c1 = arith.constant 1 : index
  %gathered = linalg.generic {indexing_maps = [#one], iterator_types = ["parallel"]} outs(%ei : tensor<2xi64>) {
  ^bb0(%out: i64):
    %0 = linalg.index 0 : index
    %1 = arith.subi %c1, %0 : index
    %2 = tensor.extract %table[%1, %0] : tensor<2x2xf32>
    %3 = arith.fptosi %2 : f32 to i64
    linalg.yield %3 : i64
  } -> tensor<2xi64>
  %z = linalg.add ins(%n, %gathered : tensor<2xi64>, tensor<2xi64>) outs(%ei : tensor<2xi64>) -> tensor<2xi64>
  return %y, %z : tensor<2xf32>, tensor<2xi64>
}

// -----

// What is not known, has no defined result, is made of nothing, or would be large is left to compute.
// CHECK-LABEL: func.func @left_alone(
// CHECK: arith.divsi
// CHECK: linalg.fill
// CHECK: linalg.index
// CHECK: return
#one = affine_map<(i) -> (i)>
func.func @left_alone(%n: tensor<2xi64>, %x: tensor<2xf32>, %l: tensor<262145xf32>)
    -> (tensor<2xi64>, tensor<2xf32>, tensor<262145xf32>) {
  %zeros = arith.constant dense<0> : tensor<2xi64>
  %two = arith.constant 2.0 : f32
  %ei = tensor.empty() : tensor<2xi64>
  %e = tensor.empty() : tensor<2xf32>
  %q = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
      ins(%zeros : tensor<2xi64>) outs(%ei : tensor<2xi64>) {
  ^bb0(%in: i64, %out: i64):
    %0 = arith.divsi %in, %in : i64
    linalg.yield %0 : i64
  } -> tensor<2xi64>
  %a = linalg.add ins(%n, %q : tensor<2xi64>, tensor<2xi64>) outs(%ei : tensor<2xi64>) -> tensor<2xi64>
  %f = linalg.fill ins(%two : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %b = linalg.add ins(%x, %f : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %el = tensor.empty() : tensor<262145xf32>
  %r = linalg.generic {indexing_maps = [#one], iterator_types = ["parallel"]} outs(%el : tensor<262145xf32>) {
  ^bb0(%out: f32):
    %0 = linalg.index 0 : index
    %1 = arith.index_cast %0 : index to i32
    %2 = arith.sitofp %1 : i32 to f32
    linalg.yield %2 : f32
  } -> tensor<262145xf32>
  %s = linalg.exp ins(%r : tensor<262145xf32>) outs(%el : tensor<262145xf32>) -> tensor<262145xf32>
  %c = linalg.add ins(%l, %s : tensor<262145xf32>, tensor<262145xf32>) outs(%el : tensor<262145xf32>) -> tensor<262145xf32>
  return %a, %b, %c : tensor<2xi64>, tensor<2xf32>, tensor<262145xf32>
}
