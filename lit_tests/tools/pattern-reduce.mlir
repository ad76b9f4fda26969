// REQUIRES: reduce
// What does not show the fault goes.
// RUN: pattern-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/has-convolution.sh' | FileCheck %s

// CHECK-NOT: func.func @other
// CHECK: relu6
// CHECK-NOT: func.func @other
func.func @shown(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> {activation = #pattern.activation<relu6>} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

func.func @other(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  return %x : tensor<1x1x1x1xf32>
}
