// Operations on bytes: what they stand for is printed and read again.
// RUN: pattern-opt %s -split-input-file | pattern-opt -split-input-file | FileCheck %s

// CHECK-LABEL: @conv2d
// CHECK: pattern.conv2d %{{.*}}, %{{.*}} scale(%{{.*}}) bias(%{{.*}}) add(%{{.*}}) map
// CHECK-SAME: quantization = #pattern.quantization<bytes = u8, input = <scale = 2.500000e-02 : f64, zero_point = 128>, output = <scale = 1.000000e-02 : f64, zero_point = 3>, low = 3, high = 255, residual = <scale = 5.000000e-01 : f64, zero_point = 7>>
// CHECK-SAME: (tensor<1x2x4x4xi8>, tensor<4x2x1x1xi8>, tensor<4xf32>, tensor<4xf32>, tensor<1x4x4x4xi8>) -> tensor<1x4x4x4xi8>
func.func @conv2d(%x: tensor<1x2x4x4xi8>, %w: tensor<4x2x1x1xi8>, %s: tensor<4xf32>, %b: tensor<4xf32>,
                  %r: tensor<1x4x4x4xi8>) -> tensor<1x4x4x4xi8> {
  %y = pattern.conv2d %x, %w scale(%s) bias(%b) add(%r)
      map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>>
      {quantization = #pattern.quantization<bytes = u8, input = <scale = 0.025, zero_point = 128>,
       output = <scale = 0.01, zero_point = 3>, low = 3, high = 255, residual = <scale = 0.5, zero_point = 7>>}
      : (tensor<1x2x4x4xi8>, tensor<4x2x1x1xi8>, tensor<4xf32>, tensor<4xf32>, tensor<1x4x4x4xi8>)
      -> tensor<1x4x4x4xi8>
  return %y : tensor<1x4x4x4xi8>
}

// -----

// CHECK-LABEL: @planes
// CHECK: pattern.pack {{.*}} #pattern.planes<strides = [1, 1], origin = 64, pitch = 5, size = 128, padding = -3>
// CHECK: pattern.pool2d <max> {{.*}}bytes = s8
func.func @planes(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x3x3xi8> {
  %p = pattern.pack %x : tensor<1x2x4x4xi8>
      to tensor<1x2x4x4xi8, #pattern.planes<strides = [1, 1], origin = 64, pitch = 5, size = 128, padding = -3>>
  %y = pattern.pool2d <max> %p {kernel = array<i64: 2, 2>, quantization = #pattern.quantization<bytes = s8,
      input = <scale = 0.1, zero_point = -3>, output = <scale = 0.1, zero_point = -3>, low = -128, high = 127>}
      : tensor<1x2x4x4xi8, #pattern.planes<strides = [1, 1], origin = 64, pitch = 5, size = 128, padding = -3>>
      -> tensor<1x2x3x3xi8>
  return %y : tensor<1x2x3x3xi8>
}

// -----

// CHECK-LABEL: @lookup
// CHECK: output = <scale = 2.000000e-02 : f64, zero_point = 0>, low = 0, high = 255, lookup = <from = <scale = 1.000000e-02 : f64, zero_point = 3>, table = dense<7> : tensor<256xi8>>>
func.func @lookup(%x: tensor<1x2x4x4xi8>, %w: tensor<4x2x1x1xi8>, %s: tensor<4xf32>) -> tensor<1x4x4x4xi8> {
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>>
      {quantization = #pattern.quantization<bytes = u8, input = <scale = 0.025, zero_point = 128>,
       output = <scale = 0.02, zero_point = 0>, low = 0, high = 255,
       lookup = <from = <scale = 0.01, zero_point = 3>, table = dense<7> : tensor<256xi8>>>}
      : (tensor<1x2x4x4xi8>, tensor<4x2x1x1xi8>, tensor<4xf32>) -> tensor<1x4x4x4xi8>
  return %y : tensor<1x4x4x4xi8>
}
