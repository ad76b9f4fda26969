// Dense products of more rows become layers where the model quantises them and the target multiplies bytes.
// RUN: pattern-opt %s -pattern-attach-target='target="#pattern.target<device = cpu, features = dot_s16, vector_bits = 64, registers = 16>"' -pattern-raise-fully-connected | FileCheck %s
// RUN: pattern-opt %s -pattern-attach-target='target="#pattern.target<device = cpu, vector_bits = 64, registers = 16>"' -pattern-raise-fully-connected | FileCheck %s --check-prefix=FLOAT

// FLOAT-NOT: pattern.conv2d

#id = affine_map<(n, c) -> (n, c)>
#columns = affine_map<(n, c) -> (c)>

// With a bias and the addition of what is dequantised.
// CHECK-LABEL: @epilogue
// CHECK-SAME: %[[B:[^: ]+]]: tensor<2xf32>)
// CHECK-NOT: linalg.matmul
// CHECK: pattern.conv2d %{{.+}}, %{{.+}} bias(%[[B]])
// CHECK-NOT: linalg.matmul
// CHECK: return
func.func @epilogue(%n: tensor<3x2xf32>, %m: tensor<3x2xf32>, %b: tensor<2xf32>) -> tensor<3x2xf32> {
  %c0 = arith.constant 0.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %w = arith.constant dense<[[127.0, 1.0], [-1.0, 127.0]]> : tensor<2x2xf32>
  %zeros = arith.constant dense<0.0> : tensor<3x2xf32>
  %e = tensor.empty() : tensor<3x2xf32>
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%n : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    linalg.yield %0 : f32
  } -> tensor<3x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%m : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    linalg.yield %0 : f32
  } -> tensor<3x2xf32>
  %p = linalg.matmul ins(%x, %w : tensor<3x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<3x2xf32>) -> tensor<3x2xf32>
  %q = linalg.generic {indexing_maps = [#id, #columns, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %b : tensor<3x2xf32>, tensor<2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<3x2xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %q : tensor<3x2xf32>, tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %other: f32, %out: f32):
    %0 = arith.addf %in, %other : f32
    linalg.yield %0 : f32
  } -> tensor<3x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    linalg.yield %3 : f32
  } -> tensor<3x2xf32>
  return %z : tensor<3x2xf32>
}

// Each lacks one thing: a quantised output, a dequantised input, weights that are steps of a scale, that nothing but a
// quantisation reads it, a function that a layer has.
// CHECK-LABEL: @left_alone
// CHECK-COUNT-5: linalg.matmul
// CHECK-NOT: pattern.conv2d
func.func @left_alone(%n: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x5xf32>, tensor<3x2xf32>,
    tensor<3x2xf32>, tensor<3x2xf32>) {
  %c0 = arith.constant 0.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %w = arith.constant dense<[[127.0, 1.0], [-1.0, 127.0]]> : tensor<2x2xf32>
  %steps = arith.constant dense<[[1.0, 127.0, 127.0, 127.0, 127.0], [0.777, 0.31415, 1.0, 1.0, 1.0]]> : tensor<2x5xf32>
  %zeros = arith.constant dense<0.0> : tensor<3x2xf32>
  %more = arith.constant dense<0.0> : tensor<3x5xf32>
  %e = tensor.empty() : tensor<3x2xf32>
  %f = tensor.empty() : tensor<3x5xf32>
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%n : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    linalg.yield %0 : f32
  } -> tensor<3x2xf32>
  %a = linalg.matmul ins(%x, %w : tensor<3x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<3x2xf32>) -> tensor<3x2xf32>
  %b = linalg.matmul ins(%n, %w : tensor<3x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<3x2xf32>) -> tensor<3x2xf32>
  %qb = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%b : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    linalg.yield %3 : f32
  } -> tensor<3x2xf32>
  %c = linalg.matmul ins(%x, %steps : tensor<3x2xf32>, tensor<2x5xf32>) outs(%more : tensor<3x5xf32>) -> tensor<3x5xf32>
  %qc = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : tensor<3x5xf32>) outs(%f : tensor<3x5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    linalg.yield %3 : f32
  } -> tensor<3x5xf32>
  %d = linalg.matmul ins(%x, %w : tensor<3x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<3x2xf32>) -> tensor<3x2xf32>
  %qd = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    linalg.yield %3 : f32
  } -> tensor<3x2xf32>
  %g = linalg.matmul ins(%x, %w : tensor<3x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<3x2xf32>) -> tensor<3x2xf32>
  %tanh = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.tanh %in : f32
    linalg.yield %0 : f32
  } -> tensor<3x2xf32>
  %qg = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%tanh : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    linalg.yield %3 : f32
  } -> tensor<3x2xf32>
  return %a, %qb, %qc, %d, %qd, %qg : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x5xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>
}
