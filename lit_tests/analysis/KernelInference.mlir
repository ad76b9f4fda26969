// Pattern set and connectivity are found in the zeros of the weights.
// RUN: pattern-opt %s -pattern-raise-convolutions | FileCheck %s
// RUN: pattern-opt %s --pass-pipeline='builtin.module(pattern-raise-convolutions{max-patterns=2})' | FileCheck %s --check-prefix=TWO

// The pattern of the most kernels is the first of the set.
// CHECK-LABEL: @most_frequent_first
// CHECK{LITERAL}: map <set = <1x3, [[1, 2], [0, 1]]>, ids = dense<[[2], [1], [1]]> : tensor<3x1xui8>>
func.func @most_frequent_first(%x: tensor<1x1x1x3xf32>) -> tensor<1x3x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x3x1x1xf32>
  %w = arith.constant dense<[[[[1.0, 2.0, 0.0]]],
                            [[[0.0, 3.0, 4.0]]],
                            [[[0.0, 5.0, 6.0]]]]> : tensor<3x1x1x3xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x3xf32>, tensor<3x1x1x3xf32>)
      outs(%zero : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  return %y : tensor<1x3x1x1xf32>
}

// As frequent: the one that keeps the earlier positions.
// CHECK-LABEL: @tie
// CHECK{LITERAL}: map <set = <1x3, [[0, 1], [1, 2]]>, ids = dense<[[2], [1]]> : tensor<2x1xui8>>
func.func @tie(%x: tensor<1x1x1x3xf32>) -> tensor<1x2x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %w = arith.constant dense<[[[[0.0, 3.0, 4.0]]],
                            [[[1.0, 2.0, 0.0]]]]> : tensor<2x1x1x3xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x3xf32>, tensor<2x1x1x3xf32>)
      outs(%zero : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// A kernel without a weight was removed: id 0.
// CHECK-LABEL: @removed_kernel
// CHECK{LITERAL}: map <set = <1x2, [[0], [1]]>, ids = dense<[[1, 0], [0, 2]]> : tensor<2x2xui8>>
func.func @removed_kernel(%x: tensor<1x2x1x2xf32>) -> tensor<1x2x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %w = arith.constant dense<[[[[1.0, 0.0]], [[0.0, 0.0]]],
                            [[[0.0, 0.0]], [[0.0, 2.0]]]]> : tensor<2x2x1x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x1x2xf32>, tensor<2x2x1x2xf32>)
      outs(%zero : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// A weight that happens to be zero makes no pattern of its own where one covers the kernel.
// CHECK-LABEL: @accidental_zero
// CHECK{LITERAL}: map <set = <1x4, [[0, 1, 2], [1, 2, 3]]>, ids = dense<[[1], [1], [2]]> : tensor<3x1xui8>>
func.func @accidental_zero(%x: tensor<1x1x1x4xf32>) -> tensor<1x3x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x3x1x1xf32>
  %w = arith.constant dense<[[[[1.0, 2.0, 3.0, 0.0]]],
                            [[[4.0, 0.0, 5.0, 0.0]]],
                            [[[0.0, 6.0, 7.0, 8.0]]]]> : tensor<3x1x1x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x4xf32>, tensor<3x1x1x4xf32>)
      outs(%zero : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  return %y : tensor<1x3x1x1xf32>
}

// Where none does, the support is widened, from its lowest free position.
// CHECK-LABEL: @widened
// CHECK{LITERAL}: map <set = <1x4, [[0, 1, 2], [0, 2, 3]]>, ids = dense<[[1], [2]]> : tensor<2x1xui8>>
func.func @widened(%x: tensor<1x1x1x4xf32>) -> tensor<1x2x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %w = arith.constant dense<[[[[1.0, 2.0, 3.0, 0.0]]],
                            [[[0.0, 0.0, 4.0, 5.0]]]]> : tensor<2x1x1x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x4xf32>, tensor<2x1x1x4xf32>)
      outs(%zero : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// A kernel that keeps every position makes the convolution dense: the pattern of all positions.
// CHECK-LABEL: @dense
// CHECK{LITERAL}: map <set = <1x2, [[0, 1]]>, ids = dense<1> : tensor<2x2xui8>>
func.func @dense(%x: tensor<1x2x1x2xf32>) -> tensor<1x2x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %w = arith.constant dense<[[[[1.0, 2.0]], [[3.0, 4.0]]],
                            [[[5.0, 6.0]], [[0.0, 7.0]]]]> : tensor<2x2x1x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x1x2xf32>, tensor<2x2x1x2xf32>)
      outs(%zero : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// Connectivity is found in a dense convolution as well.
// CHECK-LABEL: @dense_with_removed_kernel
// CHECK{LITERAL}: map <set = <1x2, [[0, 1]]>, ids = dense<[[1, 0], [1, 1]]> : tensor<2x2xui8>>
func.func @dense_with_removed_kernel(%x: tensor<1x2x1x2xf32>) -> tensor<1x2x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %w = arith.constant dense<[[[[1.0, 2.0]], [[0.0, 0.0]]],
                            [[[5.0, 6.0]], [[0.0, 7.0]]]]> : tensor<2x2x1x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x1x2xf32>, tensor<2x2x1x2xf32>)
      outs(%zero : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// Without any weight the set still has a pattern.
// CHECK-LABEL: @nothing_left
// CHECK{LITERAL}: map <set = <1x2, [[0, 1]]>, ids = dense<0> : tensor<1x2xui8>>
func.func @nothing_left(%x: tensor<1x2x1x2xf32>) -> tensor<1x1x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x1x1xf32>
  %w = arith.constant dense<[[[[0.0, 0.0]], [[0.0, 0.0]]]]> : tensor<1x2x1x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>)
      outs(%zero : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// More supports than max-patterns: dense.
// CHECK-LABEL: @three_supports
// CHECK{LITERAL}: map <set = <1x3, [[0, 1], [0, 2], [1, 2]]>, ids = dense<[[1], [3], [2]]> : tensor<3x1xui8>>
// TWO-LABEL: @three_supports
// TWO{LITERAL}: map <set = <1x3, [[0, 1, 2]]>, ids = dense<1> : tensor<3x1xui8>>
func.func @three_supports(%x: tensor<1x1x1x3xf32>) -> tensor<1x3x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x3x1x1xf32>
  %w = arith.constant dense<[[[[1.0, 2.0, 0.0]]],
                            [[[0.0, 3.0, 4.0]]],
                            [[[5.0, 0.0, 6.0]]]]> : tensor<3x1x1x3xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x3xf32>, tensor<3x1x1x3xf32>)
      outs(%zero : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  return %y : tensor<1x3x1x1xf32>
}

