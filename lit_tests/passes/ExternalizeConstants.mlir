// RUN: pattern-opt %s --pass-pipeline='builtin.module(pattern-externalize-constants{min-bytes=16})' -split-input-file | FileCheck %s
// RUN: pattern-opt %s --pass-pipeline='builtin.module(pattern-externalize-constants{min-bytes=17 scope=net})' -split-input-file | FileCheck %s --check-prefix=OPTIONS

// The bytes of a blob stay with the module, under its name.
// CHECK-LABEL: module attributes {pattern.parameters = {conv1.weight = dense_resource<conv1.weight> : tensor<2xf32>}}
// CHECK: "util.global"() <{initial_value = #flow.parameter.named<"patternc"::"conv1.weight"> : tensor<2xf32>, sym_name = "conv1.weight", sym_visibility = "private", type = tensor<2xf32>}>
// CHECK: func.func @blob
// CHECK-NEXT: %[[W:.+]] = "util.global.load"() <{global = @conv1.weight}> : () -> tensor<2xf32>
// CHECK-NEXT: return %[[W]]
// CHECK: conv1.weight: "0x400000000000803F00000040"
//
// OPTIONS-LABEL: module attributes {pattern.parameters = {conv1.weight =
// OPTIONS: #flow.parameter.named<"net"::"conv1.weight">
func.func @blob() -> tensor<2xf32> {
  %w = arith.constant dense_resource<conv1.weight> : tensor<2xf32>
  return %w : tensor<2xf32>
}

