// RUN: pattern-opt %s -pattern-convolutions-to-linalg | FileCheck %s
// RUN: pattern-opt %s -pattern-convolutions-to-linalg -pattern-raise-convolutions -pattern-fuse-epilogues | FileCheck %s --check-prefix=RAISED

// CHECK-LABEL: @plain
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x2x4x4xf32>, %[[W:[^:]+]]: tensor<3x2x3x3xf32>
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-NOT: tensor.pad
// CHECK: %[[E:.+]] = tensor.empty() : tensor<1x3x2x2xf32>
// CHECK: %[[INIT:.+]] = linalg.fill ins(%[[ZERO]] : f32) outs(%[[E]] :
// CHECK: %[[Y:.+]] = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[INIT]] :
// CHECK-NEXT: return %[[Y]]
func.func @plain(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32> {
  %y = pattern.conv2d %x, %w map <set = <3x3, [[0, 1, 3, 4]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32>
  return %y : tensor<1x3x2x2xf32>
}

// CHECK-LABEL: @bias
// CHECK-SAME: %[[B:[^:]+]]: tensor<3xf32>
// CHECK: %[[INIT:.+]] = linalg.broadcast ins(%[[B]] : tensor<3xf32>) outs(%{{.+}} : tensor<1x3x4x4xf32>) dimensions = [0, 2, 3]
// CHECK: linalg.conv_2d_nchw_fchw {{.*}} outs(%[[INIT]] :
func.func @bias(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>, %b: tensor<3xf32>) -> tensor<1x3x4x4xf32> {
  %y = pattern.conv2d %x, %w bias(%b) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<3x2xui8>>
      : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>, tensor<3xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// Top, left, bottom and right in the places of low and high.
// CHECK-LABEL: @geometry
// CHECK: %[[P:.+]] = tensor.pad %{{.+}} low[0, 0, 1, 2] high[0, 0, 3, 0]
// CHECK: tensor.yield %{{.+}} : f32
// CHECK: : tensor<1x1x4x4xf32> to tensor<1x1x8x6xf32>
// CHECK: linalg.conv_2d_nchw_fchw {dilations = dense<[1, 2]> : vector<2xi64>, strides = dense<[3, 1]> : vector<2xi64>} ins(%[[P]],
func.func @geometry(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x2x2xf32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <2x2, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {dilations = array<i64: 1, 2>, strides = array<i64: 3, 1>, padding = array<i64: 1, 2, 3, 0>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// CHECK-LABEL: @relu
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[Y:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: %[[R:.+]] = linalg.generic {{.*}} ins(%[[Y]] :
// CHECK-NEXT: ^bb0(%[[IN:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT: %[[MAX:.+]] = arith.maximumf %[[IN]], %[[ZERO]]
// CHECK-NEXT: linalg.yield %[[MAX]]
// CHECK: return %[[R]]
func.func @relu(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {activation = #pattern.activation<relu>} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @relu6
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: ^bb0(%[[IN:.+]]: f32, %{{.+}}: f32):
// CHECK: %[[MAX:.+]] = arith.maximumf %[[IN]], %[[ZERO]]
// CHECK: %[[SIX:.+]] = arith.constant 6.000000e+00 : f32
// CHECK: %[[MIN:.+]] = arith.minimumf %[[MAX]], %[[SIX]]
// CHECK: linalg.yield %[[MIN]]
func.func @relu6(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {activation = #pattern.activation<relu6>} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @hard_swish
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: ^bb0(%[[IN:.+]]: f32, %{{.+}}: f32):
// CHECK: %[[THREE:.+]] = arith.constant 3.000000e+00 : f32
// CHECK: %[[SUM:.+]] = arith.addf %[[IN]], %[[THREE]]
// CHECK: %[[MAX:.+]] = arith.maximumf %[[SUM]], %[[ZERO]]
// CHECK: %[[MIN:.+]] = arith.minimumf %[[MAX]], %{{.+}}
// CHECK: %[[PRODUCT:.+]] = arith.mulf %[[IN]], %[[MIN]]
// CHECK: %[[SIX:.+]] = arith.constant 6.000000e+00 : f32
// CHECK: %[[Y:.+]] = arith.divf %[[PRODUCT]], %[[SIX]]
// CHECK: linalg.yield %[[Y]]
// RAISED-LABEL: @hard_swish
// RAISED: pattern.conv2d {{.*}} {activation = #pattern.activation<hard_swish>}
func.func @hard_swish(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {activation = #pattern.activation<hard_swish>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @silu
// CHECK: ^bb0(%[[IN:.+]]: f32, %{{.+}}: f32):
// CHECK: %[[NEGATIVE:.+]] = arith.negf %[[IN]]
// CHECK: %[[POWER:.+]] = math.exp %[[NEGATIVE]]
// CHECK: %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[DIVISOR:.+]] = arith.addf %[[ONE]], %[[POWER]]
// CHECK: %[[Y:.+]] = arith.divf %[[IN]], %[[DIVISOR]]
// CHECK: linalg.yield %[[Y]]
// RAISED-LABEL: @silu
// RAISED: pattern.conv2d {{.*}} {activation = #pattern.activation<silu>}
func.func @silu(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {activation = #pattern.activation<silu>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @groups
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x4x4x4xf32>, %[[W:[^:]+]]: tensor<6x2x1x1xf32>
// CHECK-DAG: %[[XG:.+]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2], [3], [4]] {{.*}} into tensor<1x2x2x4x4xf32>
// CHECK-DAG: %[[WG:.+]] = tensor.expand_shape %[[W]] {{\[\[}}0, 1], [2], [3], [4]] {{.*}} into tensor<2x3x2x1x1xf32>
// CHECK-DAG: %[[IG:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0], [1, 2], [3], [4]] {{.*}} into tensor<1x2x3x4x4xf32>
// CHECK: %[[YG:.+]] = linalg.conv_2d_ngchw_gfchw {{.*}} ins(%[[XG]], %[[WG]] : {{.*}}) outs(%[[IG]] :
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[YG]] {{\[\[}}0], [1, 2], [3], [4]] {{.*}} into tensor<1x6x4x4xf32>
// CHECK: return %[[Y]]
func.func @groups(%x: tensor<1x4x4x4xf32>, %w: tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<6x2xui8>> {groups = 2 : i64}
      : (tensor<1x4x4x4xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32>
  return %y : tensor<1x6x4x4xf32>
}

// CHECK-LABEL: @depthwise
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} ins(%{{.+}}, %{{.+}} : tensor<1x2x1x4x4xf32>, tensor<2x1x1x1x1xf32>)
func.func @depthwise(%x: tensor<1x2x4x4xf32>, %w: tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<2x1xui8>> {groups = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// The addition comes before the activation.
// CHECK-LABEL: @residual
// CHECK-SAME: %[[R:[^:]+]]: tensor<1x1x4x4xf32>)
// CHECK: %[[Y:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: %[[S:.+]] = linalg.generic {{.*}} ins(%[[Y]], %[[R]] :
// CHECK-NEXT: ^bb0(%[[A:.+]]: f32, %[[B:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT: %[[SUM:.+]] = arith.addf %[[A]], %[[B]]
// CHECK-NEXT: linalg.yield %[[SUM]]
// CHECK: linalg.generic {{.*}} ins(%[[S]] :
// CHECK: arith.maximumf
// RAISED-LABEL: @residual
// RAISED-SAME: %[[R:[^:]+]]: tensor<1x1x4x4xf32>)
// RAISED: %[[Y:.+]] = pattern.conv2d %{{.+}}, %{{.+}} bias(%{{.+}}) add(%[[R]]) map <{{.*}}> {activation = #pattern.activation<relu>}
// RAISED-NEXT: return %[[Y]]
func.func @residual(%x: tensor<1x1x4x4xf32>, %b: tensor<1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %y = pattern.conv2d %x, %w bias(%b) add(%r) map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      {activation = #pattern.activation<relu>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @maximum
// CHECK: %[[LEAST:.+]] = arith.constant 0xFF800000 : f32
// CHECK: %[[P:.+]] = tensor.pad %{{.+}} low[0, 0, 1, 0] high[0, 0, 2, 1]
// CHECK: tensor.yield %[[LEAST]] : f32
// CHECK: %[[INIT:.+]] = linalg.fill ins(%[[LEAST]] : f32)
// CHECK: %[[K:.+]] = tensor.empty() : tensor<3x2xf32>
// CHECK: %[[Y:.+]] = linalg.pooling_nchw_max {dilations = dense<1> : vector<2xi64>, strides = dense<[2, 1]> : vector<2xi64>} ins(%[[P]], %[[K]] : {{.*}}) outs(%[[INIT]] :
// CHECK-NEXT: return %[[Y]]
func.func @maximum(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x3x4xf32> {
  %y = pattern.pool2d <max> %x
      {kernel = array<i64: 3, 2>, strides = array<i64: 2, 1>, padding = array<i64: 1, 0, 2, 1>}
      : tensor<1x1x4x4xf32> -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}

// CHECK-LABEL: @mean
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-NOT: tensor.pad
// CHECK: %[[INIT:.+]] = linalg.fill ins(%[[ZERO]] : f32)
// CHECK: %[[S:.+]] = linalg.pooling_nchw_sum {{.*}} ins(%[[X]], {{.*}}) outs(%[[INIT]] :
// CHECK: %[[AREA:.+]] = arith.constant 6.000000e+00 : f32
// CHECK: %[[Y:.+]] = linalg.generic {{.*}} ins(%[[S]] :
// CHECK: arith.divf %{{.+}}, %[[AREA]]
// CHECK: return %[[Y]]
func.func @mean(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x2x3xf32> {
  %y = pattern.pool2d <average> %x {kernel = array<i64: 3, 2>} : tensor<1x1x4x4xf32> -> tensor<1x1x2x3xf32>
  return %y : tensor<1x1x2x3xf32>
}

// CHECK-LABEL: @half_precision
// CHECK-NOT: f32
// CHECK: linalg.conv_2d_ngchw_gfchw
// CHECK-NOT: f32
// CHECK: linalg.pooling_nchw_sum
// CHECK-NOT: f32
// CHECK: return
func.func @half_precision(%x: tensor<1x2x4x4xf16>, %w: tensor<2x1x3x3xf16>, %a: tensor<1x2x4x4xf16>) -> tensor<1x2x3x3xf16> {
  %y = pattern.conv2d %x, %w add(%a) map <set = <3x3, [[0]]>, ids = dense<1> : tensor<2x1xui8>>
      {padding = array<i64: 1, 1, 1, 1>, groups = 2, activation = #pattern.activation<hard_swish>}
      : (tensor<1x2x4x4xf16>, tensor<2x1x3x3xf16>, tensor<1x2x4x4xf16>) -> tensor<1x2x4x4xf16>
  %z = pattern.pool2d <average> %y {kernel = array<i64: 2, 2>} : tensor<1x2x4x4xf16> -> tensor<1x2x3x3xf16>
  return %z : tensor<1x2x3x3xf16>
}
