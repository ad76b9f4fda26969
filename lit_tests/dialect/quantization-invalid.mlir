// RUN: pattern-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{expected a scale above 0, but found -1.000000e+00}}
func.func private @scale() attributes {u = #pattern.uniform<scale = -1.0, zero_point = 0>}

// -----

// expected-error @+1 {{expected a scale above 0, but found 1.000000e+00 : f32}}
func.func private @scale_of_f32() attributes {u = #pattern.uniform<scale = 1.0 : f32, zero_point = 0>}

// -----

// expected-error @+1 {{zero point 256 is no byte}}
func.func private @zero_point() attributes {u = #pattern.uniform<scale = 1.0, zero_point = 256>}

// -----

func.func private @sign() attributes {
  // expected-error @+1 {{expected numbers of u8, but found -1}}
  q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = -1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>
}

// -----

func.func private @range() attributes {
  // expected-error @+1 {{range 2 to 1 is empty}}
  q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 2, high = 1>
}

// -----

// expected-error @+1 {{padding 300 is no byte}}
func.func private @padding() attributes {p = #pattern.planes<strides = [1, 1], origin = 0, pitch = 1, size = 1, padding = 300>}

// -----

// expected-error @+1 {{padding 3 is for bytes, but the elements are 'f32'}}
func.func private @padding_of_floats(tensor<1x1x1x1xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 1, size = 1, padding = 3>>)

// -----

func.func @no_quantization(%x: tensor<1x2x4x4xi8>, %w: tensor<4x2x1x1xi8>) -> tensor<1x4x4x4xi8> {
  // expected-error @+1 {{computes 'i8', but has no quantization}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>>
      : (tensor<1x2x4x4xi8>, tensor<4x2x1x1xi8>) -> tensor<1x4x4x4xi8>
  return %y : tensor<1x4x4x4xi8>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>
func.func @quantization_of_floats(%x: tensor<1x2x4x4xf32>, %w: tensor<4x2x1x1xf32>) -> tensor<1x4x4x4xf32> {
  // expected-error @+1 {{computes 'f32', but has a quantization}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>> {quantization = #q}
      : (tensor<1x2x4x4xf32>, tensor<4x2x1x1xf32>) -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>
func.func @no_scales(%x: tensor<1x2x4x4xi8>, %w: tensor<4x2x1x1xi8>) -> tensor<1x4x4x4xi8> {
  // expected-error @+1 {{has a quantization, but no scales}}
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>> {quantization = #q}
      : (tensor<1x2x4x4xi8>, tensor<4x2x1x1xi8>) -> tensor<1x4x4x4xi8>
  return %y : tensor<1x4x4x4xi8>
}

// -----

func.func @scales_of_floats(%x: tensor<1x2x4x4xf32>, %w: tensor<4x2x1x1xf32>, %s: tensor<4xf32>) -> tensor<1x4x4x4xf32> {
  // expected-error @+1 {{has scales, but no quantization}}
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<4x2x1x1xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>
func.func @few_scales(%x: tensor<1x2x4x4xi8>, %w: tensor<4x2x1x1xi8>, %s: tensor<3xf32>) -> tensor<1x4x4x4xi8> {
  // expected-error @+1 {{expected scales of 4 filters, but found 'tensor<3xf32>'}}
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>> {quantization = #q}
      : (tensor<1x2x4x4xi8>, tensor<4x2x1x1xi8>, tensor<3xf32>) -> tensor<1x4x4x4xi8>
  return %y : tensor<1x4x4x4xi8>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>
func.func @activation(%x: tensor<1x2x4x4xi8>, %w: tensor<4x2x1x1xi8>, %s: tensor<4xf32>) -> tensor<1x4x4x4xi8> {
  // expected-error @+1 {{computes bytes, of which an activation is a range}}
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>>
      {quantization = #q, activation = #pattern.activation<relu>}
      : (tensor<1x2x4x4xi8>, tensor<4x2x1x1xi8>, tensor<4xf32>) -> tensor<1x4x4x4xi8>
  return %y : tensor<1x4x4x4xi8>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>
func.func @residual(%x: tensor<1x2x4x4xi8>, %w: tensor<4x2x1x1xi8>, %s: tensor<4xf32>, %r: tensor<1x4x4x4xi8>) -> tensor<1x4x4x4xi8> {
  // expected-error @+1 {{has residual, unlike its quantization}}
  %y = pattern.conv2d %x, %w scale(%s) add(%r) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>> {quantization = #q}
      : (tensor<1x2x4x4xi8>, tensor<4x2x1x1xi8>, tensor<4xf32>, tensor<1x4x4x4xi8>) -> tensor<1x4x4x4xi8>
  return %y : tensor<1x4x4x4xi8>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>
func.func @input_of_floats(%x: tensor<1x2x4x4xf32>, %w: tensor<4x2x1x1xi8>, %s: tensor<4xf32>) -> tensor<1x4x4x4xi8> {
  // expected-error @+1 {{computes 'i8', but one of its operands is 'tensor<1x2x4x4xf32>'}}
  %y = pattern.conv2d %x, %w scale(%s) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<4x2xui8>> {quantization = #q}
      : (tensor<1x2x4x4xf32>, tensor<4x2x1x1xi8>, tensor<4xf32>) -> tensor<1x4x4x4xi8>
  return %y : tensor<1x4x4x4xi8>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>
func.func @maximum(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x3x3xi8> {
  // expected-error @+1 {{keeps bytes, but #pattern.uniform<scale = 1.000000e+00 : f64, zero_point = 1> becomes #pattern.uniform<scale = 1.000000e+00 : f64, zero_point = 0>}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, quantization = #q} : tensor<1x2x4x4xi8> -> tensor<1x2x3x3xi8>
  return %y : tensor<1x2x3x3xi8>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 1>, low = 0, high = 255>
#planes = #pattern.planes<strides = [1, 1], origin = 64, pitch = 5, size = 128, padding = 2>
func.func @other_padding(%x: tensor<1x2x4x4xi8, #planes>) -> tensor<1x2x3x3xi8> {
  // expected-error @+1 {{planes are padded with 2, but the zero point is 1}}
  %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, quantization = #q} : tensor<1x2x4x4xi8, #planes> -> tensor<1x2x3x3xi8>
  return %y : tensor<1x2x3x3xi8>
}

// -----

func.func private @table() attributes {
  // expected-error @+1 {{expected a table of 256 bytes, but found 'tensor<255xi8>'}}
  l = #pattern.lookup<from = <scale = 1.0, zero_point = 0>, table = dense<0> : tensor<255xi8>>
}

// -----

func.func private @table_of_words() attributes {
  // expected-error @+1 {{expected a table of 256 bytes, but found 'tensor<256xi16>'}}
  l = #pattern.lookup<from = <scale = 1.0, zero_point = 0>, table = dense<0> : tensor<256xi16>>
}

// -----

func.func private @lookup_from() attributes {
  // expected-error @+1 {{expected numbers of s8, but found 128}}
  q = #pattern.quantization<bytes = s8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 127, lookup = <from = <scale = 1.0, zero_point = 128>, table = dense<0> : tensor<256xi8>>>
}

// -----

#q = #pattern.quantization<bytes = u8, input = <scale = 1.0, zero_point = 1>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255, lookup = <from = <scale = 1.0, zero_point = 0>, table = dense<0> : tensor<256xi8>>>
func.func @lookup_of_pool(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x3x3xi8> {
  // expected-error @+1 {{looks nothing up, but its quantization does}}
  %y = pattern.pool2d <average> %x {kernel = array<i64: 2, 2>, quantization = #q} : tensor<1x2x4x4xi8> -> tensor<1x2x3x3xi8>
  return %y : tensor<1x2x3x3xi8>
}
