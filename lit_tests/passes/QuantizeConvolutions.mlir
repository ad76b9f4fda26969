// What is quantised on both sides computes bytes; bytes have a sign where the target multiplies such ones.
// RUN: pattern-opt %s -pattern-quantize-convolutions -split-input-file | FileCheck %s
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=cpu,features=dot_s8s8,vector_bits=128,registers=32>},pattern-quantize-convolutions)' -split-input-file | FileCheck %s --check-prefix=SIGNED
// RUN: pattern-opt %s '-pass-pipeline=builtin.module(pattern-attach-target{target=#pattern.target<device=vm>},pattern-quantize-convolutions)' -split-input-file | FileCheck %s --check-prefix=VM
// RUN: pattern-opt %s %target-gpu -pattern-quantize-convolutions -split-input-file | FileCheck %s --check-prefix=GPU
// RUN: pattern-opt %s %target-gpu -pattern-quantize-convolutions -split-input-file --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// The step of the first filter is 0.5, of the second 0.25: 127 of them are its largest weight. The ReLU is the range
// from the zero point on.
// CHECK-LABEL: @conv
// CHECK-NOT: math.roundeven
// CHECK: %[[BYTES:.*]] = linalg.generic {{.*}} ins(%arg0 : tensor<1x1x4x4xf32>) outs(%{{.*}} : tensor<1x1x4x4xi8>)
// CHECK: arith.mulf %{{.*}}, %cst
// CHECK: arith.trunci
// CHECK: arith.constant dense_resource<{{.*}}weight> : tensor<2x1x1x1xi8>
// CHECK: %[[Y:.*]] = pattern.conv2d %[[BYTES]], %{{.*}} scale(%{{[a-z_0-9]+}}) bias(%{{[a-z_0-9]+}})
// CHECK-SAME: quantization = #pattern.quantization<bytes = u8, input = <scale = 5.000000e-01 : f64, zero_point = 10>, output = <scale = 2.500000e-01 : f64, zero_point = 20>, low = 20, high = 255>
// CHECK-NOT: math.roundeven
// CHECK: linalg.generic {{.*}} ins(%[[Y]] : tensor<1x2x4x4xi8>)
// CHECK: arith.uitofp
// SIGNED-LABEL: @conv
// SIGNED: quantization = #pattern.quantization<bytes = s8, input = <scale = 5.000000e-01 : f64, zero_point = -118>, output = <scale = 2.500000e-01 : f64, zero_point = -108>, low = -108, high = 127>
// SIGNED: arith.sitofp
// VM-LABEL: @conv
// VM: pattern.conv2d {{.*}}quantization = #pattern.quantization<bytes = u8,
// REMARK: [[#@LINE+34]]:8: remark: [Missed] float {{.*}} Reason="the target stores no bytes"
// GPU: pattern.float_reasons = {conv = "the target stores no bytes"}
// GPU-LABEL: @conv
// GPU-NOT: xi8>
// GPU: pattern.conv2d {{.*}} -> tensor<1x2x4x4xf32>
func.func @conv(%q: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c0 = arith.constant 0.0 : f32
  %c10 = arith.constant 10.0 : f32
  %c20 = arith.constant 20.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %two = arith.constant 2.0 : f32
  %four = arith.constant 4.0 : f32
  %w = arith.constant dense<[[[[63.5]]], [[[-31.75]]]]> : tensor<2x1x1x1xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e1 = tensor.empty() : tensor<1x1x4x4xf32>
  %e2 = tensor.empty() : tensor<1x2x4x4xf32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%q : tensor<1x1x4x4xf32>) outs(%e1 : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %two : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c10 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x1x4x4xf32>
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%n : tensor<1x1x4x4xf32>) outs(%e1 : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c10 : f32
    %1 = arith.mulf %0, %half : f32
    linalg.yield %1 : f32
  } -> tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w bias(%b) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x1xui8>>
      {activation = #pattern.activation<relu>}
      : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // Step by step, as importers write it.
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x4x4xf32>) outs(%e2 : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %four : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : tensor<1x2x4x4xf32>) outs(%e2 : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.roundeven %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%r : tensor<1x2x4x4xf32>) outs(%e2 : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %c20 : f32
    %1 = arith.maximumf %0, %c0 : f32
    %2 = arith.minimumf %1, %c255 : f32
    linalg.yield %2 : f32
  } -> tensor<1x2x4x4xf32>
  return %z : tensor<1x2x4x4xf32>
}

