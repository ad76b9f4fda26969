// A ReLU or ReLU6 that is the only use of a convolution becomes its activation.
// RUN: pattern-opt %s -pattern-fuse-epilogues | FileCheck %s

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#transposed = affine_map<(n, c, h, w) -> (n, c, w, h)>

// CHECK-LABEL: @relu_maximum
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu>}
// CHECK-NEXT: return %[[Y]]
func.func @relu_maximum(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @relu_maximum_mirrored
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu>}
// CHECK-NEXT: return %[[Y]]
func.func @relu_maximum_mirrored(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %zero, %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// torch-mlir's ReLU.
// CHECK-LABEL: @relu_greater
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu>}
// CHECK-NEXT: return %[[Y]]
func.func @relu_greater(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf ugt, %in, %zero : f32
    %1 = arith.select %0, %in, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// Ordered, the other way round: NaN stays NaN.
// CHECK-LABEL: @relu_less
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu>}
// CHECK-NEXT: return %[[Y]]
func.func @relu_less(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf olt, %in, %zero : f32
    %1 = arith.select %0, %zero, %in : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// NaN becomes zero, which no activation does.
// CHECK-LABEL: @relu_less_loses_nan
// CHECK: %[[Y:.+]] = pattern.conv2d
// CHECK-NOT: activation
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @relu_less_loses_nan(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf ult, %in, %zero : f32
    %1 = arith.select %0, %zero, %in : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// NaN becomes zero, which no activation does.
// CHECK-LABEL: @relu_greater_loses_nan
// CHECK: %[[Y:.+]] = pattern.conv2d
// CHECK-NOT: activation
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @relu_greater_loses_nan(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf ogt, %in, %zero : f32
    %1 = arith.select %0, %in, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// NaN becomes zero, which no activation does.
// CHECK-LABEL: @relu_maxnum
// CHECK: %[[Y:.+]] = pattern.conv2d
// CHECK-NOT: activation
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @relu_maxnum(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %1 = arith.maxnumf %in, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// The bound may be compared with the value instead.
// CHECK-LABEL: @relu_bound_first
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu>}
// CHECK-NEXT: return %[[Y]]
func.func @relu_bound_first(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf ult, %zero, %in : f32
    %1 = arith.select %0, %in, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// Both comparisons keep NaN.
// CHECK-LABEL: @relu6_clamp
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu6>}
// CHECK-NEXT: return %[[Y]]
func.func @relu6_clamp(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf olt, %in, %zero : f32
    %1 = arith.select %0, %zero, %in : f32
    %2 = arith.cmpf ogt, %1, %six : f32
    %3 = arith.select %2, %six, %1 : f32
    linalg.yield %3 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// As torch-mlir clamps: NaN becomes zero.
// CHECK-LABEL: @relu6_loses_nan
// CHECK: %[[Y:.+]] = pattern.conv2d
// CHECK-NOT: activation
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @relu6_loses_nan(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf ult, %in, %zero : f32
    %1 = arith.select %0, %zero, %in : f32
    %2 = arith.cmpf ugt, %1, %six : f32
    %3 = arith.select %2, %six, %1 : f32
    linalg.yield %3 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @relu6_minimum_of_maximum
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu6>}
// CHECK-NEXT: return %[[Y]]
func.func @relu6_minimum_of_maximum(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    %1 = arith.minimumf %0, %six : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @relu6_maximum_of_minimum
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu6>}
// CHECK-NEXT: return %[[Y]]
func.func @relu6_maximum_of_minimum(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.minimumf %six, %in : f32
    %1 = arith.maximumf %0, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// The select that keeps the lesser is no ReLU.
// CHECK-LABEL: @minimum_with_zero
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @minimum_with_zero(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf ult, %in, %zero : f32
    %1 = arith.select %0, %in, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// ReLU6 without its lower bound is none.
// CHECK-LABEL: @clamp_from_above
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @clamp_from_above(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.minimumf %in, %six : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @clamp_to_five
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @clamp_to_five(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %five = arith.constant 5.0 : f32
    %0 = arith.maximumf %in, %zero : f32
    %1 = arith.minimumf %0, %five : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @relu_of_something_else
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @relu_of_something_else(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.negf %in : f32
    %1 = arith.maximumf %0, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// With a second use of the convolution, its value without ReLU is needed.
// CHECK-LABEL: @two_uses
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @two_uses(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// One activation is taken over, and what comes after it stays.
// CHECK-LABEL: @second_activation
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu6>}
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @second_activation(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    %1 = arith.minimumf %0, %six : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%r : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// A transposition is not elementwise.
// CHECK-LABEL: @transposed
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
func.func @transposed(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#transposed, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}

// What does something else beside is no activation alone.
// CHECK-LABEL: @relu_with_assertion
// CHECK: %[[Y:.+]] = pattern.conv2d
// CHECK-NOT: activation
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
// CHECK: cf.assert
func.func @relu_with_assertion(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf oge, %in, %zero : f32
    cf.assert %0, "negative"
    %1 = arith.maximumf %in, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}
