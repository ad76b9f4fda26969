// RUN: pattern-opt %s -pattern-decompress-weights -verify-diagnostics -split-input-file

func.func @arrays_not_constant(%x: tensor<1x1x1x1xf32>, %weight: tensor<1xf32>) -> tensor<1x1x1x1xf32> {
  %index = arith.constant dense<0> : tensor<1xi32>
  %bounds = arith.constant dense<[0, 1]> : tensor<2xi32>
  %reorder = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{cannot be decompressed: its weights are not constant}}
  %y = pattern.packed_conv2d %x fkw(%weight, %index, %bounds, %bounds, %reorder) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 2, size = 16>
func.func @input_in_planes(%x: tensor<1x1x2x2xf32, #planes>) -> tensor<1x1x2x2xf32> {
  %weight = arith.constant dense<1.0> : tensor<1xf32>
  %index = arith.constant dense<0> : tensor<1xi32>
  %bounds = arith.constant dense<[0, 1]> : tensor<2xi32>
  %reorder = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{cannot be decompressed: its input is in planes}}
  %y = pattern.packed_conv2d %x fkw(%weight, %index, %bounds, %bounds, %reorder) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x2x2xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}
