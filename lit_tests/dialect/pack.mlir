// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s

// CHECK-LABEL: @pack
// CHECK-SAME: %[[X:.+]]: tensor<1x2x8x8xf32>
// CHECK: pattern.pack %[[X]] : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @pack(%x: tensor<1x2x8x8xf32>) {
  %p = pattern.pack %x : tensor<1x2x8x8xf32> to tensor<1x2x8x8xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
  return
}

// CHECK-LABEL: @planes_to_planes
// CHECK: pattern.pack %{{.+}} : tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>> to tensor<1x2x8x8xf32, #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>>
func.func @planes_to_planes(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>) {
  %p = pattern.pack %x
      : tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
      to tensor<1x2x8x8xf32, #pattern.planes<strides = [2, 2], origin = 8, pitch = 5, size = 48>>
  return
}

// CHECK-LABEL: @schedule
// CHECK: pattern.pack %{{.+}} schedule(#schedule.vm_rows<unroll = 1>) :
func.func @schedule(%x: tensor<1x2x8x8xf32>) {
  %p = pattern.pack %x schedule(#schedule.vm_rows<unroll = 1>)
      : tensor<1x2x8x8xf32>
      to tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
  return
}

// CHECK-LABEL: @half
// CHECK: pattern.pack %{{.+}} : tensor<1x2x8x8xf16> to tensor<1x2x8x8xf16, #pattern.planes<
func.func @half(%x: tensor<1x2x8x8xf16>) {
  %p = pattern.pack %x : tensor<1x2x8x8xf16> to tensor<1x2x8x8xf16,
      #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 128>>
  return
}
}
