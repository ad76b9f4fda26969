// Decompression undoes compression, down to the last bit of the weights, whatever the form of the storage: one set
// of checks holds before and after.
// RUN: pattern-opt %s -pattern-reorder-filters -split-input-file | FileCheck %s
// RUN: pattern-opt %s -pattern-reorder-filters -pattern-compress-weights -pattern-decompress-weights -split-input-file | FileCheck %s
// RUN: pattern-opt %s --pass-pipeline='builtin.module(pattern-reorder-filters,pattern-compress-weights{max-filter-group=1},pattern-decompress-weights)' -split-input-file | FileCheck %s

// Two structures of four filters each, interleaved.
// CHECK-LABEL: @groups_of_four
// CHECK: %[[W:.+]] = arith.constant dense_resource<conv.weight{{(_1)?}}> : tensor<8x2x1x3xf32>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map
// CHECK-SAME{LITERAL}: <set = <1x3, [[0, 1], [1, 2]]>, ids = dense<[[1, 0], [2, 2], [1, 0], [2, 2], [1, 0], [2, 2], [1, 0], [2, 2]]> : tensor<8x2xui8>> {filter_order = array<i32: 0, 2, 4, 6, 1, 3, 5, 7>}
// CHECK: conv.weight{{(_1)?}}: "0x{{04|40}}000000
// CHECK-SAME: 010000000000008000000000000000000000000000000000
// CHECK-SAME: 00000000FFFF7F7FABAAAA3E000000002F65B4BEE6C332BF
// CHECK-SAME: 918E9A3EA2E95ABF00000000000000000000000000000000
// CHECK-SAME: 0000000002F9923DD88889BE00000000F74D62BF73A7733C
// CHECK-SAME: 5ECD6CBFC6E407BE00000000000000000000000000000000
// CHECK-SAME: 00000000E93B5CBF108E51BF00000000AF951ABE2959273F
// CHECK-SAME: 089D40BF9FB30DBF00000000000000000000000000000000
// CHECK-SAME: 00000000DB7D823E1B3A653F0000000027E81D3E309953BE"
func.func @groups_of_four(%x: tensor<1x2x1x3xf32>) -> tensor<1x8x1x1xf32> {
  %w = arith.constant dense_resource<conv.weight> : tensor<8x2x1x3xf32>
  %y = pattern.conv2d %x, %w map <set = <1x3, [[0, 1], [1, 2]]>,
      ids = dense<[[1, 0], [2, 2], [1, 0], [2, 2], [1, 0], [2, 2], [1, 0], [2, 2]]> : tensor<8x2xui8>>
      : (tensor<1x2x1x3xf32>, tensor<8x2x1x3xf32>) -> tensor<1x8x1x1xf32>
  return %y : tensor<1x8x1x1xf32>
}

