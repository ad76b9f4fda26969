// A constant matrix is a 1x1 convolution, and what it is multiplied by are images of one position.
// RUN: pattern-opt %s -pattern-attach-target='target="#pattern.target<device = cpu, vector_bits = 64, registers = 16>"' -pattern-raise-fully-connected | FileCheck %s

#id = affine_map<(n, c) -> (n, c)>
#columns = affine_map<(n, c) -> (c)>

// Without bias.
// CHECK-LABEL: @product
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2xf32>
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<3x2x1x1xf32>
// CHECK-DAG: %[[IMAGE:.+]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2, 3]] output_shape [1, 2, 1, 1]
// CHECK: %[[CONV:.+]] = pattern.conv2d %[[IMAGE]], %[[W]] map <set = <1x1, {{\[\[}}0]]>, ids = dense<1> : tensor<3x2xui8>> : (
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[CONV]] {{\[\[}}0], [1, 2, 3]]
// CHECK: return %[[Y]]
func.func @product(%x: tensor<1x2xf32>) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %e = tensor.empty() : tensor<2x3xf32>
  %t = linalg.transpose ins(%w : tensor<3x2xf32>) outs(%e : tensor<2x3xf32>) permutation = [1, 0]
  %o = tensor.empty() : tensor<1x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<1x3xf32>) -> tensor<1x3xf32>
  %y = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x3xf32>) outs(%f : tensor<1x3xf32>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// The bias goes with the product; between two layers the reshapes cancel. Weights of which half are zero keep the others
// only.
// CHECK-LABEL: @two_layers
// CHECK-SAME: tensor<1x2xf32>, %[[B:[^:]+]]: tensor<2xf32>)
// CHECK: tensor.expand_shape
// CHECK: %[[FIRST:.+]] = pattern.conv2d %{{.+}}, %{{.+}} bias(%[[B]]) map {{.*}} ids = dense<{{\[\[}}1, 0], [1, 0]]>
// CHECK-NEXT: pattern.conv2d %[[FIRST]], %{{.+}} bias(%[[B]]) map {{.*}} ids = dense<1>
// CHECK-NEXT: tensor.collapse_shape
// CHECK-NEXT: return
func.func @two_layers(%x: tensor<1x2xf32>, %b: tensor<2xf32>) -> tensor<1x2xf32> {
  %w = arith.constant dense<[[1.0, 0.0], [3.0, 0.0]]> : tensor<2x2xf32>
  %v = arith.constant dense<[[1.0, 0.0], [3.0, 2.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %s = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %t = linalg.transpose ins(%v : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %o = tensor.empty() : tensor<1x2xf32>
  %init = arith.constant dense<0.0> : tensor<1x2xf32>
  %p = linalg.matmul ins(%x, %s : tensor<1x2xf32>, tensor<2x2xf32>) outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  %q = linalg.generic {indexing_maps = [#id, #columns, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %b : tensor<1x2xf32>, tensor<2xf32>) outs(%o : tensor<1x2xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  %r = linalg.matmul ins(%q, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #columns, #id], iterator_types = ["parallel", "parallel"]}
      ins(%r, %b : tensor<1x2xf32>, tensor<2xf32>) outs(%o : tensor<1x2xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %bias, %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// Weights that are stored by channels are turned.
// CHECK-LABEL: @by_channels
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2xf32>
// CHECK-DAG: %[[W:.+]] = arith.constant dense_resource<matrix{{.*}}> : tensor<3x2x1x1xf32>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map <set = <1x1, {{\[\[}}0]]>, ids = dense<{{\[\[}}1, 0], [1, 0], [1, 0]]> : tensor<3x2xui8>> : (
func.func @by_channels(%x: tensor<1x2xf32>) -> tensor<1x3xf32> {
  %w = arith.constant dense<[[1.0, 3.0, 5.0], [0.0, 0.0, 0.0]]> : tensor<2x3xf32>
  %zero = arith.constant dense<0.0> : tensor<1x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x3xf32>) outs(%zero : tensor<1x3xf32>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// A transposition that moves nothing is none.
// CHECK-LABEL: @not_transposed
// CHECK: pattern.conv2d {{.*}} ids = dense<{{\[\[}}1, 0], [1, 0]]>
func.func @not_transposed(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 3.0], [0.0, 0.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [0, 1]
  %o = tensor.empty() : tensor<1x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%f : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// More rows of dense weights, another initial value, weights that are not constant.
// CHECK-LABEL: @left_alone
// CHECK-COUNT-4: linalg.matmul
// CHECK-NOT: pattern.
func.func @left_alone(%x: tensor<2x2xf32>, %row: tensor<1x2xf32>, %v: tensor<2x2xf32>)
    -> (tensor<2x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<2x2xf32>) {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %u = linalg.transpose ins(%v : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %zeros = arith.constant dense<0.0> : tensor<2x2xf32>
  %zero = arith.constant dense<0.0> : tensor<1x2xf32>
  %a = linalg.matmul ins(%x, %t : tensor<2x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<2x2xf32>) -> tensor<2x2xf32>
  %b = linalg.matmul ins(%row, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%row : tensor<1x2xf32>) -> tensor<1x2xf32>
  %c = linalg.matmul ins(%row, %u : tensor<1x2xf32>, tensor<2x2xf32>) outs(%zero : tensor<1x2xf32>) -> tensor<1x2xf32>
  %d = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %a, %b, %c, %d : tensor<2x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<2x2xf32>
}

// An activation behind the product moves to the image, where it can be fused.
// CHECK-LABEL: @activation
// CHECK: %[[CONV:.+]] = pattern.conv2d
// CHECK: %[[RELU:.+]] = linalg.generic {{.*}} ins(%[[CONV]] : tensor<1x2x1x1xf32>)
// CHECK: tensor.collapse_shape %[[RELU]]
// CHECK-NEXT: return
func.func @activation(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %init = arith.constant dense<0.0> : tensor<1x2xf32>
  %o = tensor.empty() : tensor<1x2xf32>
  %p = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p : tensor<1x2xf32>) outs(%o : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// A vector that is added to a whole flattened image, or behind an activation, is no bias.
// CHECK-LABEL: @no_bias
// CHECK: pattern.conv2d %{{[^ ]+}}, %{{[^ ]+}} map
// CHECK: linalg.generic
// CHECK: pattern.conv2d %{{[^ ]+}}, %{{[^ ]+}} map
// CHECK: linalg.generic
// CHECK: return
func.func @no_bias(%x: tensor<1x1x2x2xf32>, %i: tensor<1x1x1x1xf32>, %v: tensor<4xf32>, %b: tensor<1xf32>)
    -> (tensor<1x4xf32>, tensor<1x1xf32>) {
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %o = tensor.empty() : tensor<1x4xf32>
  %p = tensor.empty() : tensor<1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  %f = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<1x1x2x2xf32> into tensor<1x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #columns, #id], iterator_types = ["parallel", "parallel"]}
      ins(%f, %v : tensor<1x4xf32>, tensor<4xf32>) outs(%o : tensor<1x4xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<1x4xf32>
  %z = pattern.conv2d %i, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {activation = #pattern.activation<relu>} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %g = tensor.collapse_shape %z [[0], [1, 2, 3]] : tensor<1x1x1x1xf32> into tensor<1x1xf32>
  %t = linalg.generic {indexing_maps = [#id, #columns, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g, %b : tensor<1x1xf32>, tensor<1xf32>) outs(%p : tensor<1x1xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<1x1xf32>
  return %s, %t : tensor<1x4xf32>, tensor<1x1xf32>
}

// CHECK-LABEL: @half_precision
// CHECK: pattern.conv2d {{.*}} : (tensor<1x2x1x1xf16>, tensor<2x2x1x1xf16>) -> tensor<1x2x1x1xf16>
// CHECK-NOT: linalg.matmul
// CHECK: return
func.func @half_precision(%x: tensor<1x2xf16>) -> tensor<1x2xf16> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf16>
  %e = tensor.empty() : tensor<2x2xf16>
  %t = linalg.transpose ins(%w : tensor<2x2xf16>) outs(%e : tensor<2x2xf16>) permutation = [1, 0]
  %init = arith.constant dense<0.0> : tensor<1x2xf16>
  %y = linalg.matmul ins(%x, %t : tensor<1x2xf16>, tensor<2x2xf16>) outs(%init : tensor<1x2xf16>) -> tensor<1x2xf16>
  return %y : tensor<1x2xf16>
}

// CHECK-LABEL: @mixed_precision
// CHECK-NOT: pattern.
// CHECK: linalg.matmul
func.func @mixed_precision(%x: tensor<1x2xf16>) -> tensor<1x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf16>
  %e = tensor.empty() : tensor<2x2xf16>
  %t = linalg.transpose ins(%w : tensor<2x2xf16>) outs(%e : tensor<2x2xf16>) permutation = [1, 0]
  %init = arith.constant dense<0.0> : tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<1x2xf16>, tensor<2x2xf16>) outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// Of more rows each is an image of its own, if pruning leaves half of the multiply-adds or less.
// CHECK-LABEL: @rows
// CHECK-SAME: %[[X:[^:]+]]: tensor<3x4xf32>
// CHECK: %[[IMAGES:.+]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2, 3]] output_shape [3, 4, 1, 1]
// CHECK: %[[CONV:.+]] = pattern.conv2d %[[IMAGES]], %{{.+}} map {{.*}} ids = dense<{{\[\[}}1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]>
// CHECK-SAME: -> tensor<3x4x1x1xf32>
// CHECK: tensor.collapse_shape %[[CONV]] {{\[\[}}0], [1, 2, 3]]
func.func @rows(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %w = arith.constant dense<[[1.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0],
                             [0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 4.0]]> : tensor<4x4xf32>
  %e = tensor.empty() : tensor<4x4xf32>
  %t = linalg.transpose ins(%w : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) permutation = [1, 0]
  %init = arith.constant dense<0.0> : tensor<3x4xf32>
  %y = linalg.matmul ins(%x, %t : tensor<3x4xf32>, tensor<4x4xf32>) outs(%init : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// Half of the weights are zero, but vectors of two neighbours would have to multiply all channels.
// CHECK-LABEL: @scattered
// CHECK-NOT: pattern.
// CHECK: linalg.matmul
func.func @scattered(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = arith.constant dense<[[1.0, 0.0], [0.0, 2.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %init = arith.constant dense<0.0> : tensor<3x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<3x2xf32>, tensor<2x2xf32>) outs(%init : tensor<3x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Rows that were split for what comes behind them are rows again: bias, sum and activation find the product. A
// transposition reads them as they were.
#id3 = affine_map<(b, n, c) -> (b, n, c)>
// CHECK-LABEL: @split_rows
// CHECK-SAME: %{{[^:]+}}: tensor<6x2xf32>, %[[B:[^:]+]]: tensor<2xf32>, %[[A:[^:]+]]: tensor<2x3x2xf32>
// CHECK-DAG: %[[CONV:.+]] = pattern.conv2d %{{.+}}, %{{.+}} bias(%[[B]]) map
// CHECK-DAG: %[[ROWS:.+]] = tensor.collapse_shape %[[A]] {{\[\[}}0, 1], [2]]
// CHECK-DAG: %[[OTHER:.+]] = tensor.expand_shape %[[ROWS]] {{\[\[}}0], [1, 2, 3]]
// CHECK: %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[CONV]], %[[OTHER]] : tensor<6x2x1x1xf32>, tensor<6x2x1x1xf32>)
// CHECK: %[[ALL:.+]] = tensor.collapse_shape %[[SUM]]
// CHECK: %[[SPLIT:.+]] = tensor.expand_shape %[[ALL]] {{\[\[}}0, 1], [2]] output_shape [2, 3, 2]
// CHECK: linalg.transpose ins(%[[SPLIT]]
func.func @split_rows(%x: tensor<6x2xf32>, %b: tensor<2xf32>, %a: tensor<2x3x2xf32>) -> tensor<3x2x2xf32> {
  %w = arith.constant dense<[[1.0, 0.0], [2.0, 0.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %init = arith.constant dense<0.0> : tensor<6x2xf32>
  %o = tensor.empty() : tensor<6x2xf32>
  %p = linalg.matmul ins(%x, %t : tensor<6x2xf32>, tensor<2x2xf32>) outs(%init : tensor<6x2xf32>) -> tensor<6x2xf32>
  %q = linalg.generic {indexing_maps = [#id, #columns, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %b : tensor<6x2xf32>, tensor<2xf32>) outs(%o : tensor<6x2xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<6x2xf32>
  %s = tensor.expand_shape %q [[0, 1], [2]] output_shape [2, 3, 2] : tensor<6x2xf32> into tensor<2x3x2xf32>
  %f = tensor.empty() : tensor<2x3x2xf32>
  %u = linalg.generic {indexing_maps = [#id3, #id3, #id3], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %a : tensor<2x3x2xf32>, tensor<2x3x2xf32>) outs(%f : tensor<2x3x2xf32>) {
  ^bb0(%in: f32, %other: f32, %out: f32):
    %0 = arith.addf %in, %other : f32
    linalg.yield %0 : f32
  } -> tensor<2x3x2xf32>
  %g = tensor.empty() : tensor<3x2x2xf32>
  %y = linalg.transpose ins(%u : tensor<2x3x2xf32>) outs(%g : tensor<3x2x2xf32>) permutation = [1, 0, 2]
  return %y : tensor<3x2x2xf32>
}

// What is computed of a layer's rows in two ways, here x * (x + x), moves to the images as a whole, and stays there.
// CHECK-LABEL: @gate
// CHECK: %[[CONV:.+]] = pattern.conv2d
// CHECK: %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[CONV]], %[[CONV]] : tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>)
// CHECK: %[[PRODUCT:.+]] = linalg.generic {{.*}} ins(%[[CONV]], %[[SUM]] : tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>)
// CHECK: pattern.conv2d %[[PRODUCT]]
func.func @gate(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %o = tensor.empty() : tensor<1x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%f : tensor<1x2xf32>) -> tensor<1x2xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %y : tensor<1x2xf32>, tensor<1x2xf32>) outs(%o : tensor<1x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  %p = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %s : tensor<1x2xf32>, tensor<1x2xf32>) outs(%o : tensor<1x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  %z = linalg.matmul ins(%p, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%f : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %z : tensor<1x2xf32>
}
