// Activations that importers write as products, in one operation or in several.
// RUN: pattern-opt %s -pattern-fuse-epilogues | FileCheck %s

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#transposed = affine_map<(n, c, h, w) -> (n, c, w, h)>
#unary = {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
#binary = {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
#gate_transposed = {indexing_maps = [#id, #transposed, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
!image = tensor<1x1x4x4xf32>
!weights = tensor<1x1x1x1xf32>

// torch-mlir's hard-swish.
// CHECK-LABEL: @hard_swish
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<hard_swish>}
// CHECK-NEXT: return %[[Y]]
func.func @hard_swish(%x: !image, %w: !weights) -> !image {
  %zero = arith.constant 0.0 : f32
  %three = arith.constant 3.0 : f32
  %six = arith.constant 6.0 : f32
  %e = tensor.empty() : !image
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %0 = linalg.generic #unary ins(%y : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %5 = arith.addf %in, %three : f32
    linalg.yield %5 : f32
  } -> !image
  %1 = linalg.generic #unary ins(%0 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %5 = arith.cmpf ult, %in, %zero : f32
    %6 = arith.select %5, %zero, %in : f32
    linalg.yield %6 : f32
  } -> !image
  %2 = linalg.generic #unary ins(%1 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %5 = arith.cmpf ugt, %in, %six : f32
    %6 = arith.select %5, %six, %in : f32
    linalg.yield %6 : f32
  } -> !image
  %3 = linalg.generic #binary ins(%y, %2 : !image, !image) outs(%e : !image) {
  ^bb0(%in: f32, %gate: f32, %out: f32):
    %5 = arith.mulf %in, %gate : f32
    linalg.yield %5 : f32
  } -> !image
  %4 = linalg.generic #unary ins(%3 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %5 = arith.divf %in, %six : f32
    linalg.yield %5 : f32
  } -> !image
  return %4 : !image
}

// A sixth of the gate comes first, as a product with a constant of Python's.
// CHECK-LABEL: @hard_swish_by_a_sixth
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<hard_swish>}
// CHECK-NEXT: return %[[Y]]
func.func @hard_swish_by_a_sixth(%x: !image, %w: !weights) -> !image {
  %zero = arith.constant 0.0 : f32
  %sixth = arith.constant 0.16666666666666666 : f64
  %three = arith.constant 3.0 : f32
  %six = arith.constant 6.0 : f32
  %e = tensor.empty() : !image
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %r = linalg.generic #unary ins(%y : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %three, %in : f32
    %1 = arith.minimumf %0, %six : f32
    %2 = arith.maximumf %1, %zero : f32
    %3 = arith.truncf %sixth : f64 to f32
    %4 = arith.mulf %2, %3 : f32
    %5 = arith.mulf %4, %in : f32
    linalg.yield %5 : f32
  } -> !image
  return %r : !image
}

// torch-mlir's SiLU, behind a residual.
// CHECK-LABEL: @silu
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} add(%{{.+}}) {{.*}} {activation = #pattern.activation<silu>}
// CHECK-NEXT: return %[[Y]]
func.func @silu(%x: !image, %w: !weights) -> !image {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : !image
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %0 = linalg.generic #binary ins(%y, %x : !image, !image) outs(%e : !image) {
  ^bb0(%in: f32, %other: f32, %out: f32):
    %3 = arith.addf %in, %other : f32
    linalg.yield %3 : f32
  } -> !image
  %1 = linalg.generic #unary ins(%0 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %3 = arith.negf %in : f32
    %4 = math.exp %3 : f32
    %5 = arith.addf %4, %one : f32
    %6 = arith.divf %one, %5 : f32
    linalg.yield %6 : f32
  } -> !image
  %2 = linalg.generic #binary ins(%0, %1 : !image, !image) outs(%e : !image) {
  ^bb0(%in: f32, %gate: f32, %out: f32):
    %3 = arith.mulf %in, %gate : f32
    linalg.yield %3 : f32
  } -> !image
  return %2 : !image
}

// CHECK-LABEL: @silu_quotient
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<silu>}
// CHECK-NEXT: return %[[Y]]
func.func @silu_quotient(%x: !image, %w: !weights) -> !image {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : !image
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %r = linalg.generic #unary ins(%y : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.negf %in : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %one, %1 : f32
    %3 = arith.divf %in, %2 : f32
    linalg.yield %3 : f32
  } -> !image
  return %r : !image
}

// Its first half alone would be a ReLU.
// CHECK-LABEL: @relu6_in_two
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu6>}
// CHECK-NEXT: return %[[Y]]
func.func @relu6_in_two(%x: !image, %w: !weights) -> !image {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %e = tensor.empty() : !image
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %0 = linalg.generic #unary ins(%y : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %2 = arith.maximumf %in, %zero : f32
    linalg.yield %2 : f32
  } -> !image
  %1 = linalg.generic #unary ins(%0 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %2 = arith.minimumf %in, %six : f32
    linalg.yield %2 : f32
  } -> !image
  return %1 : !image
}