{-#
  dialect_resources: { builtin: { conv1.weight: "0x400000000000803F00000040" } }
#-}

// -----

// Equal constants share one global, also from function to function.
// CHECK-LABEL: module attributes {pattern.parameters = {w =
// CHECK-COUNT-1: "util.global"()
// CHECK-NOT: "util.global"()
// CHECK: func.func @first
// CHECK: "util.global.load"() <{global = @w}>
// CHECK: "util.global.load"() <{global = @w}>
// CHECK: func.func @second
// CHECK: "util.global.load"() <{global = @w}>
func.func @first() -> (tensor<1xf32>, tensor<1xf32>) {
  %0 = arith.constant dense_resource<w> : tensor<1xf32>
  %1 = arith.constant dense_resource<w> : tensor<1xf32>
  return %0, %1 : tensor<1xf32>, tensor<1xf32>
}
func.func @second() -> tensor<1xf32> {
  %0 = arith.constant dense_resource<w> : tensor<1xf32>
  return %0 : tensor<1xf32>
}

{-#
  dialect_resources: { builtin: { w: "0x400000000000803F" } }
#-}

// -----

// What is equal are the bytes and the type, not the name.
// CHECK-LABEL: module attributes {pattern.parameters = {v = {{[^,]+}}, w = dense_resource<w> : {{[^,]+}}}}
// CHECK-COUNT-2: "util.global"()
// CHECK-NOT: "util.global"()
// CHECK: func.func @steps
// CHECK: %[[V:.+]] = "util.global.load"() <{global = @v}> : () -> tensor<1xi32>
// CHECK: %[[W:.+]] = "util.global.load"() <{global = @w}> : () -> tensor<1xf32>
// CHECK: %[[AGAIN:.+]] = "util.global.load"() <{global = @w}> : () -> tensor<1xf32>
// CHECK: return %[[V]], %[[W]], %[[AGAIN]]
func.func @steps() -> (tensor<1xi32>, tensor<1xf32>, tensor<1xf32>) {
  %0 = arith.constant dense_resource<v> : tensor<1xi32>
  %1 = arith.constant dense_resource<w> : tensor<1xf32>
  %2 = arith.constant dense_resource<w_1> : tensor<1xf32>
  return %0, %1, %2 : tensor<1xi32>, tensor<1xf32>, tensor<1xf32>
}

{-#
  dialect_resources: { builtin: { v: "0x400000000000803F", w: "0x400000000000803F", w_1: "0x400000000000803F" } }
#-}

// -----

// The same blob under two shapes is one parameter of two globals.
// CHECK-LABEL: module attributes {pattern.parameters = {w = dense_resource<w> : {{[^,]+}}}}
// CHECK-DAG: #flow.parameter.named<"patternc"::"w"> : tensor<1x2xf32>, sym_name = "[[MATRIX:w.*]]", sym_visibility
// CHECK-DAG: #flow.parameter.named<"patternc"::"w"> : tensor<2xf32>, sym_name = "[[VECTOR:w.*]]", sym_visibility
// CHECK: func.func @two_shapes
// CHECK: "util.global.load"() <{global = @[[VECTOR]]}> : () -> tensor<2xf32>
// CHECK: "util.global.load"() <{global = @[[MATRIX]]}> : () -> tensor<1x2xf32>
func.func @two_shapes() -> (tensor<2xf32>, tensor<1x2xf32>) {
  %0 = arith.constant dense_resource<w> : tensor<2xf32>
  %1 = arith.constant dense_resource<w> : tensor<1x2xf32>
  return %0, %1 : tensor<2xf32>, tensor<1x2xf32>
}

{-#
  dialect_resources: { builtin: { w: "0x400000000000803F00000040" } }
#-}

// -----

// Sixteen bytes are enough for a constant without a name; a byte less is not.
// CHECK-LABEL: module attributes {pattern.parameters = {constant = dense_resource<constant> : tensor<4xi32>}}
// CHECK: func.func @by_size
// CHECK-DAG: "util.global.load"() <{global = @constant}> : () -> tensor<4xi32>
// CHECK-DAG: arith.constant dense<{{.*}}> : tensor<15xi8>
// CHECK: return
// CHECK: constant: "0x4000000001000000020000000300000004000000"
//
// OPTIONS-LABEL: module {
// OPTIONS: func.func @by_size
// OPTIONS: arith.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
func.func @by_size() -> (tensor<4xi32>, tensor<15xi8>) {
  %0 = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %1 = arith.constant dense<[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : tensor<15xi8>
  return %0, %1 : tensor<4xi32>, tensor<15xi8>
}

// -----

// A uniform constant is short as text, and the bytes of bits are not their elements.
// CHECK-LABEL: module {
// CHECK-NOT: util.global
// CHECK: arith.constant dense<1.000000e+00> : tensor<64xf32>
// CHECK: arith.constant dense<{{.*}}> : tensor<130xi1>
func.func @stay() -> (tensor<64xf32>, tensor<130xi1>, f32) {
  %0 = arith.constant dense<1.0> : tensor<64xf32>
  %1 = arith.constant dense<"0xAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA02"> : tensor<130xi1>
  %2 = arith.constant 1.0 : f32
  return %0, %1, %2 : tensor<64xf32>, tensor<130xi1>, f32
}

// -----

// The bodies of executables keep their constants.
// CHECK-LABEL: module {
// CHECK-NOT: util.global
// CHECK: arith.constant dense_resource<w>
module {
  module {
    func.func @kernel() -> tensor<1xf32> {
      %0 = arith.constant dense_resource<w> : tensor<1xf32>
      return %0 : tensor<1xf32>
    }
  }
}

{-#
  dialect_resources: { builtin: { w: "0x400000000000803F" } }
#-}

// -----

// A symbol that is taken is not taken twice.
// CHECK-LABEL: module attributes {pattern.parameters = {w =
// CHECK: "util.global"() <{initial_value = #flow.parameter.named<"patternc"::"w"> : tensor<1xf32>, sym_name = "w_1",
// CHECK: func.func @w
// CHECK: "util.global.load"() <{global = @w_1}>
func.func @w() -> tensor<1xf32> {
  %0 = arith.constant dense_resource<w> : tensor<1xf32>
  return %0 : tensor<1xf32>
}

{-#
  dialect_resources: { builtin: { w: "0x400000000000803F" } }
#-}

// -----

// Elements that are neither integers nor floats have no bytes that a parameter could hold; a name may hold quotes.
// CHECK-LABEL: module attributes {pattern.parameters =
// CHECK: #flow.parameter.named<"patternc"::"of \22index\22">
// CHECK: arith.constant dense_resource<index> : tensor<1xindex>
func.func @elements() -> (tensor<1xindex>, tensor<1xf32>) {
  %0 = arith.constant dense_resource<index> : tensor<1xindex>
  %1 = arith.constant dense_resource<"of \"index\""> : tensor<1xf32>
  return %0, %1 : tensor<1xindex>, tensor<1xf32>
}

{-#
  dialect_resources: { builtin: { index: "0x080000000100000000000000", "of \"index\"": "0x040000000000803F" } }
#-}
