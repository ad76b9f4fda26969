// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s

// CHECK-LABEL: @pack
// CHECK-SAME: %[[X:.+]]: tensor<1x2x8x8xf32>
// CHECK: pattern.pack %[[X]] : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
func.func @pack(%x: tensor<1x2x8x8xf32>) {
  %p = pattern.pack %x : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
  return
}
