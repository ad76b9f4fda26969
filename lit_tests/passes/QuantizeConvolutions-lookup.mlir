// What elementwise operations compute of the bytes of a convolution alone is a table.
// RUN: pattern-opt %s -pattern-quantize-convolutions -split-input-file | FileCheck %s

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// A function between two quantisations.
// CHECK-LABEL: @lookup
// CHECK: %[[Y:.*]] = pattern.conv2d {{.*}}output = <scale = 5.000000e-01 : f64, zero_point = 3>, low = 0, high = 255,
// CHECK-SAME: lookup = <from = <scale = 2.500000e-01 : f64, zero_point = 20>, table = dense<"0x0303030303030303030303030303030303030303030304050505060707070809
// CHECK-NOT: math.roundeven
// CHECK: linalg.generic {{.*}} ins(%[[Y]] : tensor<1x2x4x4xi8>)
func.func @lookup(%x: tensor<1x1x4x4xi8>) -> tensor<1x2x4x4xf32> {
  %c0 = arith.constant 0.0 : f32
  %c3 = arith.constant 3.0 : f32
  %c20 = arith.constant 20.0 : f32
  %c255 = arith.constant 255.0 : f32
  %quarter = arith.constant 0.25 : f32
  %two = arith.constant 2.0 : f32
  %four = arith.constant 4.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %w = arith.constant dense<3> : tensor<2x1x1x1xi8>
  %s = arith.constant dense<0.5> : tensor<2xf32>
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x1xui8>>
      {quantization = #pattern.quantization<bytes = u8, input = <scale = 0.5, zero_point = 0>,
       output = <scale = 0.25, zero_point = 20>, low = 0, high = 255>}
      : (tensor<1x1x4x4xi8>, tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<1x2x4x4xi8>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x4x4xi8>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%n : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c20 : f32
    %1 = arith.mulf %0, %quarter : f32
    linalg.yield %1 : f32
  } -> tensor<1x2x4x4xf32>
  %f = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%d : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %c0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%f : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %two : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c3 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x2x4x4xf32>
  return %z : tensor<1x2x4x4xf32>
}

// -----

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// What is no number becomes the least byte.
// CHECK-LABEL: @nan
// CHECK: table = dense<"0x0000
func.func @nan(%x: tensor<1x1x4x4xi8>) -> tensor<1x2x4x4xf32> {
  %c0 = arith.constant 0.0 : f32
  %c3 = arith.constant 3.0 : f32
  %c20 = arith.constant 20.0 : f32
  %c255 = arith.constant 255.0 : f32
  %quarter = arith.constant 0.25 : f32
  %two = arith.constant 2.0 : f32
  %four = arith.constant 4.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %w = arith.constant dense<3> : tensor<2x1x1x1xi8>
  %s = arith.constant dense<0.5> : tensor<2xf32>
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x1xui8>>
      {quantization = #pattern.quantization<bytes = u8, input = <scale = 0.5, zero_point = 0>,
       output = <scale = 0.25, zero_point = 20>, low = 0, high = 255>}
      : (tensor<1x1x4x4xi8>, tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<1x2x4x4xi8>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x4x4xi8>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%n : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c20 : f32
    %1 = arith.mulf %0, %quarter : f32
    linalg.yield %1 : f32
  } -> tensor<1x2x4x4xf32>
  %f = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%d : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.log %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%f : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %two : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c3 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x2x4x4xf32>
  return %z : tensor<1x2x4x4xf32>
}

// -----

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// It depends on the position, too.
// CHECK-LABEL: @positions
// CHECK-NOT: lookup
// CHECK: linalg.index
func.func @positions(%x: tensor<1x1x4x4xi8>) -> tensor<1x2x4x4xf32> {
  %c0 = arith.constant 0.0 : f32
  %c3 = arith.constant 3.0 : f32
  %c20 = arith.constant 20.0 : f32
  %c255 = arith.constant 255.0 : f32
  %quarter = arith.constant 0.25 : f32
  %two = arith.constant 2.0 : f32
  %four = arith.constant 4.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %w = arith.constant dense<3> : tensor<2x1x1x1xi8>
  %s = arith.constant dense<0.5> : tensor<2xf32>
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x1xui8>>
      {quantization = #pattern.quantization<bytes = u8, input = <scale = 0.5, zero_point = 0>,
       output = <scale = 0.25, zero_point = 20>, low = 0, high = 255>}
      : (tensor<1x1x4x4xi8>, tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<1x2x4x4xi8>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x4x4xi8>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%n : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c20 : f32
    %1 = arith.mulf %0, %quarter : f32
    linalg.yield %1 : f32
  } -> tensor<1x2x4x4xf32>
  %f = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%d : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = linalg.index 3 : index
    %1 = arith.index_castui %0 : index to i32
    %2 = arith.uitofp %1 : i32 to f32
    %3 = arith.addf %in, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<1x2x4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%f : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %two : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c3 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x2x4x4xf32>
  return %z : tensor<1x2x4x4xf32>
}

