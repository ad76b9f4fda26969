// Every form of the op reads back what it printed.
// RUN: pattern-opt %s | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | pattern-opt | FileCheck %s
// RUN: pattern-opt %s -mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: @defaults
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x4x4xf32>, %[[W:[^:]+]]: tensor<8xf32>, %[[I:[^:]+]]: tensor<4xi16>, %[[S:[^:]+]]: tensor<6xi32>, %[[O:[^:]+]]: tensor<3xi32>, %[[R:[^:]+]]: tensor<2xi32>
// CHECK: pattern.packed_conv2d %[[X]] fkw(%[[W]], %[[I]], %[[S]], %[[O]], %[[R]]) storage <set = <3x3, {{\[\[}}0, 4], [4, 8]]>, group = 1> : (
// CHECK-SAME: tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<4xi16>, tensor<6xi32>, tensor<3xi32>, tensor<2xi32>) -> tensor<1x2x2x2xf32>
// GENERIC-LABEL: sym_name = "defaults"
// GENERIC: "pattern.packed_conv2d"
// GENERIC-SAME: activation = #pattern.activation<none>
// GENERIC-SAME: dilations = array<i64: 1, 1>
// GENERIC-SAME: groups = 1 : i64
// GENERIC-SAME: padding = array<i64: 0, 0, 0, 0>
// GENERIC-SAME: storage = #pattern.fkw<
// GENERIC-SAME: strides = array<i64: 1, 1>
func.func @defaults(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<4xi16>, %s: tensor<6xi32>,
                    %o: tensor<3xi32>, %r: tensor<2xi32>) -> tensor<1x2x2x2xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 4], [4, 8]]>, group = 1>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<4xi16>, tensor<6xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: @bias
// CHECK-SAME: %[[B:[^:]+]]: tensor<4xf32>
// CHECK: pattern.packed_conv2d {{.*}} bias(%[[B]]) storage <set = {{.*}}, group = 4>
func.func @bias(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>,
                %r: tensor<4xi32>, %b: tensor<4xf32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) bias(%b) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>, tensor<4xf32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// CHECK-LABEL: @index_of_32_bits
// CHECK: pattern.packed_conv2d {{.*}} : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>,
func.func @index_of_32_bits(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                            %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// CHECK-LABEL: @no_kernel_left
// CHECK: pattern.packed_conv2d {{.*}} tensor<0xf32>, tensor<0xi16>
func.func @no_kernel_left(%x: tensor<1x2x4x4xf32>, %w: tensor<0xf32>, %i: tensor<0xi16>, %s: tensor<2xi32>,
                          %o: tensor<2xi32>, %r: tensor<4xi32>) -> tensor<1x4x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<0xf32>, tensor<0xi16>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// CHECK-LABEL: @schedule
// CHECK: pattern.packed_conv2d {{.*}}, group = 1> schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0> : (
func.func @schedule(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>,
                    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @geometry
// CHECK: pattern.packed_conv2d {{.*}} {activation = #pattern.activation<relu6>, dilations = array<i64: 1, 2>, padding = array<i64: 1, 2, 0, 3>, strides = array<i64: 2, 1>} : (
// CHECK-SAME: -> tensor<1x1x2x5xf32>
func.func @geometry(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>,
                    %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x2x5xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {strides = array<i64: 2, 1>, padding = array<i64: 1, 2, 0, 3>, dilations = array<i64: 1, 2>,
       activation = #pattern.activation<relu6>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x2x5xf32>
  return %y : tensor<1x1x2x5xf32>
}

// CHECK-LABEL: @depthwise
// CHECK: pattern.packed_conv2d {{.*}} {groups = 2 : i64}
func.func @depthwise(%x: tensor<1x2x4x4xf32>, %w: tensor<2xf32>, %i: tensor<2xi16>, %s: tensor<4xi32>,
                     %o: tensor<3xi32>, %r: tensor<2xi32>) -> tensor<1x2x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1> {groups = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi16>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @input_in_planes
// CHECK: pattern.packed_conv2d {{.*}} {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x1x4x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 9, pitch = 6>>,
func.func @input_in_planes(
    %x: tensor<1x1x4x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 9, pitch = 6>>,
    %w: tensor<1xf32>, %i: tensor<1xi16>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>)
    -> tensor<1x1x4x4xf32> {
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #pattern.planes<padding = [1, 1, 1, 1], strides = [1, 1], rows = 9, pitch = 6>>,
         tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
