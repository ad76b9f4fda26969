// How the ids of a kernel map are kept, and that they are read wherever they are.
// RUN: pattern-opt %s -pattern-decompress-weights -pattern-raise-convolutions -pattern-raise-fully-connected -split-input-file | FileCheck %s
// RUN: pattern-opt %s -pattern-decompress-weights -pattern-raise-convolutions -pattern-raise-fully-connected -pattern-compress-weights -split-input-file | FileCheck %s --check-prefix=READ

// Many ids are a resource, of a byte a kernel.
// CHECK-LABEL: @many
// CHECK: ids = dense_resource<conv.map> : tensor<2x129xui8>>
// CHECK: conv.map: "0x010000000100000000
// READ-LABEL: @many
// READ: %[[INDEX:.+]] = arith.constant dense<0> : tensor<1xi32>
// READ: pattern.packed_conv2d %{{.+}} fkw(%{{.+}}, %[[INDEX]],
func.func @many(%x: tensor<1x129x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %weight = arith.constant dense<1.0> : tensor<2xf32>
  %index = arith.constant dense<0> : tensor<1xi32>
  %ends = arith.constant dense<[0, 1]> : tensor<2xi32>
  %y = pattern.packed_conv2d %x fkw(%weight, %index, %ends, %ends, %ends) storage <set = <1x1, [[0]]>, group = 2>
      : (tensor<1x129x2x2xf32>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// -----

// Equal ids are one number, however many.
// CHECK-LABEL: @uniform
// CHECK: ids = dense<1> : tensor<512x1xui8>>
// READ-LABEL: @uniform
// READ: %[[INDEX:.+]] = arith.constant dense<0> : tensor<64xi32>
// READ: pattern.packed_conv2d %{{.+}} fkw(%{{.+}}, %[[INDEX]],
func.func @uniform(%x: tensor<1x1x2x2xf32>) -> tensor<1x512x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<512x1x1x1xf32>
  %zero = arith.constant dense<0.0> : tensor<1x512x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<512x1x1x1xf32>)
      outs(%zero : tensor<1x512x2x2xf32>) -> tensor<1x512x2x2xf32>
  return %y : tensor<1x512x2x2xf32>
}

// -----

// Convolutions with the same weights, such as those of an unrolled loop, share a map.
// CHECK-LABEL: @shared
// CHECK: pattern.conv2d {{.*}} ids = dense_resource<layer.map> : tensor<129x2xui8>>
// CHECK: pattern.conv2d {{.*}} ids = dense_resource<layer.map> : tensor<129x2xui8>>
func.func @shared(%x: tensor<1x2x2x2xf16>) -> (tensor<1x129x2x2xf16>, tensor<1x129x1x1xf16>) {
  %w = arith.constant dense_resource<layer.weight> : tensor<129x2x1x1xf16>
  %zero = arith.constant dense<0.0> : tensor<1x129x2x2xf16>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x2x2xf16>, tensor<129x2x1x1xf16>)
      outs(%zero : tensor<1x129x2x2xf16>) -> tensor<1x129x2x2xf16>
  %fewer = arith.constant dense<0.0> : tensor<1x129x1x1xf16>
  %z = linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>}
      ins(%x, %w : tensor<1x2x2x2xf16>, tensor<129x2x1x1xf16>)
      outs(%fewer : tensor<1x129x1x1xf16>) -> tensor<1x129x1x1xf16>
  return %y, %z : tensor<1x129x2x2xf16>, tensor<1x129x1x1xf16>
}

// Products with the same matrix share the map, and the matrix that was turned.
// CHECK-LABEL: @shared_matrix
// CHECK: %[[W:.+]] = arith.constant dense_resource<layer.weight_1> : tensor<129x2x1x1xf16>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map {{.*}} ids = dense_resource<layer.map_1> : tensor<129x2xui8>>
// CHECK: pattern.conv2d %{{.+}}, %[[W]] map {{.*}} ids = dense_resource<layer.map_1> : tensor<129x2xui8>>
func.func @shared_matrix(%x: tensor<1x2xf16>, %y: tensor<1x2xf16>) -> (tensor<1x129xf16>, tensor<1x129xf16>) {
  %w = arith.constant dense_resource<layer.weight> : tensor<2x129xf16>
  %zero = arith.constant dense<0.0> : tensor<1x129xf16>
  %0 = linalg.matmul ins(%x, %w : tensor<1x2xf16>, tensor<2x129xf16>) outs(%zero : tensor<1x129xf16>) -> tensor<1x129xf16>
  %1 = linalg.matmul ins(%y, %w : tensor<1x2xf16>, tensor<2x129xf16>) outs(%zero : tensor<1x129xf16>) -> tensor<1x129xf16>
  return %0, %1 : tensor<1x129xf16>, tensor<1x129xf16>
}

{-#
  dialect_resources: {
    builtin: {
      layer.weight: "0x02000000003C00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    }
  }
#-}
