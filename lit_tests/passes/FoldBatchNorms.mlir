// RUN: pattern-opt %s -pattern-fold-batch-norms -split-input-file | FileCheck %s

// As torch-mlir writes it: (x - mean) · 1/√(variance + ε) · factor + bias, all of which is computed once. Zeros stay.
// CHECK-LABEL: func.func @convolution(
// CHECK-SAME: %[[X:.+]]: tensor
// CHECK-DAG: %[[W:.+]] = arith.constant dense_resource<block.conv.weight.folded> : tensor<2x1x1x2xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense_resource<block.conv.bias.folded> : tensor<2xf32>
// CHECK: %[[I:.+]] = linalg.broadcast ins(%[[B]] : tensor<2xf32>) outs({{.*}}) dimensions = [0, 2, 3]
// CHECK: %[[Y:.+]] = linalg.conv_2d_nchw_fchw ins(%[[X]], %[[W]] : {{.*}}) outs(%[[I]] :
// CHECK-NEXT: return %[[Y]]
// 1·2, 2·2, 3·4, 0·4, and 1 - 1·2, -1 - 2·4.
// CHECK-DAG: block.conv.weight.folded: "0x04000000000000400000804000004041{{0|8}}0000000"
// CHECK-DAG: block.conv.bias.folded: "0x04000000000080BF000010C1"
#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#channel = affine_map<(n, c, h, w) -> (c, 0, 0)>
#c = affine_map<(c) -> (c)>
func.func @convolution(%x: tensor<1x1x2x3xf32>) -> tensor<1x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %epsilon = arith.constant 0.25 : f64
  %w = arith.constant dense_resource<block.conv.weight> : tensor<2x1x1x2xf32>
  %mean = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %variance = arith.constant dense<[0.0, 3.75]> : tensor<2xf32>
  %factor = arith.constant dense<[[[1.0]], [[8.0]]]> : tensor<2x1x1xf32>
  %bias = arith.constant dense<[[[1.0]], [[-1.0]]]> : tensor<2x1x1xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x3xf32>, tensor<2x1x1x2xf32>)
      outs(%init : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %ec = tensor.empty() : tensor<2xf32>
  %d = linalg.generic {indexing_maps = [#c, #c], iterator_types = ["parallel"]}
      ins(%variance : tensor<2xf32>) outs(%ec : tensor<2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.truncf %epsilon : f64 to f32
    %1 = arith.addf %in, %0 : f32
    %2 = math.sqrt %1 : f32
    %3 = arith.cmpf one, %2, %zero : f32
    cf.assert %3, "zero element"
    %4 = arith.divf %one, %2 : f32
    linalg.yield %4 : f32
  } -> tensor<2xf32>
  %m1 = tensor.expand_shape %mean [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
  %d1 = tensor.expand_shape %d [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
  %y0 = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %m1 : tensor<1x2x2x2xf32>, tensor<2x1x1xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x2x2xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #channel, #channel, #channel, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y0, %d1, %factor, %bias : tensor<1x2x2x2xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>)
      outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %s: f32, %f: f32, %b: f32, %out: f32):
    %0 = arith.mulf %in, %s : f32
    %1 = arith.mulf %0, %f : f32
    %2 = arith.addf %1, %b : f32
    linalg.yield %2 : f32
  } -> tensor<1x2x2x2xf32>
  return %y1 : tensor<1x2x2x2xf32>
}

{-#
  dialect_resources: { builtin: { block.conv.weight: "0x040000000000803F000000400000404000000000" } }
#-}

// -----

// Groups are joined behind the convolution; a bias is scaled, too.
// CHECK-LABEL: func.func @groups(
// CHECK: %[[B:.+]] = arith.constant dense_resource<conv.bias.folded> : tensor<2xf32>
// CHECK: %[[J:.+]] = linalg.broadcast ins(%[[B]]
// CHECK: %[[I:.+]] = tensor.expand_shape %[[J]] {{\[\[}}0], [1, 2], [3], [4]]
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} outs(%[[I]] :
// CHECK-NEXT: tensor.collapse_shape
// CHECK-NEXT: return
// CHECK: conv.bias.folded: "0x04000000000000400000C040"
#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#channel = affine_map<(n, c, h, w) -> (c)>
func.func @groups(%x: tensor<1x2x1x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x1x1x1x1xf32>
  %two = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %broadcast = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2x2x2xf32>) dimensions = [0, 2, 3]
  %init = tensor.expand_shape %broadcast [[0], [1, 2], [3], [4]] output_shape [1, 2, 1, 2, 2]
      : tensor<1x2x2x2xf32> into tensor<1x2x1x2x2xf32>
  %y = linalg.conv_2d_ngchw_gfchw ins(%x, %w : tensor<1x2x1x2x2xf32>, tensor<2x1x1x1x1xf32>)
      outs(%init : tensor<1x2x1x2x2xf32>) -> tensor<1x2x1x2x2xf32>
  %c = tensor.collapse_shape %y [[0], [1, 2], [3], [4]] : tensor<1x2x1x2x2xf32> into tensor<1x2x2x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c, %two : tensor<1x2x2x2xf32>, tensor<2xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %0 = arith.mulf %s, %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x2x2xf32>
  return %z : tensor<1x2x2x2xf32>
}

// -----

// A filter is a row of the matrix that is transposed; what is added stays behind the product.
// CHECK-LABEL: func.func @product(
// CHECK: %[[W:.+]] = arith.constant dense_resource<fc.weight.folded> : tensor<2x1xf32>
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[W]] :
// CHECK: %[[Y:.+]] = linalg.matmul ins(%{{.+}}, %[[T]] :
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %{{.+}} : tensor<3x2xf32>, tensor<2xf32>)
// CHECK-NOT: arith.mulf
// CHECK: arith.addf
// CHECK: fc.weight.folded: "0x04000000000000400000C040"
#id = affine_map<(n, c) -> (n, c)>
#channel = affine_map<(n, c) -> (c)>
func.func @product(%x: tensor<3x1xf32>) -> tensor<3x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<fc.weight> : tensor<2x1xf32>
  %two = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %et = tensor.empty() : tensor<1x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x1xf32>) outs(%et : tensor<1x2xf32>) permutation = [1, 0]
  %e = tensor.empty() : tensor<3x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<3x2xf32>) -> tensor<3x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<3x1xf32>, tensor<1x2xf32>) outs(%init : tensor<3x2xf32>) -> tensor<3x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %two : tensor<3x2xf32>, tensor<2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %0 = arith.addf %in, %s : f32
    %1 = arith.mulf %0, %s : f32
    linalg.yield %1 : f32
  } -> tensor<3x2xf32>
  return %z : tensor<3x2xf32>
}

