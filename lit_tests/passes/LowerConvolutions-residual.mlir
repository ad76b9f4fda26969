// A convolution that nothing but the sum of another reads is lowered, and erased once.
// RUN: pattern-opt %s -pattern-packed-to-executable-pipeline | FileCheck %s

// CHECK-LABEL: func.func @main(
// CHECK: %[[A:.+]] = "flow.dispatch"({{.*}}) <{entry_points = [@a::@a]
// CHECK: "flow.dispatch"({{.*}}%[[A]]) <{entry_points = [@b::@b]
// CHECK-NOT: pattern.packed_conv2d
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %a = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1> {layer = "a"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  %b = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) add(%a) storage <set = <1x1, [[0]]>, group = 1> {layer = "b"}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %b : tensor<1x1x4x4xf32>
}
