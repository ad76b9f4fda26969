// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s

// Attributes of the default value are not printed.
// CHECK-LABEL: @defaults
// CHECK-SAME: %[[X:.+]]: tensor<1x2x8x8xf32>
// CHECK: pattern.pool2d <max> %[[X]] {kernel = array<i64: 3, 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x6x7xf32>
func.func @defaults(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x6x7xf32> {
  %y = pattern.pool2d <max> %x
      {kernel = array<i64: 3, 2>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>}
      : tensor<1x2x8x8xf32> -> tensor<1x2x6x7xf32>
  return %y : tensor<1x2x6x7xf32>
}

// Top and bottom add 1 + 2 rows, left and right 0 + 1 columns.
// CHECK-LABEL: @average
// CHECK: pattern.pool2d <average> %{{.+}} {kernel = array<i64: 3, 2>, padding = array<i64: 1, 0, 2, 1>, strides = array<i64: 2, 1>} : tensor<2x2x8x8xf32> -> tensor<2x2x5x8xf32>
func.func @average(%x: tensor<2x2x8x8xf32>) -> tensor<2x2x5x8xf32> {
  %y = pattern.pool2d <average> %x
      {kernel = array<i64: 3, 2>, strides = array<i64: 2, 1>, padding = array<i64: 1, 0, 2, 1>}
      : tensor<2x2x8x8xf32> -> tensor<2x2x5x8xf32>
  return %y : tensor<2x2x5x8xf32>
}

// CHECK-LABEL: @planes
// CHECK: pattern.pool2d <max> %{{.+}} schedule(#schedule.cpu_rows<lanes = 16, unroll = 4>) {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>> -> tensor<1x2x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
func.func @planes(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>) {
  %y = pattern.pool2d <max> %x schedule(#schedule.cpu_rows<lanes = 16, unroll = 4>)
      {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
      : tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
      -> tensor<1x2x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
  return
}

// CHECK-LABEL: @half
// CHECK: pattern.pool2d <average> %{{.+}} {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf16> -> tensor<1x2x7x7xf16>
func.func @half(%x: tensor<1x2x8x8xf16>) -> tensor<1x2x7x7xf16> {
  %y = pattern.pool2d <average> %x {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf16> -> tensor<1x2x7x7xf16>
  return %y : tensor<1x2x7x7xf16>
}