// Neither SiLU nor hard-swish: each differs from one of them in one thing.
// CHECK-LABEL: @other_products
// CHECK-COUNT-5: pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
// CHECK: return
func.func @other_products(%x: !image, %w: !weights) -> (!image, !image, !image, !image, !image) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  %three = arith.constant 3.0 : f32
  %six = arith.constant 6.0 : f32
  %e = tensor.empty() : !image
  %1 = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %no_negation = linalg.generic #unary ins(%1 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %7 = math.exp %in : f32
    %8 = arith.addf %one, %7 : f32
    %9 = arith.divf %in, %8 : f32
    linalg.yield %9 : f32
  } -> !image
  %2 = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %twice = linalg.generic #unary ins(%2 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %7 = arith.negf %in : f32
    %8 = math.exp %7 : f32
    %9 = arith.addf %one, %8 : f32
    %10 = arith.divf %two, %9 : f32
    %11 = arith.mulf %in, %10 : f32
    linalg.yield %11 : f32
  } -> !image
  %3 = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %shifted_by_two = linalg.generic #unary ins(%3 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %7 = arith.addf %in, %two : f32
    %8 = arith.maximumf %7, %zero : f32
    %9 = arith.minimumf %8, %six : f32
    %10 = arith.mulf %in, %9 : f32
    %11 = arith.divf %10, %six : f32
    linalg.yield %11 : f32
  } -> !image
  %4 = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %a_third = linalg.generic #unary ins(%4 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %7 = arith.addf %in, %three : f32
    %8 = arith.maximumf %7, %zero : f32
    %9 = arith.minimumf %8, %six : f32
    %10 = arith.mulf %in, %9 : f32
    %11 = arith.divf %10, %three : f32
    linalg.yield %11 : f32
  } -> !image
  %5 = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %cube = linalg.generic #unary ins(%5 : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %7 = arith.mulf %in, %in : f32
    %8 = arith.mulf %7, %in : f32
    linalg.yield %8 : f32
  } -> !image
  return %no_negation, %twice, %shifted_by_two, %a_third, %cube : !image, !image, !image, !image, !image
}

// The gate is one of another image, or of the same turned over.
// CHECK-LABEL: @other_gates
// CHECK-COUNT-2: pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
// CHECK: return
func.func @other_gates(%x: !image, %w: !weights) -> (!image, !image) {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : !image
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %0 = linalg.generic #unary ins(%x : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %4 = arith.negf %in : f32
    %5 = math.exp %4 : f32
    %6 = arith.addf %5, %one : f32
    linalg.yield %6 : f32
  } -> !image
  %1 = linalg.generic #binary ins(%y, %0 : !image, !image) outs(%e : !image) {
  ^bb0(%in: f32, %gate: f32, %out: f32):
    %4 = arith.divf %in, %gate : f32
    linalg.yield %4 : f32
  } -> !image
  %z = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %2 = linalg.generic #unary ins(%z : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %4 = arith.negf %in : f32
    %5 = math.exp %4 : f32
    %6 = arith.addf %5, %one : f32
    linalg.yield %6 : f32
  } -> !image
  %3 = linalg.generic #gate_transposed ins(%z, %2 : !image, !image) outs(%e : !image) {
  ^bb0(%in: f32, %gate: f32, %out: f32):
    %4 = arith.divf %in, %gate : f32
    linalg.yield %4 : f32
  } -> !image
  return %1, %3 : !image, !image
}

// The gate is needed elsewhere, and with it the convolution.
// CHECK-LABEL: @gate_of_two_uses
// CHECK: pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> : (
func.func @gate_of_two_uses(%x: !image, %w: !weights) -> (!image, !image) {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : !image
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> : (!image, !weights) -> !image
  %0 = linalg.generic #unary ins(%y : !image) outs(%e : !image) {
  ^bb0(%in: f32, %out: f32):
    %2 = arith.negf %in : f32
    %3 = math.exp %2 : f32
    %4 = arith.addf %3, %one : f32
    linalg.yield %4 : f32
  } -> !image
  %1 = linalg.generic #binary ins(%y, %0 : !image, !image) outs(%e : !image) {
  ^bb0(%in: f32, %gate: f32, %out: f32):
    %2 = arith.divf %in, %gate : f32
    linalg.yield %2 : f32
  } -> !image
  return %0, %1 : !image, !image
}

// The factor 1/6 as f16 has it.
// CHECK-LABEL: @hard_swish_of_halves
// CHECK: pattern.conv2d {{.*}} {activation = #pattern.activation<hard_swish>}
// CHECK-NEXT: return
func.func @hard_swish_of_halves(%x: tensor<1x1x4x4xf16>, %w: tensor<1x1x1x1xf16>) -> tensor<1x1x4x4xf16> {
  %zero = arith.constant 0.0 : f16
  %three = arith.constant 3.0 : f16
  %six = arith.constant 6.0 : f16
  %sixth = arith.constant 1.666260e-01 : f16
  %e = tensor.empty() : tensor<1x1x4x4xf16>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf16>, tensor<1x1x1x1xf16>) -> tensor<1x1x4x4xf16>
  %z = linalg.generic #unary ins(%y : tensor<1x1x4x4xf16>) outs(%e : tensor<1x1x4x4xf16>) {
  ^bb0(%in: f16, %out: f16):
    %0 = arith.addf %in, %three : f16
    %1 = arith.maximumf %0, %zero : f16
    %2 = arith.minimumf %1, %six : f16
    %3 = arith.mulf %2, %sixth : f16
    %4 = arith.mulf %in, %3 : f16
    linalg.yield %4 : f16
  } -> tensor<1x1x4x4xf16>
  return %z : tensor<1x1x4x4xf16>
}
