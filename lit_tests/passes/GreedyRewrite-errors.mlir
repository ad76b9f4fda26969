// A pass that does not come to an end says where it was. No rewrites of ours are known to, so the limit is lowered.
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-raise-fully-connected{max-rewrites=1})' 2>&1 | FileCheck %s
// RUN: pattern-opt %s -pattern-raise-fully-connected | FileCheck %s --check-prefix=ENDS

// CHECK: GreedyRewrite-errors.mlir:[[#]]:[[#]]: error: pattern-raise-fully-connected still rewrites this after 1 rewrites
// ENDS: pattern.conv2d
func.func @twelve_layers(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<4x4xf32>
  %e = tensor.empty() : tensor<4x4xf32>
  %t = linalg.transpose ins(%w : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) permutation = [1, 0]
  %o = tensor.empty() : tensor<1x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y0 = linalg.matmul ins(%x, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y1 = linalg.matmul ins(%y0, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y2 = linalg.matmul ins(%y1, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y3 = linalg.matmul ins(%y2, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y4 = linalg.matmul ins(%y3, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y5 = linalg.matmul ins(%y4, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y6 = linalg.matmul ins(%y5, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y7 = linalg.matmul ins(%y6, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y8 = linalg.matmul ins(%y7, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y9 = linalg.matmul ins(%y8, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y10 = linalg.matmul ins(%y9, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y11 = linalg.matmul ins(%y10, %t : tensor<1x4xf32>, tensor<4x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %y11 : tensor<1x4xf32>
}
