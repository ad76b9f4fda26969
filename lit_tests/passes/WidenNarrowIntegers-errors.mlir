// RUN: pattern-opt %s %target-gpu -pattern-widen-narrow-integers -verify-diagnostics -split-input-file

// expected-error @+1 {{'func.func' op has 'tensor<4xi8>', but the target stores no integers narrower than 32 bits; convert them to i32 before it}}
func.func @argument(%x: tensor<4xi8>) -> tensor<4xi8> {
  return %x : tensor<4xi8>
}

// -----

func.func @result(%x: i1) -> tensor<4xi1> {
  %s = tensor.splat %x : tensor<4xi1>
  // expected-error @+1 {{'func.return' op has 'tensor<4xi1>', but the target stores no integers}}
  return %s : tensor<4xi1>
}

// -----

func.func @bits(%x: tensor<4xf16>) -> f32 {
  // expected-error @+1 {{'tensor.bitcast' op has 'tensor<4xi16>', but the target stores no integers}}
  %b = tensor.bitcast %x : tensor<4xf16> to tensor<4xi16>
  %z = arith.constant 0.0 : f32
  return %z : f32
}

// -----

func.func @unknown(%x: i8) -> tensor<4xf32> {
  %s = tensor.splat %x : tensor<4xi8>
  // expected-error @+1 {{'tm_tensor.topk' op has 'tensor<4xi8>', but the target stores no integers}}
  %y = "tm_tensor.topk"(%s) : (tensor<4xi8>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @blob(%i: index) -> i8 {
  // expected-error @+1 {{'arith.constant' op has no data that holds 'tensor<4xi8>'}}
  %t = arith.constant dense_resource<short> : tensor<4xi8>
  %e = tensor.extract %t[%i] : tensor<4xi8>
  return %e : i8
}

{-#
  dialect_resources: { builtin: { short: "0x010000000102" } }
#-}
