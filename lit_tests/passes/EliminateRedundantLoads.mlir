// Load redundancy elimination in the bodies of executables.
// RUN: pattern-opt %s -pattern-eliminate-redundant-loads -split-input-file | FileCheck %s
// RUN: pattern-opt %s -pattern-eliminate-redundant-loads -split-input-file --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Filter level: two filters read one vector. Kernel level: their weights are loaded for two vectors.
// CHECK-LABEL: func.func @operands(
// CHECK-SAME: %[[K:[^:]+]]: index, %[[AT:[^:]+]]: index, %[[X:[^:]+]]: memref<64xf32>, %[[W:[^:]+]]: memref<8xf32>
// CHECK-DAG: %[[C1:.+]] = arith.constant 1 : index
// CHECK-DAG: %[[C4:.+]] = arith.constant 4 : index
// CHECK: %[[W0:.+]] = memref.load %[[W]][%[[K]]]
// CHECK: %[[B0:.+]] = vector.broadcast %[[W0]]
// CHECK: %[[X0:.+]] = vector.load %[[X]][%[[AT]]]
// CHECK: %[[Y00:.+]] = vector.fma %[[B0]], %[[X0]],
// CHECK: %[[K1:.+]] = arith.addi %[[K]], %[[C1]]
// CHECK: %[[W1:.+]] = memref.load %[[W]][%[[K1]]]
// CHECK: %[[B1:.+]] = vector.broadcast %[[W1]]
// CHECK-NEXT: %[[Y10:.+]] = vector.fma %[[B1]], %[[X0]],
// CHECK: %[[AT1:.+]] = arith.addi %[[AT]], %[[C4]]
// CHECK: %[[X1:.+]] = vector.load %[[X]][%[[AT1]]]
// CHECK-NEXT: vector.fma %[[B0]], %[[X1]], %[[Y00]]
// CHECK-NEXT: vector.fma %[[B1]], %[[X1]], %[[Y10]]
// REMARK: Category:pattern-eliminate-redundant-loads | loads-after=4, loads-before=8, multiply-adds=4
"stream.executable"() <{sym_name = "operands"}> ({
  builtin.module {
    func.func @operands(%k: index, %at: index, %x: memref<64xf32>, %w: memref<8xf32>, %acc: vector<4xf32>)
        -> (vector<4xf32>, vector<4xf32>) {
      %w00 = memref.load %w[%k] : memref<8xf32>
      %b00 = vector.broadcast %w00 : f32 to vector<4xf32>
      %x00 = vector.load %x[%at] : memref<64xf32>, vector<4xf32>
      %y00 = vector.fma %b00, %x00, %acc : vector<4xf32>
      %one = arith.constant 1 : index
      %k1 = arith.addi %k, %one : index
      %w10 = memref.load %w[%k1] : memref<8xf32>
      %b10 = vector.broadcast %w10 : f32 to vector<4xf32>
      %x10 = vector.load %x[%at] : memref<64xf32>, vector<4xf32>
      %y10 = vector.fma %b10, %x10, %acc : vector<4xf32>
      %w01 = memref.load %w[%k] : memref<8xf32>
      %b01 = vector.broadcast %w01 : f32 to vector<4xf32>
      %four = arith.constant 4 : index
      %at1 = arith.addi %at, %four : index
      %x01 = vector.load %x[%at1] : memref<64xf32>, vector<4xf32>
      %y01 = vector.fma %b01, %x01, %y00 : vector<4xf32>
      %one2 = arith.constant 1 : index
      %k12 = arith.addi %k, %one2 : index
      %w11 = memref.load %w[%k12] : memref<8xf32>
      %b11 = vector.broadcast %w11 : f32 to vector<4xf32>
      %four2 = arith.constant 4 : index
      %at12 = arith.addi %at, %four2 : index
      %x11 = vector.load %x[%at12] : memref<64xf32>, vector<4xf32>
      %y11 = vector.fma %b11, %x11, %y10 : vector<4xf32>
      return %y01, %y11 : vector<4xf32>, vector<4xf32>
    }
  }
}) : () -> ()

// -----

// Kernel level: the second vector of the tap in one row is the first of the tap in the next, four further.
// CHECK-LABEL: func.func @taps(
// CHECK-COUNT-2: memref.load %{{.+}}[%{{.+}}] : memref<64xf32>
// CHECK-NOT: memref.load
// REMARK: Category:pattern-eliminate-redundant-loads | loads-after=2, loads-before=3, multiply-adds=3
"stream.executable"() <{sym_name = "taps"}> ({
  builtin.module {
    func.func @taps(%base: index, %w: f32, %x: memref<64xf32>) -> f32 {
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c12 = arith.constant 12 : index
      %tap = arith.addi %base, %c4 : index
      %x0 = memref.load %x[%tap] : memref<64xf32>
      %second = arith.addi %tap, %c8 : index
      %x1 = memref.load %x[%second] : memref<64xf32>
      %next = arith.addi %base, %c12 : index
      %x2 = memref.load %x[%next] : memref<64xf32>
      %p0 = arith.mulf %w, %x0 : f32
      %p1 = arith.mulf %w, %x1 : f32
      %p2 = arith.mulf %w, %x2 : f32
      %s0 = arith.addf %p0, %w : f32
      %s1 = arith.addf %s0, %p1 : f32
      %s2 = arith.addf %s1, %p2 : f32
      return %s2 : f32
    }
  }
}) : () -> ()

// -----

// A write in between, another address, another buffer, another block.
// CHECK-LABEL: func.func @left_alone(
// CHECK-COUNT-5: memref.load
// REMARK: Category:pattern-eliminate-redundant-loads | loads-after=0, loads-before=0, multiply-adds=0
"stream.executable"() <{sym_name = "left_alone"}> ({
  builtin.module {
    func.func @left_alone(%i: index, %j: index, %c: i1, %a: memref<8xf32>, %b: memref<8xf32>) {
      %0 = memref.load %a[%i] : memref<8xf32>
      memref.store %0, %b[%j] : memref<8xf32>
      %1 = memref.load %a[%i] : memref<8xf32>
      %2 = memref.load %a[%j] : memref<8xf32>
      %3 = memref.load %b[%j] : memref<8xf32>
      scf.if %c {
        %4 = memref.load %b[%j] : memref<8xf32>
        memref.store %4, %b[%i] : memref<8xf32>
      }
      memref.store %1, %b[%i] : memref<8xf32>
      memref.store %2, %b[%i] : memref<8xf32>
      memref.store %3, %b[%i] : memref<8xf32>
      return
    }
  }
}) : () -> ()

// -----

// So is what is not in an executable.
// CHECK-LABEL: func.func @host(
// CHECK-COUNT-2: memref.load
// REMARK: Category:pattern-eliminate-redundant-loads | loads-after=0, loads-before=0, multiply-adds=0
func.func @host(%i: index, %a: memref<8xf32>) -> (f32, f32) {
  %0 = memref.load %a[%i] : memref<8xf32>
  %1 = memref.load %a[%i] : memref<8xf32>
  return %0, %1 : f32, f32
}
