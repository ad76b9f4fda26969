// What passes say of poolings and epilogues, and of copies between convolutions; the rest is in Statistics.mlir.
// RUN: pattern-opt %s -pattern-linalg-to-reference-pipeline --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s
// RUN: pattern-opt %s -pattern-linalg-to-executable-pipeline --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=EXECUTABLE

// CHECK: Category:pattern-fold-batch-norms | convolutions=0, others=0, products=0
// CHECK: Category:pattern-fold-constants | folded=0
// CHECK: Category:pattern-raise-convolutions | dense=3, patterned=0, removed-kernels=0
// CHECK: Category:pattern-raise-pooling | maxima=2, means=1
// CHECK: Category:pattern-fuse-epilogues | activations=2, residuals=1
// CHECK: Category:pattern-convolutions-to-linalg | lowered=6

// The argument is packed for two convolutions; the sum is unpacked for the caller.
// EXECUTABLE: Category:pattern-layout-activations | packs=1, unpacks=1
// EXECUTABLE: Category:pattern-schedule-convolutions | scheduled=3
// EXECUTABLE: Category:pattern-lower-convolutions | convolutions=3, copies=2, pools=3

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
func.func @main(%x: tensor<1x1x4x4xf32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %four = arith.constant 4.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %init = arith.constant dense<0.0> : tensor<1x1x4x4xf32>
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %a = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%init : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%a : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%b, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%init : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %d = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>)
      outs(%init : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c, %d : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>

  %window = tensor.empty() : tensor<2x2xf32>
  %small = tensor.empty() : tensor<1x1x3x3xf32>
  %least = arith.constant dense<0xFF800000> : tensor<1x1x3x3xf32>
  %none = arith.constant dense<0.0> : tensor<1x1x3x3xf32>
  %p = linalg.pooling_nchw_max ins(%x, %window : tensor<1x1x4x4xf32>, tensor<2x2xf32>)
      outs(%least : tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
  %q = linalg.pooling_nchw_max ins(%r, %window : tensor<1x1x4x4xf32>, tensor<2x2xf32>)
      outs(%least : tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
  %t = linalg.pooling_nchw_sum ins(%x, %window : tensor<1x1x4x4xf32>, tensor<2x2xf32>)
      outs(%none : tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%t : tensor<1x1x3x3xf32>) outs(%small : tensor<1x1x3x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %four : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x3x3xf32>
  return %r, %p, %q, %m : tensor<1x1x4x4xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>
}
