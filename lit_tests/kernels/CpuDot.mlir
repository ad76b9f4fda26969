// Four taps of a pattern are one instruction: rows of 64 bytes, interleaved for 16 positions a vector.
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,features=dot_u8s8,vector_bits=512,registers=32>},pattern-compress-weights,pattern-layout-activations,pattern-schedule-convolutions,pattern-lower-convolutions)' | FileCheck %s
// Of a target with no such instruction, products of 32 bits.
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,vector_bits=256,registers=16>},pattern-compress-weights,pattern-layout-activations,pattern-schedule-convolutions,pattern-lower-convolutions)' | FileCheck %s --check-prefix=MULTIPLY
// Where bytes can be packed with saturation, four rows are interleaved within 128 bits, and the epilogue undoes the order.
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,features=dot_u8s8|saturating_pack,vector_bits=512,registers=32>},pattern-compress-weights,pattern-layout-activations,pattern-schedule-convolutions,pattern-lower-convolutions)' | FileCheck %s --check-prefix=BLOCKS
// The schedule says which.
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,features=dot_u8s8,vector_bits=512,registers=32>},pattern-compress-weights,pattern-layout-activations,pattern-schedule-convolutions)' | FileCheck %s --check-prefix=SCHEDULE

// SCHEDULE: #schedule.cpu_dot<lanes = 16, vectors = 3, filters = 4, {{.*}}products = dot_u8s8>

// Taps 0, 1 and 3, 4: two rows, the second one a pitch behind.
// CHECK: vector.load {{.*}} : memref<{{.*}}xi8>, vector<64xi8>
// CHECK: vector.load {{.*}} : memref<{{.*}}xi8>, vector<64xi8>
// CHECK-NOT: vector<64xi8>{{$}}
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [0, 1, 64, 65, 1, 2, 65, 66, 2, 3,
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [16, 17, 80, 81,
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [32, 33, 96, 97,
// CHECK-COUNT-12: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"({{.*}}) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
// CHECK-NOT: vpdpbusd
// CHECK: arith.sitofp {{.*}} : vector<16xi32> to vector<16xf32>
// CHECK: arith.bitcast {{.*}} : vector<16xf32> to vector<16xi32>
// CHECK: arith.trunci {{.*}} : vector<16xi32> to vector<16xi8>

// BLOCKS-COUNT-4: vector.load {{.*}} : memref<{{.*}}xi8>, vector<64xi8>
// BLOCKS: vector.shuffle %{{.*}}, %{{.*}} [0, 64, 1, 65, 2, 66, 3, 67, 4, 68, 5, 69, 6, 70, 7, 71, 16, 80,
// BLOCKS: vector.shuffle %{{.*}}, %{{.*}} [0, 1, 64, 65, 2, 3, 66, 67, 4, 5, 68, 69, 6, 7, 70, 71, 16, 17, 80, 81,
// BLOCKS-COUNT-16: "llvm.x86.avx512.vpdpbusd.512"
// BLOCKS-NOT: vpdpbusd
// BLOCKS-COUNT-4: "llvm.lrint.v16i32.v16f32"
// BLOCKS: "llvm.x86.avx512.packssdw.512"({{.*}}) : (vector<16xi32>, vector<16xi32>) -> vector<32xi16>
// BLOCKS: "llvm.sadd.sat.v32i16"
// BLOCKS: "llvm.x86.avx512.packssdw.512"
// BLOCKS: "llvm.x86.avx512.packuswb.512"({{.*}}) : (vector<32xi16>, vector<32xi16>) -> vector<64xi8>
// The range begins at 7.
// BLOCKS: arith.maxui {{.*}} : vector<64xi8>
// BLOCKS-NOT: arith.minui
// BLOCKS: vector.store {{.*}} vector<32xi8>

// MULTIPLY-NOT: llvm.call_intrinsic
// MULTIPLY: arith.muli {{.*}} : vector<8xi32>
func.func @layer(%x: tensor<1x2x8x32xi8>) -> tensor<1x4x8x32xi8> {
  %w = arith.constant dense<[
      [[[1, 2, 0], [3, 4, 0], [0, 0, 0]], [[5, 6, 0], [7, 8, 0], [0, 0, 0]]],
      [[[1, 2, 0], [3, 4, 0], [0, 0, 0]], [[5, 6, 0], [7, 8, 0], [0, 0, 0]]],
      [[[1, 2, 0], [3, 4, 0], [0, 0, 0]], [[5, 6, 0], [7, 8, 0], [0, 0, 0]]],
      [[[1, 2, 0], [3, 4, 0], [0, 0, 0]], [[5, 6, 0], [7, 8, 0], [0, 0, 0]]]]> : tensor<4x2x3x3xi8>
  %s = arith.constant dense<0.5> : tensor<4xf32>
  %y = pattern.conv2d %x, %w scale(%s) map <set = <3x3, [[0, 1, 3, 4]]>, ids = dense<1> : tensor<4x2xui8>>
      {padding = array<i64: 1, 1, 1, 1>, quantization = #pattern.quantization<bytes = u8,
       input = <scale = 0.1, zero_point = 5>, output = <scale = 0.2, zero_point = 7>, low = 7, high = 255>}
      : (tensor<1x2x8x32xi8>, tensor<4x2x3x3xi8>, tensor<4xf32>) -> tensor<1x4x8x32xi8>
  return %y : tensor<1x4x8x32xi8>
}
