// RUN: pattern-opt %s -pattern-demote-f32-to-f16 -verify-diagnostics -split-input-file

// 65519 is nearest to the largest number, 65520 to infinity.
func.func @blob() -> tensor<2xf32> {
  // expected-error @+1 {{conv.weight holds -6.552000e+04, which is beyond the largest number of f16, 65504}}
  %w = arith.constant dense_resource<conv.weight> : tensor<2xf32>
  return %w : tensor<2xf32>
}

{-#
  dialect_resources: { builtin: { conv.weight: "0x0400000000EF7F4700F07FC7" } }
#-}

// -----

func.func @elements() -> tensor<2xf32> {
  // expected-error @+1 {{constant holds 7.000000e+04, which is beyond the largest number of f16, 65504}}
  %w = arith.constant dense<[0.0, 7.0e+04]> : tensor<2xf32>
  return %w : tensor<2xf32>
}

// -----

func.func @no_data() -> tensor<2xf32> {
  // expected-error @+1 {{constant has no data that can be rounded to f16}}
  %w = arith.constant dense_resource<missing> : tensor<2xf32>
  return %w : tensor<2xf32>
}

// -----

func.func @splat() -> tensor<2xf32> {
  // expected-error @+1 {{constant holds -3.000000e+38, which is beyond the largest number of f16, 65504}}
  %w = arith.constant dense<-3.0e+38> : tensor<2xf32>
  return %w : tensor<2xf32>
}
