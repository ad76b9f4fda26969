// The examples of the ODS descriptions parse: each is cut out of its .td file and put between the lines that it
// takes for granted.
// RUN: split-file %s %t

// RUN: sed -n '/^def Pattern_Conv2DOp /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternOps.td > %t/example
// RUN: cat %t/conv2d-before %t/example %t/after | pattern-opt | FileCheck %s --check-prefix=CONV2D
// CONV2D: pattern.conv2d

// RUN: sed -n '/^def Pattern_PackedConv2DOp /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternOps.td > %t/example
// RUN: cat %t/packed_conv2d-before %t/example %t/after | pattern-opt | FileCheck %s --check-prefix=PACKED
// PACKED: pattern.packed_conv2d

// RUN: sed -n '/^def Pattern_PackOp /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternOps.td > %t/example
// RUN: cat %t/pack-before %t/example %t/after | pattern-opt | FileCheck %s --check-prefix=PACK
// PACK: pattern.pack %

// RUN: sed -n '/^def Pattern_Pool2DOp /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternOps.td > %t/example
// RUN: cat %t/pool2d-before %t/example %t/after | pattern-opt | FileCheck %s --check-prefix=POOL2D
// POOL2D: pattern.pool2d

// RUN: sed -n '/^def Pattern_UnpackOp /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternOps.td > %t/example
// RUN: cat %t/unpack-before %t/example %t/after | pattern-opt | FileCheck %s --check-prefix=UNPACK
// UNPACK: pattern.unpack %

// RUN: sed -n '/^def Pattern_KernelPatternsAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternAttributes.td > %t/example
// RUN: cat %t/attribute-before %t/example %t/attribute-after | pattern-opt | FileCheck %s --check-prefix=SET
// SET: #pattern.set<

// RUN: sed -n '/^def Pattern_KernelMapAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternAttributes.td > %t/example
// RUN: cat %t/attribute-before %t/example %t/attribute-after | pattern-opt | FileCheck %s --check-prefix=MAP
// MAP: #pattern.kernel_map<

// RUN: sed -n '/^def Pattern_FkwAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternAttributes.td > %t/example
// RUN: cat %t/attribute-before %t/example %t/attribute-after | pattern-opt | FileCheck %s --check-prefix=FKW
// FKW: #pattern.fkw<

// RUN: sed -n '/^def Pattern_PlanesAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../dialect/PatternAttributes.td > %t/example
// RUN: cat %t/attribute-before %t/example %t/attribute-after | pattern-opt | FileCheck %s --check-prefix=PLANES
// PLANES: #pattern.planes<

//--- conv2d-before
func.func @example(%x: tensor<1x2x8x8xf32>, %w: tensor<4x2x3x3xf32>, %b: tensor<4xf32>) {

//--- packed_conv2d-before
func.func @example(%x: tensor<1x2x8x8xf32>, %weight: tensor<32xf32>, %index: tensor<4xi32>, %pattern_offset: tensor<4xi32>,
                   %offset: tensor<3xi32>, %reorder: tensor<4xi32>) {

//--- pack-before
func.func @example(%x: tensor<1x16x8x8xf32>) {

//--- pool2d-before
func.func @example(%x: tensor<1x16x8x8xf32>) {

//--- unpack-before
func.func @example(
    %p: tensor<1x16x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>) {

//--- after
  return
}

//--- attribute-before
func.func private @example() attributes {example =

//--- attribute-after
}
