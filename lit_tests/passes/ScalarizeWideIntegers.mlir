// RUN: pattern-opt %s %target-gpu -pattern-scalarize-wide-integers | FileCheck %s
// RUN: pattern-opt %s %target-gpu -pattern-scalarize-wide-integers --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: Category:pattern-scalarize-wide-integers | scalarized=1

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
