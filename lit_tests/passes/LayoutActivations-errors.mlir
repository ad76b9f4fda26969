// RUN: pattern-opt %s -pattern-layout-activations -verify-diagnostics

// The image alone would fit, but not the phases that have none of its two rows.
func.func @planes_too_large(%x: tensor<1x1x2x100000000xf32>) -> tensor<1x1x1x1562500xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{elements a channel, expected at most 2147483647}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      {strides = array<i64: 64, 64>}
      : (tensor<1x1x2x100000000xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1562500xf32>
  return %y : tensor<1x1x1x1562500xf32>
}