// Supports are found in kernels of up to 64 positions; larger ones count as dense.
// CHECK-LABEL: @large_kernel
// CHECK: map <set = <5x13, {{\[\[}}0, 1, 2, {{.*}}, 64]]>, ids = dense<{{\[\[}}1], [0]]> : tensor<2x1xui8>>
func.func @large_kernel(%x: tensor<1x1x5x13xf32>) -> tensor<1x2x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %one = arith.constant dense_resource<large> : tensor<2x1x5x13xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %one : tensor<1x1x5x13xf32>, tensor<2x1x5x13xf32>)
      outs(%zero : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

{-#
  dialect_resources: { builtin: { large: "0x400000000000803F000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" } }
#-}

// As many positions as there are bits: all of them, and all but the first.
// CHECK-LABEL: @of_64_positions
// CHECK: map <set = <1x64, {{\[\[}}0, 1, 2, {{.*}}, 63]]>, ids = dense<1> : tensor<2x1xui8>>
func.func @of_64_positions(%x: tensor<1x1x1x64xf32>) -> tensor<1x2x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %w = arith.constant dense<[
      [[[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]],
      [[[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]]]> : tensor<2x1x1x64xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x64xf32>, tensor<2x1x1x64xf32>)
      outs(%zero : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// CHECK-LABEL: @of_63_of_64_positions
// CHECK: map <set = <1x64, {{\[\[}}1, 2, {{.*}}, 63]]>, ids = dense<1> : tensor<2x1xui8>>
func.func @of_63_of_64_positions(%x: tensor<1x1x1x64xf32>) -> tensor<1x2x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %w = arith.constant dense<[
      [[[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]],
      [[[0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]]]> : tensor<2x1x1x64xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x1x64xf32>, tensor<2x1x1x64xf32>)
      outs(%zero : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// Filters that were pruned together and of which rounding took a weight here, a kernel there, keep one structure.
// CHECK-LABEL: @alike
// CHECK{LITERAL}: map <set = <1x2, [[0, 1]]>, ids = dense<[[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1]]> : tensor<3x6xui8>>
func.func @alike(%x: tensor<1x6x1x2xf32>) -> tensor<1x3x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x3x1x1xf32>
  %w = arith.constant dense<[
      [[[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 2.0]], [[0.0, 2.0]], [[0.0, 0.0]]],
      [[[1.0, 2.0]], [[0.0, 0.0]], [[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 0.0]], [[0.0, 0.0]]],
      [[[0.0, 0.0]], [[0.0, 0.0]], [[0.0, 0.0]], [[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 2.0]]]]> : tensor<3x6x1x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x6x1x2xf32>, tensor<3x6x1x2xf32>)
      outs(%zero : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  return %y : tensor<1x3x1x1xf32>
}

// A filter that lost one kernel of four, as rounding does, has the structure of the one that did not, whichever comes
// first; one that lost two is another filter.
// CHECK-LABEL: @filters_that_lost_kernels
// CHECK{LITERAL}: ids = dense<[[1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 1, 1]]> : tensor<3x4xui8>
func.func @filters_that_lost_kernels(%x: tensor<1x4x1x1xf32>) -> tensor<1x3x1x1xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x3x1x1xf32>
  %w = arith.constant dense<[[[[1.0]], [[2.0]], [[0.0]], [[4.0]]],
                             [[[1.0]], [[2.0]], [[3.0]], [[4.0]]],
                             [[[0.0]], [[0.0]], [[3.0]], [[4.0]]]]> : tensor<3x4x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x4x1x1xf32>, tensor<3x4x1x1xf32>)
      outs(%zero : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  return %y : tensor<1x3x1x1xf32>
}
