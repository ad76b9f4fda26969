// RUN: pattern-opt %s -pattern-externalize-constants -verify-diagnostics

func.func @short_blob() -> tensor<2xf32> {
  // expected-error @+1 {{blob weight has 4 bytes, but 'tensor<2xf32>' takes 8}}
  %w = arith.constant dense_resource<weight> : tensor<2xf32>
  return %w : tensor<2xf32>
}

{-#
  dialect_resources: { builtin: { weight: "0x040000000000803F" } }
#-}
