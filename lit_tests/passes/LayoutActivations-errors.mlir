// RUN: pattern-opt %s -pattern-layout-activations -verify-diagnostics

func.func @no_schedule(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> tensor<1x1x2x2xf32> {
  // expected-error @+1 {{has no schedule; run pattern-schedule-convolutions first}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}