{-#
  dialect_resources: { builtin: { conv.weight: "0x4000000001000000000000800000000000000000000000000000000000000000FFFF7F7FABAAAA3E000000002F65B4BEE6C332BF918E9A3EA2E95ABF000000000000000000000000000000000000000002F9923DD88889BE00000000F74D62BF73A7733C5ECD6CBFC6E407BE0000000000000000000000000000000000000000E93B5CBF108E51BF00000000AF951ABE2959273F089D40BF9FB30DBF0000000000000000000000000000000000000000DB7D823E1B3A653F0000000027E81D3E309953BE" } }
#-}

// -----

// No two filters alike, one of them empty.
// CHECK-LABEL: @free_structure
// CHECK: %[[W:.+]] = arith.constant dense_resource<conv.weight{{(_1)?}}> : tensor<4x3x1x2xf32>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map
// CHECK-SAME{LITERAL}: <set = <1x2, [[0], [1]]>, ids = dense<[[1, 2, 1], [0, 0, 0], [0, 0, 2], [2, 1, 0]]> : tensor<4x3xui8>> {filter_order = array<i32: 1, 2, 3, 0>}
// CHECK: conv.weight{{(_1)?}}: "0x{{04|40}}000000
// CHECK-SAME: 01000000000000000000000000000080FFFF7F7F00000000
// CHECK-SAME: 000000000000000000000000000000000000000000000000
// CHECK-SAME: 0000000000000000000000000000000000000000ABAAAA3E
// CHECK-SAME: 00000000B6D7733F512668BF000000000000000000000000"
func.func @free_structure(%x: tensor<1x3x1x2xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense_resource<conv.weight> : tensor<4x3x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>,
      ids = dense<[[1, 2, 1], [0, 0, 0], [0, 0, 2], [2, 1, 0]]> : tensor<4x3xui8>>
      : (tensor<1x3x1x2xf32>, tensor<4x3x1x2xf32>) -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

{-#
  dialect_resources: { builtin: { conv.weight: "0x4000000001000000000000000000000000000080FFFF7F7F000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000ABAAAA3E00000000B6D7733F512668BF000000000000000000000000" } }
#-}

// -----

// Every kernel keeps every position.
// CHECK-LABEL: @dense
// CHECK: %[[W:.+]] = arith.constant dense_resource<conv.weight{{(_1)?}}> : tensor<2x2x1x3xf32>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map
// CHECK-SAME{LITERAL}: <set = <1x3, [[0, 1, 2]]>, ids = dense<1> : tensor<2x2xui8>> {filter_order = array<i32: 0, 1>}
// CHECK: conv.weight{{(_1)?}}: "0x{{04|40}}000000
// CHECK-SAME: 0100000000000080FFFF7F7FABAAAA3E2E89373FAA70D7BE
// CHECK-SAME: 332436BFBCB043BF571DC4BE50DB213FD57723BFFD1D273E"
func.func @dense(%x: tensor<1x2x1x3xf32>) -> tensor<1x2x1x1xf32> {
  %w = arith.constant dense_resource<conv.weight> : tensor<2x2x1x3xf32>
  %y = pattern.conv2d %x, %w map <set = <1x3, [[0, 1, 2]]>,
      ids = dense<1> : tensor<2x2xui8>>
      : (tensor<1x2x1x3xf32>, tensor<2x2x1x3xf32>) -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

{-#
  dialect_resources: { builtin: { conv.weight: "0x400000000100000000000080FFFF7F7FABAAAA3E2E89373FAA70D7BE332436BFBCB043BF571DC4BE50DB213FD57723BFFD1D273E" } }
#-}

// -----

// The second group reads other channels with the same patterns.
// CHECK-LABEL: @grouped
// CHECK: %[[W:.+]] = arith.constant dense_resource<conv.weight{{(_1)?}}> : tensor<4x2x1x2xf32>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map
// CHECK-SAME{LITERAL}: <set = <1x2, [[0, 1]]>, ids = dense<[[1, 0], [0, 1], [1, 0], [0, 1]]> : tensor<4x2xui8>> {filter_order = array<i32: 0, 2, 1, 3>, groups = 2 : i64}
// CHECK: conv.weight{{(_1)?}}: "0x{{04|40}}000000
// CHECK-SAME: 01000000000000800000000000000000
// CHECK-SAME: 0000000000000000FFFF7F7FABAAAA3E
// CHECK-SAME: 553F8E3E38AA82BE0000000000000000
// CHECK-SAME: 0000000000000000B38FC33D20DA5FBF"
func.func @grouped(%x: tensor<1x4x1x2xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense_resource<conv.weight> : tensor<4x2x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0, 1]]>,
      ids = dense<[[1, 0], [0, 1], [1, 0], [0, 1]]> : tensor<4x2xui8>> {groups = 2 : i64}
      : (tensor<1x4x1x2xf32>, tensor<4x2x1x2xf32>) -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

{-#
  dialect_resources: { builtin: { conv.weight: "0x40000000010000000000008000000000000000000000000000000000FFFF7F7FABAAAA3E553F8E3E38AA82BE00000000000000000000000000000000B38FC33D20DA5FBF" } }
#-}

// -----

// CHECK-LABEL: @depthwise
// CHECK: %[[W:.+]] = arith.constant dense_resource<conv.weight{{(_1)?}}> : tensor<4x1x1x2xf32>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map
// CHECK-SAME{LITERAL}: <set = <1x2, [[0], [1]]>, ids = dense<[[1], [2], [0], [1]]> : tensor<4x1xui8>> {filter_order = array<i32: 2, 0, 3, 1>, groups = 4 : i64}
// CHECK: conv.weight{{(_1)?}}: "0x{{04|40}}000000
// CHECK-SAME: 0100000000000000
// CHECK-SAME: 0000000000000080
// CHECK-SAME: 0000000000000000
// CHECK-SAME: FFFF7F7F00000000"
func.func @depthwise(%x: tensor<1x4x1x2xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense_resource<conv.weight> : tensor<4x1x1x2xf32>
  %y = pattern.conv2d %x, %w map <set = <1x2, [[0], [1]]>,
      ids = dense<[[1], [2], [0], [1]]> : tensor<4x1xui8>> {groups = 4 : i64}
      : (tensor<1x4x1x2xf32>, tensor<4x1x1x2xf32>) -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}

{-#
  dialect_resources: { builtin: { conv.weight: "0x40000000010000000000000000000000000000800000000000000000FFFF7F7F00000000" } }
#-}
