// Every attribute reads back what it printed.
// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -emit-bytecode | pattern-opt | FileCheck %s

// CHECK-LABEL: @set_one_position
// CHECK-SAME{LITERAL}: set = #pattern.set<1x1, [[0]]>
func.func private @set_one_position() attributes {set = #pattern.set<1x1, [[0]]>}

// CHECK-LABEL: @set_of_two
// CHECK-SAME{LITERAL}: set = #pattern.set<3x3, [[0, 1, 3, 4], [1, 2, 4, 5]]>
func.func private @set_of_two() attributes {set = #pattern.set<3x3, [[0, 1, 3, 4], [1, 2, 4, 5]]>}

// Height comes before width: position 9 is in the last row of 5x2.
// CHECK-LABEL: @set_not_square
// CHECK-SAME{LITERAL}: set = #pattern.set<5x2, [[0, 9]]>
func.func private @set_not_square() attributes {set = #pattern.set<5x2, [[0, 9]]>}

// CHECK-LABEL: @kernel_map
// CHECK-SAME{LITERAL}: map = #pattern.kernel_map<set = <3x3, [[0, 4], [4, 8]]>, ids = dense<[[1, 0, 2], [0, 2, 2]]> : tensor<2x3xui8>>
func.func private @kernel_map() attributes {
  map = #pattern.kernel_map<set = <3x3, [[0, 4], [4, 8]]>, ids = dense<[[1, 0, 2], [0, 2, 2]]> : tensor<2x3xui8>>}

// CHECK-LABEL: @uniform_kernel_map
// CHECK-SAME: ids = dense<1> : tensor<64x64xui8>
func.func private @uniform_kernel_map() attributes {
  map = #pattern.kernel_map<set = <1x1, [[0]]>, ids = dense<1> : tensor<64x64xui8>>}

// CHECK-LABEL: @kernel_map_resource
// CHECK-SAME: ids = dense_resource<map> : tensor<2x3xui8>
func.func private @kernel_map_resource() attributes {
  map = #pattern.kernel_map<set = <1x1, [[0]]>, ids = dense_resource<map> : tensor<2x3xui8>>}

// CHECK-LABEL: @fkw
// CHECK-SAME{LITERAL}: storage = #pattern.fkw<set = <3x3, [[0, 1, 3, 4]]>, group = 4>
func.func private @fkw() attributes {storage = #pattern.fkw<set = <3x3, [[0, 1, 3, 4]]>, group = 4>}

// CHECK-LABEL: @activations
// CHECK-SAME: hard_swish = #pattern.activation<hard_swish>
// CHECK-SAME: none = #pattern.activation<none>
// CHECK-SAME: relu = #pattern.activation<relu>
// CHECK-SAME: relu6 = #pattern.activation<relu6>
// CHECK-SAME: silu = #pattern.activation<silu>
func.func private @activations() attributes {
  hard_swish = #pattern.activation<hard_swish>, none = #pattern.activation<none>,
  relu = #pattern.activation<relu>, relu6 = #pattern.activation<relu6>, silu = #pattern.activation<silu>}

// Phases of 5 rows of 8 columns: the image ends at 20 + 4 * 10 + 8 = 68.
// CHECK-LABEL: @planes
// CHECK-SAME: tensor<1x2x9x8xf32, #pattern.planes<strides = [2, 1], origin = 20, pitch = 10, size = 80>>
func.func private @planes(
  tensor<1x2x9x8xf32, #pattern.planes<strides = [2, 1], origin = 20, pitch = 10, size = 80>>)

// Nothing but image: 8 rows of 8.
// CHECK-LABEL: @planes_without_zeros
// CHECK-SAME: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 8, size = 64>>
func.func private @planes_without_zeros(
  tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 8, size = 64>>)

// CHECK: map: "0x01000000010001000101"
{-#
  dialect_resources: {
    builtin: {
      map: "0x01000000010001000101"
    }
  }
#-}
