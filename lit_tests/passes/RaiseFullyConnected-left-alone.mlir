// What is no product with a transposed constant, and what a layer cannot take over, is left as it is.
// RUN: pattern-opt %s -pattern-raise-fully-connected -split-input-file | FileCheck %s

#id = affine_map<(n, c) -> (n, c)>
#scalar = affine_map<(n, c) -> ()>

// One number that is added to all is no bias, and stays behind the layer.
// CHECK-LABEL: @number
// CHECK-SAME: %[[S:[^:]+]]: f32
// CHECK: %[[CONV:.+]] = pattern.conv2d
// CHECK-NOT: bias
// CHECK: linalg.generic {{.*}} ins(%{{.+}}, %[[S]] :
func.func @number(%x: tensor<1x4xf32>, %s: f32) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x4xf32>) outs(%e : tensor<4x2xf32>) permutation = [1, 0]
  %o = tensor.empty() : tensor<1x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<1x4xf32>, tensor<4x2xf32>) outs(%f : tensor<1x2xf32>) -> tensor<1x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %s : tensor<1x2xf32>, f32) outs(%o : tensor<1x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  return %z : tensor<1x2xf32>
}

// -----

// CHECK-LABEL: @not_transposed
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.matmul
func.func @not_transposed(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [0, 1]
  %o = tensor.empty() : tensor<1x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%f : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

#id = affine_map<(n, c) -> (n, c)>
#columns = affine_map<(n, c) -> (c)>

// A bias that is added in a loop does not pull the layer into it.
// CHECK-LABEL: @bias_in_loop
// CHECK: pattern.conv2d
// CHECK-NOT: bias
// CHECK: scf.for
// CHECK-NOT: pattern.conv2d
// CHECK: linalg.generic
func.func @bias_in_loop(%x: tensor<1x4xf32>, %b: tensor<2xf32>, %n: index) -> tensor<1x2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x4xf32>) outs(%e : tensor<4x2xf32>) permutation = [1, 0]
  %o = tensor.empty() : tensor<1x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<1x4xf32>, tensor<4x2xf32>) outs(%f : tensor<1x2xf32>) -> tensor<1x2xf32>
  %z = scf.for %i = %c0 to %n step %c1 iter_args(%so = %o) -> (tensor<1x2xf32>) {
    %r = linalg.generic {indexing_maps = [#id, #columns, #id], iterator_types = ["parallel", "parallel"]}
        ins(%y, %b : tensor<1x2xf32>, tensor<2xf32>) outs(%so : tensor<1x2xf32>) {
    ^bb0(%a: f32, %bias: f32, %out: f32):
      %0 = arith.addf %a, %bias : f32
      linalg.yield %0 : f32
    } -> tensor<1x2xf32>
    scf.yield %r : tensor<1x2xf32>
  }
  return %z : tensor<1x2xf32>
}
