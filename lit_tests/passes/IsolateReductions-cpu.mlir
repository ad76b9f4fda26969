// RUN: pattern-opt %s -pattern-isolate-reductions | FileCheck %s
// RUN: pattern-opt %s %target-vm -pattern-isolate-reductions | FileCheck %s --check-prefix=VM

// VM-NOT: util.optimization_barrier

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#rows = affine_map<(d0, d1) -> (d0, 0)>
#first = affine_map<(d0, d1) -> (0, d1)>

// The sums of rows, by row and by column.
// CHECK-LABEL: @pairs
// CHECK: %[[SUM:.+]] = linalg.generic
// CHECK: "util.optimization_barrier"(%[[SUM]])
func.func @pairs(%x: tensor<5x7xf32>, %init: tensor<5xf32>, %e: tensor<5x5xf32>) -> tensor<5x5xf32> {
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<5x7xf32>) outs(%init : tensor<5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %out : f32
    linalg.yield %s : f32
  } -> tensor<5xf32>
  %y = linalg.generic {indexing_maps = [#row, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%sum, %sum : tensor<5xf32>, tensor<5xf32>) outs(%e : tensor<5x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<5x5xf32>
  return %y : tensor<5x5xf32>
}

// Through a reshape, and through something computed of each element.
// CHECK-LABEL: @reshaped
// CHECK: %[[SUM:.+]] = linalg.generic
// CHECK: "util.optimization_barrier"(%[[SUM]])
func.func @reshaped(%x: tensor<5x7xf32>, %init: tensor<5xf32>, %e: tensor<5x5xf32>, %f: tensor<5x1xf32>) -> tensor<5x5xf32> {
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<5x7xf32>) outs(%init : tensor<5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %out : f32
    linalg.yield %s : f32
  } -> tensor<5xf32>
  %a = tensor.expand_shape %sum [[0, 1]] output_shape [5, 1] : tensor<5xf32> into tensor<5x1xf32>
  %b = tensor.expand_shape %sum [[0, 1]] output_shape [1, 5] : tensor<5xf32> into tensor<1x5xf32>
  %exp = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<5x1xf32>) outs(%f : tensor<5x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = math.exp %in : f32
    linalg.yield %s : f32
  } -> tensor<5x1xf32>
  %y = linalg.generic {indexing_maps = [#rows, #first, #id], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %b : tensor<5x1xf32>, tensor<1x5xf32>) outs(%e : tensor<5x5xf32>) {
  ^bb0(%in: f32, %in2: f32, %out: f32):
    %s = arith.addf %in, %in2 : f32
    linalg.yield %s : f32
  } -> tensor<5x5xf32>
  return %y : tensor<5x5xf32>
}

// In one way, as a norm does, and twice in the same way.
// CHECK-LABEL: @one_way
// CHECK-NOT: util.optimization_barrier
func.func @one_way(%x: tensor<5x7xf32>, %init: tensor<5x1xf32>, %e: tensor<5x7xf32>) -> tensor<5x7xf32> {
  %sum = linalg.generic {indexing_maps = [#id, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<5x7xf32>) outs(%init : tensor<5x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %out : f32
    linalg.yield %s : f32
  } -> tensor<5x1xf32>
  %flat = tensor.collapse_shape %sum [[0, 1]] : tensor<5x1xf32> into tensor<5xf32>
  %y = linalg.generic {indexing_maps = [#id, #rows, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum, %flat : tensor<5x7xf32>, tensor<5x1xf32>, tensor<5xf32>) outs(%e : tensor<5x7xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %out: f32):
    %s = arith.subf %a, %b : f32
    %t = arith.mulf %s, %c : f32
    linalg.yield %t : f32
  } -> tensor<5x7xf32>
  return %y : tensor<5x7xf32>
}
