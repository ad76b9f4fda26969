// What is left to IREE is said in remarks: operation, multiply-adds, and why.
// RUN: pattern-opt %s -pattern-raise-convolutions -pattern-raise-fully-connected --remarks-filter='pattern-raise-fully.*' -o /dev/null 2>&1 | FileCheck %s
// RUN: pattern-opt %s %target-gpu -pattern-raise-convolutions -pattern-raise-fully-connected --remarks-filter='pattern-raise-fully.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=GPU

// CHECK: LeftOperations.mlir:12:{{.*}}remark: [Missed] left | Category:pattern-raise-fully-connected | Reason="its matrix is dense, and general products are good for 4 rows", multiply-adds=64, operation=linalg.matmul
// GPU: Reason="kernels for matrices are for CPUs", multiply-adds=64, operation=linalg.matmul
func.func @dense_matrix(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %0 = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// CHECK: Reason="too much is left of its matrix in blocks of rows, prune it by blocks", multiply-adds=64, operation=linalg.matmul
func.func @scattered_matrix(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %w = arith.constant dense<[[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0],
                             [0.0, 0.0, 0.0, 1.0]]> : tensor<4x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %0 = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// CHECK: Reason="both of its operands are computed in each call", multiply-adds=8, operation=linalg.matmul
func.func @computed(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>, %init: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %z = linalg.matmul ins(%x, %y : tensor<2x2xf32>, tensor<2x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}

// The constant is on the other side.
// CHECK: Reason="no kernel computes this kind of product", multiply-adds=8, operation=linalg.matmul
func.func @constant_first(%x: tensor<2x2xf32>, %init: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x2xf32>
  %z = linalg.matmul ins(%w, %x : tensor<2x2xf32>, tensor<2x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}

// CHECK: Reason="its shapes are dynamic", multiply-adds=0, operation=linalg.matmul
func.func @dynamic(%x: tensor<?x2xf32>, %y: tensor<2x2xf32>, %init: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = linalg.matmul ins(%x, %y : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// CHECK: Reason="it computes in i32", multiply-adds=8, operation=linalg.matmul
func.func @integers(%x: tensor<2x2xi32>, %y: tensor<2x2xi32>, %init: tensor<2x2xi32>) -> tensor<2x2xi32> {
  %z = linalg.matmul ins(%x, %y : tensor<2x2xi32>, tensor<2x2xi32>) outs(%init : tensor<2x2xi32>) -> tensor<2x2xi32>
  return %z : tensor<2x2xi32>
}

// CHECK: Reason="its weights are computed in each call", multiply-adds=4, operation=linalg.conv_2d_nchw_fchw
func.func @computed_weights(%x: tensor<1x1x2x2xf32>, %w: tensor<1x1x1x1xf32>, %init: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) outs(%init : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// CHECK: Reason="its window, its size or its initial value is none that kernels have", multiply-adds=4, operation=linalg.conv_2d_nchw_fchw
func.func @initial_value(%x: tensor<1x1x2x2xf32>, %init: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) outs(%init : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// CHECK: Reason="no kernel computes this kind of convolution", multiply-adds=4, operation=linalg.conv_2d_nhwc_hwcf
func.func @channels_last(%x: tensor<1x2x2x1xf32>, %init: tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>) outs(%init : tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// Bytes less zero points, as torch-mlir has convolutions whose operands are quantised with one scale each.
// CHECK: Reason="it computes in i8", multiply-adds=4, operation=linalg.conv_2d_nchw_fchw_q
func.func @bytes(%x: tensor<1x1x2x2xi8>, %init: tensor<1x1x2x2xi32>) -> tensor<1x1x2x2xi32> {
  %w = arith.constant dense<1> : tensor<1x1x1x1xi8>
  %z = arith.constant 3 : i32
  %y = linalg.conv_2d_nchw_fchw_q ins(%x, %w, %z, %z : tensor<1x1x2x2xi8>, tensor<1x1x1x1xi8>, i32, i32) outs(%init : tensor<1x1x2x2xi32>) -> tensor<1x1x2x2xi32>
  return %y : tensor<1x1x2x2xi32>
}

// A sum of squares is no product of two tensors, nor is a pooling.
// CHECK-NOT: operation=
func.func @squares(%x: tensor<4xf32>, %init: tensor<f32>) -> tensor<f32> {
  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%x : tensor<4xf32>) outs(%init : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %square = arith.mulf %in, %in : f32
    %sum = arith.addf %square, %out : f32
    linalg.yield %sum : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
