// The table is in registers where bytes can be looked up there: halves of it, quarters, or sixteenths.
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,features=dot_u8s8|saturating_pack|byte_lookup|byte_permute,vector_bits=512,registers=32>},pattern-compress-weights,pattern-layout-activations,pattern-schedule-convolutions,pattern-lower-convolutions)' | FileCheck %s --check-prefix=HALVES
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,features=dot_u8s8|saturating_pack|byte_lookup,vector_bits=512,registers=32>},pattern-compress-weights,pattern-layout-activations,pattern-schedule-convolutions,pattern-lower-convolutions)' | FileCheck %s --check-prefix=SIXTEENTHS
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,features=lane_multiply|byte_lookup,vector_bits=128,registers=32>},pattern-compress-weights,pattern-layout-activations,pattern-schedule-convolutions,pattern-lower-convolutions)' | FileCheck %s --check-prefix=QUARTERS
// Else each byte is looked up in memory.
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,vector_bits=256,registers=16>},pattern-compress-weights,pattern-layout-activations,pattern-schedule-convolutions,pattern-lower-convolutions)' | FileCheck %s --check-prefix=EACH

// HALVES: "llvm.x86.avx512.packuswb.512"
// HALVES-COUNT-4: vector.load %[[TABLE:.*]][%{{.*}}] : memref<256xi8>, vector<64xi8>
// HALVES: %[[IS_HIGH:.*]] = arith.cmpi slt,
// HALVES-COUNT-2: "llvm.x86.avx512.vpermi2var.qi.512"
// HALVES: arith.select %[[IS_HIGH]], {{.*}} : vector<64xi1>, vector<64xi8>
// HALVES: vector.store

// SIXTEENTHS: "llvm.x86.avx512.packuswb.512"
// SIXTEENTHS-COUNT-16: vector.load %{{.*}}[%{{.*}}] : memref<256xi8>, vector<16xi8>
// The first of the table, and the last.
// SIXTEENTHS: arith.xori {{.*}}%[[ZERO:.*]] : vector<64xi8>
// SIXTEENTHS: "llvm.uadd.sat.v64i8"
// SIXTEENTHS: "llvm.x86.avx512.pshuf.b.512"
// SIXTEENTHS-COUNT-15: arith.ori
// SIXTEENTHS: vector.store

// Of four bytes, the first of as many as an instruction takes.
// QUARTERS: vector.shuffle {{.*}} [0, 1, 2, 3, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<4xi8>, vector<4xi8>
// QUARTERS-COUNT-16: vector.load %{{.*}}[%{{.*}}] : memref<256xi8>, vector<16xi8>
// QUARTERS: "llvm.aarch64.neon.tbl4.v16i8"
// QUARTERS-COUNT-3: "llvm.aarch64.neon.tbx4.v16i8"
// QUARTERS: vector.shuffle {{.*}} [0, 1, 2, 3] : vector<16xi8>, vector<16xi8>

// EACH-NOT: llvm.call_intrinsic
// EACH: vector.extract
// EACH: memref.load %{{.*}}[%{{.*}}] : memref<256xi8>
// EACH: vector.from_elements {{.*}} : vector<8xi8>
func.func @layer(%x: tensor<1x2x8x32xi8>) -> tensor<1x4x8x32xi8> {
  %w = arith.constant dense<2> : tensor<4x2x1x1xi8>
  %s = arith.constant dense<0.5> : tensor<4xf32>
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>>
      {quantization = #pattern.quantization<bytes = u8,
       input = <scale = 0.1, zero_point = 0>, output = <scale = 0.2, zero_point = 7>, low = 7, high = 255,
       lookup = <from = <scale = 0.2, zero_point = 7>, table = dense<3> : tensor<256xi8>>>}
      : (tensor<1x2x8x32xi8>, tensor<4x2x1x1xi8>, tensor<4xf32>) -> tensor<1x4x8x32xi8>
  return %y : tensor<1x4x8x32xi8>
}
