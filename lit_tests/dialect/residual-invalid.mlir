// RUN: pattern-opt %s -verify-diagnostics -split-input-file

func.func @conv2d(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>, %r: tensor<1x3x4x1xf32>) {
  // expected-error @+1 {{residual is 'tensor<1x3x4x1xf32>', but the output is 'tensor<1x3x4x4xf32>'}}
  %y = pattern.conv2d %x, %w add(%r) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>, tensor<1x3x4x1xf32>) -> tensor<1x3x4x4xf32>
  return
}

// -----

func.func @packed_conv2d(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %q: tensor<1xi32>,
    %r: tensor<2x1x4x4xf32>) {
  // expected-error @+1 {{residual is 'tensor<2x1x4x4xf32>', but the output is 'tensor<1x1x4x4xf32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %q) add(%r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<2x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

// In planes, the residual has the layout of the output, too.
#planes = #pattern.planes<strides = [1, 1], origin = 8, pitch = 5, size = 40>
#other = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
func.func @packed_conv2d_planes(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %q: tensor<1xi32>,
    %r: tensor<1x1x4x4xf32, #other>) {
  // expected-error @+1 {{residual is 'tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>', but the output is 'tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 8, pitch = 5, size = 40>>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %q) add(%r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32, #other>) -> tensor<1x1x4x4xf32, #planes>
  return
}
