// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s

// CHECK-LABEL: @unpack
// CHECK-SAME: %[[P:.+]]: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
// CHECK: pattern.unpack %[[P]] : tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>> to tensor<1x2x8x8xf32>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @unpack(%p: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>) {
  %x = pattern.unpack %p : tensor<1x2x8x8xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>> to tensor<1x2x8x8xf32>
  return
}

// CHECK-LABEL: @schedule
// CHECK: pattern.unpack %{{.+}} schedule(#schedule.gpu_rows<threads = 64, unroll = 1>) :
func.func @schedule(%p: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>) {
  %x = pattern.unpack %p schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
      to tensor<1x2x8x8xf32>
  return
}

// CHECK-LABEL: @half
// CHECK: pattern.unpack %{{.+}} : tensor<1x2x8x8xf16, #pattern.planes<{{.*}}>> to tensor<1x2x8x8xf16>
func.func @half(%x: tensor<1x2x8x8xf16, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 128>>) {
  %y = pattern.unpack %x
      : tensor<1x2x8x8xf16, #pattern.planes<strides = [1, 1], origin = 32, pitch = 9, size = 128>>
      to tensor<1x2x8x8xf16>
  return
}
}
