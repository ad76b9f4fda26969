// What a convolution adds to its output.
// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s

// CHECK-LABEL: @conv2d
// CHECK-SAME: %[[B:[^:]+]]: tensor<3xf32>, %[[R:[^:]+]]: tensor<1x3x4x4xf32>
// CHECK: pattern.conv2d %{{.+}}, %{{.+}} bias(%[[B]]) add(%[[R]]) map <{{.*}}> : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>, tensor<3xf32>, tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
// CHECK: pattern.conv2d %{{.+}}, %{{.+}} add(%[[R]]) map <
func.func @conv2d(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>, %b: tensor<3xf32>, %r: tensor<1x3x4x4xf32>) {
  %y = pattern.conv2d %x, %w bias(%b) add(%r) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>, tensor<3xf32>, tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  %z = pattern.conv2d %x, %w add(%r) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>, tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  return
}

// CHECK-LABEL: @packed_conv2d
// CHECK-SAME: %[[B:[^:]+]]: tensor<1xf32>, %[[R:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: pattern.packed_conv2d %{{.+}} fkw({{.*}}) bias(%[[B]]) add(%[[R]]) storage <
// CHECK: pattern.packed_conv2d %{{.+}} fkw({{.*}}) add(%[[R]]) storage <
func.func @packed_conv2d(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %q: tensor<1xi32>, %b: tensor<1xf32>,
    %r: tensor<1x1x4x4xf32>) {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %q) bias(%b) add(%r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %z = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %q) add(%r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return
}