{-#
  dialect_resources: { builtin: { fc.weight: "0x040000000000803F00000040" } }
#-}

// -----

// Of a convolution with another reader, and of anything else, one multiply and one add are left.
// CHECK-LABEL: func.func @two_readers(
// CHECK: %[[Y:.+]] = linalg.conv_2d_nchw_fchw ins(%{{.+}}, %cst
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %{{.+}}, %{{.+}} : tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT: ^bb0(%[[IN:.+]]: f32, %[[A:.+]]: f32, %[[B:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT: %[[M:.+]] = arith.mulf %[[IN]], %[[A]] : f32
// CHECK-NEXT: %[[S:.+]] = arith.addf %[[M]], %[[B]] : f32
// CHECK-NEXT: linalg.yield %[[S]]
// CHECK-NOT: linalg.generic
#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#channel = affine_map<(n, c, h, w) -> (c)>
func.func @two_readers(%x: tensor<1x1x2x2xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) {
  %w = arith.constant dense<1.0> : tensor<2x1x1x1xf32>
  %s = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %init = arith.constant dense<0.0> : tensor<1x2x2x2xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>)
      outs(%init : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %s : tensor<1x2x2x2xf32>, tensor<2xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %n: f32, %out: f32):
    %0 = arith.subf %in, %n : f32
    %1 = arith.divf %0, %n : f32
    %2 = arith.negf %1 : f32
    linalg.yield %2 : f32
  } -> tensor<1x2x2x2xf32>
  return %y, %z : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>
}

// -----

// What depends on more than the channel, is no affine function, or has nothing to gain is left alone.
// CHECK-LABEL: func.func @left_alone(
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: ins(%{{.+}}, %{{.+}} : tensor<1x2x2x2xf32>, tensor<2xf32>)
// CHECK: arith.mulf
// CHECK: arith.mulf %[[IN:.+]], %[[IN]]
// CHECK: arith.divf
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#column = affine_map<(n, c, h, w) -> (w)>
func.func @left_alone(%x: tensor<1x1x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x1x1x1xf32>
  %s = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %init = arith.constant dense<0.0> : tensor<1x2x2x2xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %three = arith.constant 3.0 : f32
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>)
      outs(%init : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %columns = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %s : tensor<1x2x2x2xf32>, tensor<2xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %n: f32, %out: f32):
    %0 = arith.mulf %in, %n : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x2x2xf32>
  %square = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%columns : tensor<1x2x2x2xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x2x2xf32>
  %short = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%square : tensor<1x2x2x2xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %three : f32
    %1 = arith.addf %0, %three : f32
    linalg.yield %1 : f32
  } -> tensor<1x2x2x2xf32>
  return %short : tensor<1x2x2x2xf32>
}

// -----

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// What is rounded next is the scale of a quantisation, which stays where it is found.
// CHECK-LABEL: @quantised
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: arith.mulf
// CHECK: math.roundeven
func.func @quantised(%x: tensor<1x1x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x1x1x1xf32>
  %init = arith.constant dense<0.0> : tensor<1x2x2x2xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %three = arith.constant 3.0 : f32
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>)
      outs(%init : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %scaled = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x2x2xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %three : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x2x2xf32>
  %round = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%scaled : tensor<1x2x2x2xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.roundeven %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x2x2xf32>
  return %round : tensor<1x2x2x2xf32>
}
