// RUN: pattern-opt %s -pattern-demote-f32-to-f16 -split-input-file | FileCheck %s

// Casts stand at the border of the function. The blob is rounded, and keeps its name. In its place, 1 + 2⁻¹² is 1, and
// 65519 the largest number; one number beyond, as a bound of a clamp may be, is infinite.
// CHECK-LABEL: @main(
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32>
// CHECK-DAG: %[[H:.+]] = arith.truncf %[[X]] : tensor<1x2x4x4xf32> to tensor<1x2x4x4xf16>
// CHECK-DAG: %[[W:.+]] = arith.constant dense_resource<conv.weight.f16> : tensor<1x2x1x1xf16>
// CHECK-DAG: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : tensor<1x1x4x4xf16>
// CHECK-DAG: %[[BOUND:.+]] = arith.constant 0xFC00 : f16
// CHECK: %[[Y:.+]] = linalg.conv_2d_nchw_fchw ins(%[[H]], %[[W]] : {{.*}}) outs(%[[ZERO]] : {{.*}}) -> tensor<1x1x4x4xf16>
// CHECK: %[[E:.+]] = tensor.empty() : tensor<1x1x4x4xf16>
// CHECK: %[[Z:.+]] = linalg.generic
// CHECK-NEXT: ^bb0(%[[IN:.+]]: f16, %{{.+}}: f16):
// CHECK-NEXT: %[[MAX:.+]] = arith.maximumf %[[IN]], %[[BOUND]] : f16
// CHECK-NEXT: linalg.yield %[[MAX]] : f16
// CHECK: %[[RESULT:.+]] = arith.extf %[[Z]] : tensor<1x1x4x4xf16> to tensor<1x1x4x4xf32>
// CHECK: return %[[RESULT]]
// CHECK: conv.weight.f16: "0x02000000003CFF7B"
#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense_resource<conv.weight> : tensor<1x2x1x1xf32>
  %zero = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %bound = arith.constant -3.0e+38 : f32
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>)
      outs(%zero : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %bound : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %z : tensor<1x1x4x4xf32>
}

{-#
  dialect_resources: { builtin: { conv.weight: "0x040000000008803F00EF7F47" } }
#-}

// -----

// What would round to zero stays the smallest number: zeros alone say what is pruned.
// CHECK-LABEL: @tiny
// CHECK: arith.constant dense<-5.960460e-08> : tensor<2xf16>
// CHECK: tiny.f16: "0x02000000010001800000"
func.func @tiny() -> (tensor<3xf32>, tensor<2xf32>) {
  %v = arith.constant dense<-1.0e-10> : tensor<2xf32>
  %w = arith.constant dense_resource<tiny> : tensor<3xf32>
  return %w, %v : tensor<3xf32>, tensor<2xf32>
}

{-#
  dialect_resources: { builtin: { tiny: "0x04000000000000300000808000000000" } }
#-}

// -----

// One constant in two places is one blob; elements in the text become one as well.
// CHECK-LABEL: @shared_constants
// CHECK: arith.constant dense_resource<constant.f16> : tensor<2xf16>
// CHECK: arith.constant dense_resource<constant.f16> : tensor<2xf16>
// CHECK: constant.f16: "0x02000000003C0040"
func.func @shared_constants(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = arith.addf %x, %a : tensor<2xf32>
  %1 = arith.mulf %0, %b : tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----

// Other types stay. What comes from f64 is rounded once.
// CHECK-LABEL: @other_types
// CHECK: arith.truncf %{{.+}} : f64 to f16
// CHECK: arith.sitofp %{{.+}} : i64 to f16
// CHECK: arith.addf %{{.+}} : f64
// CHECK: arith.addf %{{.+}} : tensor<2xf16>
// CHECK-NOT: f32
// CHECK: return
func.func @other_types(%d: f64, %i: i64, %h: tensor<2xf16>) -> (f64, tensor<2xf16>, i1) {
  %0 = arith.truncf %d : f64 to f32
  %1 = arith.sitofp %i : i64 to f32
  %2 = arith.cmpf olt, %0, %1 : f32
  %3 = arith.addf %d, %d : f64
  %4 = arith.addf %h, %h : tensor<2xf16>
  return %3, %4, %2 : f64, tensor<2xf16>, i1
}

// -----

// Bits of an f32, casts to other floats of 16 bits, calls, and buffers are as they were; branches carry f32.
// CHECK-LABEL: @left_alone
// CHECK: %[[X:.+]] = arith.truncf %arg0 : f32 to f16
// CHECK: %[[Y:.+]] = arith.addf %[[X]], %[[X]] : f16
// CHECK: %[[WIDE:.+]] = arith.extf %[[Y]] : f16 to f32
// CHECK-DAG: arith.bitcast %[[WIDE]] : f32 to i32
// CHECK-DAG: arith.truncf %[[WIDE]] : f32 to bf16
// CHECK-DAG: call @other(%[[WIDE]]) : (f32) -> f32
// CHECK-DAG: memref.store %[[WIDE]], %{{.+}} : memref<f32>
// CHECK: cf.br ^bb1(%[[WIDE]] : f32)
// CHECK: ^bb1(%[[ARG:.+]]: f32):
// CHECK: %[[HALF:.+]] = arith.truncf %[[ARG]] : f32 to f16
// CHECK: %[[Z:.+]] = arith.negf %[[HALF]] : f16
// CHECK: arith.extf %[[Z]] : f16 to f32
func.func @left_alone(%x: f32, %m: memref<f32>) -> (i32, bf16, f32, f32) {
  %y = arith.addf %x, %x : f32
  %bits = arith.bitcast %y : f32 to i32
  %b = arith.truncf %y : f32 to bf16
  %c = func.call @other(%y) : (f32) -> f32
  memref.store %y, %m[] : memref<f32>
  cf.br ^bb1(%y : f32)
^bb1(%z: f32):
  %n = arith.negf %z : f32
  return %bits, %b, %c, %n : i32, bf16, f32, f32
}
func.func private @other(f32) -> f32

// -----

// The layer has the name of its weights. Its convolution is raised as if it had been in f16 from the beginning.
// RUN: pattern-opt %s -pattern-demote-f32-to-f16 -pattern-raise-convolutions -split-input-file | FileCheck %s --check-prefix=NAME
// NAME: pattern.conv2d {{.*}} {layer = "conv"} {{.*}} -> tensor<1x1x4x4xf16>

// A slice that threads write stays, as what they write it to belongs to the loop.
// CHECK-LABEL: @parallel_slices
// CHECK: scf.forall {{.*}} shared_outs(%[[OUT:.+]] = %{{.+}}) -> (tensor<4xf32>)
// CHECK: tensor.parallel_insert_slice %{{.+}} into %[[OUT]][{{.*}}] [1] [1] : tensor<1xf32> into tensor<4xf32>
func.func @parallel_slices(%x: tensor<1xf32>, %o: tensor<4xf32>) -> tensor<4xf32> {
  %r = scf.forall (%i) in (4) shared_outs(%out = %o) -> (tensor<4xf32>) {
    %e = tensor.empty() : tensor<1xf32>
    %y = linalg.exp ins(%x : tensor<1xf32>) outs(%e : tensor<1xf32>) -> tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %y into %out[%i] [1] [1] : tensor<1xf32> into tensor<4xf32>
    }
  }
  return %r : tensor<4xf32>
}
