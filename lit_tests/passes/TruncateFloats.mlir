// RUN: pattern-opt %s %target-vm -pattern-truncate-floats | FileCheck %s
// RUN: pattern-opt %s %target-vm -pattern-truncate-floats --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: Category:pattern-truncate-floats | shortened=1, truncated=2

// CHECK-LABEL: @truncated
// CHECK-SAME: %[[X:[^:]+]]: f32
// CHECK-DAG: %[[NEGATIVE:.+]] = arith.cmpf olt, %[[X]], %{{.+}} : f32
// CHECK-DAG: %[[UP:.+]] = math.ceil %[[X]] : f32
// CHECK-DAG: %[[DOWN:.+]] = math.floor %[[X]] : f32
// CHECK: %[[WHOLE:.+]] = arith.select %[[NEGATIVE]], %[[UP]], %[[DOWN]] : f32
// CHECK: arith.fptosi %[[WHOLE]] : f32 to i64
// CHECK: %[[WORD:.+]] = arith.fptosi %{{.+}} : f32 to i32
// CHECK-NEXT: arith.trunci %[[WORD]] : i32 to i8
func.func @truncated(%x: f32) -> (i64, i8) {
  %s = arith.fptosi %x : f32 to i64
  %u = arith.fptoui %x : f32 to i8
  return %s, %u : i64, i8
}

// CHECK-LABEL: @whole
// CHECK: %[[FLOOR:.+]] = math.floor
// CHECK-NEXT: arith.fptosi %[[FLOOR]]
func.func @whole(%x: f32) -> i64 {
  %f = math.floor %x : f32
  %s = arith.fptosi %f : f32 to i64
  return %s : i64
}
