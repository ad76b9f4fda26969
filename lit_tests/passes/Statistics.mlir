// Every pass says in numbers what it did, as a remark under its flag.
// RUN: pattern-opt %s %target-vm -pattern-linalg-to-executable-pipeline -pattern-externalize-constants --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s
// RUN: pattern-opt %s -pattern-linalg-to-reference-pipeline --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REFERENCE

// CHECK: Category:pattern-raise-convolutions | dense=1, patterned=2, removed-kernels=2
// CHECK: Category:pattern-reorder-filters | reordered=1
//
// Stored are weight, index, stride, offset and reorder: 16 + 4 + 8 + 8 + 8, 12 + 6 + 24 + 12 + 8 and 4 + 2 + 8 + 8 + 4.
// CHECK: Category:pattern-compress-weights | dense-bytes=64, stored-bytes=32
// CHECK: Category:pattern-layout-activations | packs=1, unpacks=0
// CHECK: Category:pattern-schedule-convolutions | scheduled=3
// CHECK: Category:pattern-lower-convolutions | convolutions=3, copies=1, pools=0
//
// In a dense kernel the channel and, for both filters at once, an input and a weight each, of which the input is shared;
// in the other two the channel, where there are two patterns the offset of the tap, an input and a weight.
// CHECK: Category:pattern-eliminate-redundant-loads | loads-after=11, loads-before=12, multiply-adds=4
//
// Weights and descriptors of each layer: 16 + 8, 12 + 12 and 4 + 4.
// CHECK: Category:pattern-externalize-constants | bytes=56, parameters=6

// REFERENCE: Category:pattern-decompress-weights | decompressed=3
// REFERENCE: Category:pattern-convolutions-to-linalg | lowered=3

func.func @main(%x: tensor<1x2x1x2xf32>) -> (tensor<1x2x1x2xf32>, tensor<1x2x1x1xf32>, tensor<1x1x1x1xf32>) {
  %zero = arith.constant 0.0 : f32
  %init2 = arith.constant dense<0.0> : tensor<1x2x1x2xf32>
  %init1 = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %init = arith.constant dense<0.0> : tensor<1x1x1x1xf32>
  %dense = arith.constant dense<1.0> : tensor<2x2x1x1xf32>
  %patterned = arith.constant dense<[[[[1.0, 0.0]], [[2.0, 0.0]]], [[[0.0, 3.0]], [[0.0, 0.0]]]]> : tensor<2x2x1x2xf32>
  %removed = arith.constant dense<[[[[0.0, 1.0]], [[0.0, 0.0]]]]> : tensor<1x2x1x2xf32>
  %a = linalg.conv_2d_nchw_fchw ins(%x, %dense : tensor<1x2x1x2xf32>, tensor<2x2x1x1xf32>)
      outs(%init2 : tensor<1x2x1x2xf32>) -> tensor<1x2x1x2xf32>
  %b = linalg.conv_2d_nchw_fchw ins(%x, %patterned : tensor<1x2x1x2xf32>, tensor<2x2x1x2xf32>)
      outs(%init1 : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %removed : tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>)
      outs(%init : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %a, %b, %c : tensor<1x2x1x2xf32>, tensor<1x2x1x1xf32>, tensor<1x1x1x1xf32>
}
