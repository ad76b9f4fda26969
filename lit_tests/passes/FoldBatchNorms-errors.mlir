// RUN: pattern-opt %s -pattern-fold-batch-norms -verify-diagnostics -split-input-file

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
func.func @weights(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  // expected-error @+1 {{conv1.weight holds a value that is not finite once what scales it, such as batch norm, is folded in}}
  %w = arith.constant dense_resource<conv1.weight> : tensor<1x1x1x1xf32>
  %zero = arith.constant 0.0 : f32
  %init = arith.constant dense<0.0> : tensor<1x1x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>)
      outs(%init : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y : tensor<1x1x2x2xf32>) outs(%init : tensor<1x1x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x2x2xf32>
  return %z : tensor<1x1x2x2xf32>
}

{-#
  dialect_resources: { builtin: { conv1.weight: "0x040000000000803F" } }
#-}
