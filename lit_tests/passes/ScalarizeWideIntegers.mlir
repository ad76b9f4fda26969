// RUN: pattern-opt %s %target-gpu -pattern-scalarize-wide-integers | FileCheck %s
// RUN: pattern-opt %s %target-gpu -pattern-scalarize-wide-integers --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: Category:pattern-scalarize-wide-integers | scalarized=3

#id = affine_map<(n, p) -> (n, p)>

// The index is of a loop that has more than one iteration, or it would be a constant.
// CHECK-LABEL: @wide
// CHECK: %[[Y:.+]] = arith.sitofp
// CHECK: %[[INDEX:.+]] = linalg.index 1 : index
// CHECK: %[[I:.+]] = arith.index_cast %[[INDEX]] : index to i32
// CHECK: %[[NEVER:.+]] = arith.cmpi slt, %[[I]], %{{.+}} : i32
// CHECK: %[[Z:.+]] = arith.select %[[NEVER]], %{{.+}}, %[[Y]] : f32
// CHECK: linalg.yield %[[Z]] : f32
func.func @wide(%x: tensor<1x64xi64>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<1x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x64xi64>) outs(%e : tensor<1x64xf32>) {
  ^bb0(%a: i64, %o: f32):
    %f = arith.sitofp %a : i64 to f32
    linalg.yield %f : f32
  } -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// CHECK-LABEL: @narrow
// CHECK-NOT: linalg.index
func.func @narrow(%x: tensor<1x64xi32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<1x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x64xi32>) outs(%e : tensor<1x64xf32>) {
  ^bb0(%a: i32, %o: f32):
    %f = arith.sitofp %a : i32 to f32
    linalg.yield %f : f32
  } -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// CHECK-LABEL: @one_element
// CHECK-NOT: linalg.index
func.func @one_element(%x: tensor<1x1xi64>) -> tensor<1x1xf32> {
  %e = tensor.empty() : tensor<1x1xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x1xi64>) outs(%e : tensor<1x1xf32>) {
  ^bb0(%a: i64, %o: f32):
    %f = arith.sitofp %a : i64 to f32
    linalg.yield %f : f32
  } -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// CHECK-LABEL: @sum
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]
// CHECK: %[[S:.+]] = arith.addi
// CHECK: linalg.index 0 : index
// CHECK: %[[Z:.+]] = arith.select %{{.+}}, %{{.+}}, %[[S]] : i64
// CHECK: linalg.yield %[[Z]] : i64
func.func @sum(%x: tensor<8x64xi64>, %zero: tensor<8xi64>) -> tensor<8xi64> {
  %y = linalg.generic {indexing_maps = [#id, affine_map<(n, p) -> (n)>], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x64xi64>) outs(%zero : tensor<8xi64>) {
  ^bb0(%a: i64, %o: i64):
    %s = arith.addi %a, %o : i64
    linalg.yield %s : i64
  } -> tensor<8xi64>
  return %y : tensor<8xi64>
}

// Named operations have no body to change.
// CHECK-LABEL: @product
// CHECK-NOT: linalg.matmul
// CHECK: arith.muli
// CHECK: linalg.index
func.func @product(%a: tensor<8x64xi64>, %b: tensor<64x8xi64>, %zero: tensor<8x8xi64>) -> tensor<8x8xi64> {
  %y = linalg.matmul ins(%a, %b : tensor<8x64xi64>, tensor<64x8xi64>) outs(%zero : tensor<8x8xi64>) -> tensor<8x8xi64>
  return %y : tensor<8x8xi64>
}
