// RUN: pattern-opt %s %target-gpu -pattern-isolate-reductions -split-input-file | FileCheck %s
// RUN: pattern-opt %s %target-gpu -pattern-isolate-reductions -split-input-file --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#id = affine_map<(c, p) -> (c, p)>
#position = affine_map<(c, p) -> (p)>

// What is computed for a reduction and read again is apart from it, as is its result; what it alone reads is not.
// CHECK-LABEL: @log_softmax
// CHECK: %[[SHIFTED:.+]] = linalg.generic
// CHECK: %[[ALONE:.+]] = "util.optimization_barrier"(%[[SHIFTED]]) : (tensor<3x5xf32>) -> tensor<3x5xf32>
// CHECK: %[[POWER:.+]] = linalg.generic {{.*}} ins(%[[ALONE]] :
// CHECK: %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[POWER]] :
// CHECK: %[[SUM_ALONE:.+]] = "util.optimization_barrier"(%[[SUM]]) : (tensor<5xf32>) -> tensor<5xf32>
// CHECK: linalg.generic {{.*}} ins(%[[ALONE]], %[[SUM_ALONE]] :
// REMARK: Category:pattern-isolate-reductions | reductions=1
func.func @log_softmax(%x: tensor<3x5xf32>, %zero: tensor<5xf32>) -> tensor<3x5xf32> {
  %e = tensor.empty() : tensor<3x5xf32>
  %shifted = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<3x5xf32>
  %power = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%shifted : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = math.exp %a : f32
    linalg.yield %n : f32
  } -> tensor<3x5xf32>
  %sum = linalg.generic {indexing_maps = [#id, #position], iterator_types = ["reduction", "parallel"]} ins(%power : tensor<3x5xf32>) outs(%zero : tensor<5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<5xf32>
  %y = linalg.generic {indexing_maps = [#id, #position, #id], iterator_types = ["parallel", "parallel"]} ins(%shifted, %sum : tensor<3x5xf32>, tensor<5xf32>) outs(%e : tensor<3x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.subf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// -----

#all = affine_map<(c, p) -> (c, p)>
#other = affine_map<(c, p) -> (p)>

// What has two readers behind a reshape is apart as well.
// CHECK-LABEL: @reshaped
// CHECK: %[[SHIFTED:.+]] = linalg.generic
// CHECK: %[[ALONE:.+]] = "util.optimization_barrier"(%[[SHIFTED]]) : (tensor<15xf32>) -> tensor<15xf32>
// CHECK: %[[EXPANDED:.+]] = tensor.expand_shape %[[ALONE]]
// CHECK: linalg.generic {{.*}} ins(%[[EXPANDED]] :
// REMARK: Category:pattern-isolate-reductions | reductions=1
func.func @reshaped(%x: tensor<15xf32>, %zero: tensor<5xf32>) -> tensor<3x5xf32> {
  %flat = tensor.empty() : tensor<15xf32>
  %e = tensor.empty() : tensor<3x5xf32>
  %shifted = linalg.generic {indexing_maps = [affine_map<(p) -> (p)>, affine_map<(p) -> (p)>], iterator_types = ["parallel"]} ins(%x : tensor<15xf32>) outs(%flat : tensor<15xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<15xf32>
  %image = tensor.expand_shape %shifted [[0, 1]] output_shape [3, 5] : tensor<15xf32> into tensor<3x5xf32>
  %sum = linalg.generic {indexing_maps = [#all, #other], iterator_types = ["reduction", "parallel"]} ins(%image : tensor<3x5xf32>) outs(%zero : tensor<5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<5xf32>
  %y = linalg.generic {indexing_maps = [#all, #other, #all], iterator_types = ["parallel", "parallel"]} ins(%image, %sum : tensor<3x5xf32>, tensor<5xf32>) outs(%e : tensor<3x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.subf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// -----

// Products and their elementwise operations stay together.
// CHECK-LABEL: @matmul
// CHECK-NOT: util.optimization_barrier
// REMARK: Category:pattern-isolate-reductions | reductions=0
func.func @matmul(%x: tensor<3x5xf32>, %w: tensor<5x4xf32>, %zero: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<3x5xf32>, tensor<5x4xf32>) outs(%zero : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// -----

#row = affine_map<(c, p) -> (c, p)>
#place = affine_map<(c, p) -> (p)>

// A barrier has one type.
// CHECK-LABEL: @argmax
// CHECK: %[[BOTH:.+]]:2 = linalg.generic
// CHECK-DAG: %[[VALUE:.+]] = "util.optimization_barrier"(%[[BOTH]]#0) : (tensor<5xf32>)
// CHECK-DAG: %[[INDEX:.+]] = "util.optimization_barrier"(%[[BOTH]]#1) : (tensor<5xi64>)
// CHECK: return %[[VALUE]], %[[INDEX]]
func.func @argmax(%x: tensor<3x5xf32>, %least: tensor<5xf32>, %none: tensor<5xi64>) -> (tensor<5xf32>, tensor<5xi64>) {
  %y:2 = linalg.generic {indexing_maps = [#row, #place, #place], iterator_types = ["reduction", "parallel"]} ins(%x : tensor<3x5xf32>) outs(%least, %none : tensor<5xf32>, tensor<5xi64>) {
  ^bb0(%a: f32, %o: f32, %i: i64):
    %m = arith.maximumf %a, %o : f32
    linalg.yield %m, %i : f32, i64
  } -> (tensor<5xf32>, tensor<5xi64>)
  return %y#0, %y#1 : tensor<5xf32>, tensor<5xi64>
}