// -----

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// Weights of which no step makes whole numbers; they stay in floats.
// CHECK-LABEL: @weights_without_scale
// CHECK: pattern.conv2d {{.*}} -> tensor<1x1x4x4xf32>
func.func @weights_without_scale(%q: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %c0 = arith.constant 0.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %two = arith.constant 2.0 : f32
  %w = arith.constant dense<[[[[1.0, 0.7071, 0.5772, 0.9159, 0.3333, 0.6931, 0.1234, 0.4321]]]]> : tensor<1x1x1x8xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%q : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %two : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    linalg.yield %3 : f32
  } -> tensor<1x1x4x4xf32>
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%n : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %half : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x8, [[0, 1, 2, 3, 4, 5, 6, 7]]>, ids = dense<1> : tensor<1x1xui8>>
      {padding = array<i64: 0, 4, 0, 3>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x8xf32>) -> tensor<1x1x4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %two : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    linalg.yield %3 : f32
  } -> tensor<1x1x4x4xf32>
  return %z : tensor<1x1x4x4xf32>
}

// -----

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// Poolings read and write bytes, and their concatenation, quantised as its parts are, moves them.
// CHECK-LABEL: @pools
// CHECK: %[[MEAN:.*]] = pattern.pool2d <average> %arg0 {{.*}}output = <scale = 2.500000e-01 : f64, zero_point = 20>
// CHECK: %[[MAX:.*]] = pattern.pool2d <max> %arg0 {{.*}}output = <scale = 2.500000e-01 : f64, zero_point = 20>
// CHECK-NOT: math.roundeven
// CHECK: %[[BOTH:.*]] = tensor.concat dim(1) %[[MEAN]], %[[MAX]] : (tensor<1x2x2x2xi8>, tensor<1x2x2x2xi8>)
// CHECK: pattern.conv2d %[[BOTH]], {{.*}} -> tensor<1x2x2x2xi8>
func.func @pools(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x2x2xf32> {
  %c0 = arith.constant 0.0 : f32
  %c20 = arith.constant 20.0 : f32
  %c255 = arith.constant 255.0 : f32
  %quarter = arith.constant 0.25 : f32
  %four = arith.constant 4.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %p = tensor.empty() : tensor<1x2x2x2xf32>
  %f = tensor.empty() : tensor<1x4x2x2xf32>
  %w = arith.constant dense<1.0> : tensor<2x4x1x1xf32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : tensor<1x2x4x4xi8>) outs(%e : tensor<1x2x4x4xf32>) {
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
  %a = pattern.pool2d <average> %d {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
      : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  %qa = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%a : tensor<1x2x2x2xf32>) outs(%p : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %four : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c20 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x2x2x2xf32>
  %da = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%qa : tensor<1x2x2x2xf32>) outs(%p : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c20 : f32
    %1 = arith.mulf %0, %quarter : f32
    linalg.yield %1 : f32
  } -> tensor<1x2x2x2xf32>
  %m = pattern.pool2d <max> %d {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
      : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  %qm = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%m : tensor<1x2x2x2xf32>) outs(%p : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %four : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c20 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x2x2x2xf32>
  %dm = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%qm : tensor<1x2x2x2xf32>) outs(%p : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c20 : f32
    %1 = arith.mulf %0, %quarter : f32
    linalg.yield %1 : f32
  } -> tensor<1x2x2x2xf32>
  %both = tensor.concat dim(1) %da, %dm : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) -> tensor<1x4x2x2xf32>
  %qb = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%both : tensor<1x4x2x2xf32>) outs(%f : tensor<1x4x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %four : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c20 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x4x2x2xf32>
  %db = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%qb : tensor<1x4x2x2xf32>) outs(%f : tensor<1x4x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.subf %in, %c20 : f32
    %1 = arith.mulf %0, %quarter : f32
    linalg.yield %1 : f32
  } -> tensor<1x4x2x2xf32>
  %y = pattern.conv2d %db, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x4xui8>>
      : (tensor<1x4x2x2xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x2x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x2x2x2xf32>) outs(%p : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %four : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %c20 : f32
    %3 = arith.maximumf %2, %c0 : f32
    %4 = arith.minimumf %3, %c255 : f32
    linalg.yield %4 : f32
  } -> tensor<1x2x2x2xf32>
  return %z : tensor<1x2x2x2xf32>
}