// -----

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// The bytes that it is computed of are a result, too.
// CHECK-LABEL: @results
// CHECK-NOT: lookup
// CHECK: return
func.func @results(%x: tensor<1x1x4x4xi8>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c0 = arith.constant 0.0 : f32
  %c3 = arith.constant 3.0 : f32
  %c20 = arith.constant 20.0 : f32
  %c255 = arith.constant 255.0 : f32
  %quarter = arith.constant 0.25 : f32
  %two = arith.constant 2.0 : f32
  %four = arith.constant 4.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %w = arith.constant dense<3> : tensor<2x1x1x1xi8>
  %s = arith.constant dense<0.5> : tensor<2xf32>
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x1xui8>>
      {quantization = #pattern.quantization<bytes = u8, input = <scale = 0.5, zero_point = 0>,
       output = <scale = 0.25, zero_point = 20>, low = 0, high = 255>}
      : (tensor<1x1x4x4xi8>, tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<1x2x4x4xi8>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x4x4xi8>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%n : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c20 : f32
    %1 = arith.mulf %0, %quarter : f32
    linalg.yield %1 : f32
  } -> tensor<1x2x4x4xf32>
  %f = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%d : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %c0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%f : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %two : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c3 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x2x4x4xf32>
  return %z, %d : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

#rows = affine_map<(r, c) -> (r, c)>

// One and the same image twice, as SiLU reads it; between them a reshape.
// CHECK-LABEL: @reshaped
// CHECK: pattern.conv2d {{.*}}lookup = <from = <scale = 2.500000e-01 : f64, zero_point = 20>
// CHECK: tensor.collapse_shape
// CHECK-NOT: math.roundeven
// CHECK: return
func.func @reshaped(%x: tensor<1x1x4x4xi8>) -> tensor<2x16xf32> {
  %c0 = arith.constant 0.0 : f32
  %c3 = arith.constant 3.0 : f32
  %c20 = arith.constant 20.0 : f32
  %c255 = arith.constant 255.0 : f32
  %quarter = arith.constant 0.25 : f32
  %two = arith.constant 2.0 : f32
  %four = arith.constant 4.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %w = arith.constant dense<3> : tensor<2x1x1x1xi8>
  %s = arith.constant dense<0.5> : tensor<2xf32>
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x1xui8>>
      {quantization = #pattern.quantization<bytes = u8, input = <scale = 0.5, zero_point = 0>,
       output = <scale = 0.25, zero_point = 20>, low = 0, high = 255>}
      : (tensor<1x1x4x4xi8>, tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<1x2x4x4xi8>
  %e2 = tensor.empty() : tensor<2x16xf32>
  %c = tensor.collapse_shape %y [[0, 1], [2, 3]] : tensor<1x2x4x4xi8> into tensor<2x16xi8>
  %n = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%c : tensor<2x16xi8>) outs(%e2 : tensor<2x16xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<2x16xf32>
  %d = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%n : tensor<2x16xf32>) outs(%e2 : tensor<2x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c20 : f32
    %1 = arith.mulf %0, %quarter : f32
    linalg.yield %1 : f32
  } -> tensor<2x16xf32>
  %f = linalg.generic {indexing_maps = [#rows, #rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%d, %d : tensor<2x16xf32>, tensor<2x16xf32>) outs(%e2 : tensor<2x16xf32>) {
  ^bb0(%in: f32, %in2: f32, %out: f32):
    %0 = arith.mulf %in, %in2 : f32
    linalg.yield %0 : f32
  } -> tensor<2x16xf32>
  %z = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%f : tensor<2x16xf32>) outs(%e2 : tensor<2x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %two : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c3 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<2x16xf32>
  return %z : tensor<2x16xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// Where control flow never comes, values may be computed of each other.
// CHECK-LABEL: @circle
func.func @circle(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0.0 : f32
  %c2 = arith.constant 2.0 : f32
  %c255 = arith.constant 255.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  return %x : tensor<8xf32>
^dead:
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%b : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<8xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%b : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %c2 : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    linalg.yield %3 : f32
  } -> tensor<8xf32>
  return %q : tensor<8xf32>
}
