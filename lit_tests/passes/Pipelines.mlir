// What comes out of each pipeline; the passes have their own tests. Names of layers are locations: text keeps them
// if asked.
// RUN: pattern-opt %s -pattern-linalg-to-packed-pipeline -mlir-print-debuginfo -o %t.packed
// RUN: FileCheck %s --check-prefix=PACKED --input-file=%t.packed
// RUN: pattern-opt %t.packed -pattern-packed-to-executable-pipeline | FileCheck %s --check-prefix=CPU
// RUN: pattern-opt %t.packed %target-sse -pattern-packed-to-executable-pipeline | FileCheck %s --check-prefix=NARROW
// RUN: pattern-opt %t.packed --pass-pipeline='builtin.module(pattern-packed-to-executable-pipeline{target="#pattern.target<device = gpu, threads = 32, subgroup = 32>"})' | FileCheck %s --check-prefix=GPU
// RUN: pattern-opt %t.packed %target-vm -pattern-packed-to-executable-pipeline | FileCheck %s --check-prefix=VM
// RUN: pattern-opt %s -pattern-linalg-to-executable-pipeline | FileCheck %s --check-prefix=CPU
// RUN: pattern-opt %s %target-vm -pattern-linalg-to-executable-pipeline | FileCheck %s --check-prefix=VM
// RUN: pattern-opt %s -pattern-linalg-to-reference-pipeline | FileCheck %s --check-prefix=REFERENCE

// Filters 0 and 2, and 1 and 3, have one structure: in stored order they are groups of two.
// PACKED-LABEL: func.func @main(
// PACKED-SAME: %[[X:[^:]+]]: tensor<1x2x8x8xf32>
// PACKED: %[[W:.+]] = arith.constant dense_resource<conv1.fkw> : tensor<8xf32>
// PACKED: %[[R:.+]] = arith.constant dense<[0, 2, 1, 3]> : tensor<4xi32>
// PACKED: %[[Y:.+]] = pattern.packed_conv2d %[[X]] fkw(%[[W]], {{.*}}, %[[R]]) storage <set = {{.*}}, group = 2> {activation = #pattern.activation<relu>, layer = "conv1", padding = array<i64: 0, 1, 0, 1>}
// PACKED-NEXT: return %[[Y]] :

// CPU-LABEL: func.func @conv1(
// CPU: vector.fma {{.*}} : vector<16xf32>
// CPU-LABEL: func.func @main(
// CPU-NOT: {{linalg|pattern}}.
// CPU-COUNT-2: "flow.dispatch"
// CPU-NOT: {{linalg|pattern}}.
// CPU: return

// NARROW-LABEL: func.func @conv1(
// NARROW: vector.fma {{.*}} : vector<4xf32>

// GPU-LABEL: func.func @conv1(
// GPU-SAME: workgroup_size = [32, 1, 1]
// GPU: gpu.thread_id

// VM-LABEL: func.func @conv1(
// VM-NOT: {{vector|gpu|linalg|pattern}}.
// VM-COUNT-2: "flow.dispatch"

// The weights come back as they were.
// REFERENCE-LABEL: func.func @main(
// REFERENCE-NOT: pattern.
// REFERENCE: %[[W:.+]] = arith.constant dense_resource<conv1.weight_1> : tensor<4x2x1x3xf32>
// REFERENCE: tensor.pad
// REFERENCE: linalg.conv_2d_nchw_fchw {{.*}} ins(%{{.+}}, %[[W]] :
// REFERENCE: arith.maximumf
// REFERENCE-NOT: pattern.
// REFERENCE: conv1.weight_1: "0x04000000
// REFERENCE-SAME: 0000803F0000004000000000000000000000000000000000
// REFERENCE-SAME: 000000000000000000000000000000000000404000008040
// REFERENCE-SAME: 0000A0400000C04000000000000000000000000000000000
// REFERENCE-SAME: 00000000000000000000000000000000000000000000E040

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
func.func @main(%x: tensor<1x2x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<conv1.weight> : tensor<4x2x1x3xf32>
  %p = tensor.pad %x low[0, 0, 0, 1] high[0, 0, 0, 1] {
  ^bb0(%n: index, %c: index, %h: index, %i: index):
    tensor.yield %zero : f32
  } : tensor<1x2x8x8xf32> to tensor<1x2x8x10xf32>
  %e = tensor.empty() : tensor<1x4x8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%p, %w : tensor<1x2x8x10xf32>, tensor<4x2x1x3xf32>)
      outs(%f : tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x4x8x8xf32>) outs(%e : tensor<1x4x8x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf ugt, %in, %zero : f32
    %1 = arith.select %0, %in, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x4x8x8xf32>
  return %r : tensor<1x4x8x8xf32>
}

{-#
  dialect_resources: { builtin: { conv1.weight: "0x400000000000803F00000040000000000000000000000000000000000000000000000000000000000000000000004040000080400000A0400000C0400000000000000000000000000000000000000000000000000000000000000000000000000000E040" } }
#-}
