// An image that is added to a convolution becomes its residual.
// RUN: pattern-opt %s -pattern-fuse-epilogues | FileCheck %s

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#transposed = affine_map<(n, c, h, w) -> (n, c, w, h)>
#channel = affine_map<(n, c, h, w) -> (c)>

// CHECK-LABEL: @residual
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x1x4x4xf32>, %[[W:[^:]+]]: tensor<1x1x1x1xf32>, %[[R:[^:]+]]: tensor<1x1x4x4xf32>
// CHECK-NEXT: %[[Y:.+]] = pattern.conv2d %[[X]], %[[W]] add(%[[R]]) map
// CHECK-NEXT: return %[[Y]]
func.func @residual(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @convolution_second
// CHECK-SAME: %[[R:[^:]+]]: tensor<1x1x4x4xf32>)
// CHECK-NEXT: pattern.conv2d %{{.+}}, %{{.+}} add(%[[R]]) map
// CHECK-NEXT: return
func.func @convolution_second(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%r, %y : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @sum_mirrored
// CHECK-SAME: %[[R:[^:]+]]: tensor<1x1x4x4xf32>)
// CHECK-NEXT: pattern.conv2d %{{.+}}, %{{.+}} add(%[[R]]) map
// CHECK-NEXT: return
func.func @sum_mirrored(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in_0, %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// The activation behind the addition comes after it in the convolution, too.
// CHECK-LABEL: @residual_then_relu
// CHECK-SAME: %[[R:[^:]+]]: tensor<1x1x4x4xf32>)
// CHECK: %[[Y:.+]] = pattern.conv2d %{{.+}}, %{{.+}} add(%[[R]]) {{.*}} {activation = #pattern.activation<relu>}
// CHECK-NEXT: return %[[Y]]
func.func @residual_then_relu(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %a : tensor<1x1x4x4xf32>
}

// Of two convolutions the later one adds the result of the earlier, whichever operand it is.
// CHECK-LABEL: @two_convolutions
// CHECK: %[[A:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK-NEXT: %[[B:.+]] = pattern.conv2d %{{.+}}, %{{.+}} add(%[[A]])
// CHECK-NEXT: %[[C:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK-NEXT: %[[D:.+]] = pattern.conv2d %{{.+}}, %{{.+}} add(%[[C]])
// CHECK-NEXT: return %[[B]], %[[D]]
func.func @two_convolutions(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %a = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %b = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%a, %b : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  %c = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %d = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%d, %c : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s, %t : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// The earlier one, where the later one has an activation.
// CHECK-LABEL: @later_convolution_is_full
// CHECK: %[[B:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu>}
// CHECK-NEXT: %[[A:.+]] = pattern.conv2d %{{.+}}, %{{.+}} add(%[[B]]) map
// CHECK-NEXT: return %[[A]]
func.func @later_convolution_is_full(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %a = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %b = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> {activation = #pattern.activation<relu>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%a, %b : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// The convolution waits for what it adds.
// CHECK-LABEL: @residual_defined_later
// CHECK: %[[R:.+]] = math.absf
// CHECK-NEXT: %[[Y:.+]] = pattern.conv2d %{{.+}}, %{{.+}} add(%[[R]]) map
// CHECK-NEXT: return %[[Y]]
func.func @residual_defined_later(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %r = math.absf %x : tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// With a second use of the convolution, its value without the addition is needed.
// CHECK-LABEL: @two_uses
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK: %[[S:.+]] = linalg.generic {{.*}} ins(%[[Y]],
// CHECK: return %[[Y]], %[[S]]
func.func @two_uses(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %y, %s : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// The other image cannot be the convolution.
// CHECK-LABEL: @twice_itself
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %[[Y]] :
func.func @twice_itself(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %y : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// An addition behind the activation stays there.
// CHECK-LABEL: @addition_after_activation
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} {activation = #pattern.activation<relu>}
// CHECK: linalg.generic {{.*}} ins(%[[Y]],
func.func @addition_after_activation(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>> {activation = #pattern.activation<relu>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @second_addition
// CHECK-SAME: %[[R:[^:]+]]: tensor<1x1x4x4xf32>)
// CHECK: %[[Y:.+]] = pattern.conv2d %{{.+}}, %{{.+}} add(%[[R]]) map
// CHECK: linalg.generic {{.*}} ins(%[[Y]],
func.func @second_addition(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %t : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @difference
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK: linalg.generic {{.*}} ins(%[[Y]],
func.func @difference(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.subf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @adds_one_operand_twice
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK: linalg.generic {{.*}} ins(%[[Y]],
func.func @adds_one_operand_twice(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: @transposed
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK: linalg.generic {{.*}} ins(%[[Y]],
func.func @transposed(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #transposed, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// One value for each channel is no image.
// CHECK-LABEL: @broadcast
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK: linalg.generic {{.*}} ins(%[[Y]],
func.func @broadcast(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1xf32>) -> tensor<1x1x4x4xf32> {
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %r : tensor<1x1x4x4xf32>, tensor<1xf32>) outs(%e : tensor<1x1x4x4xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x4x4xf32>
  return %s : tensor<1x1x4x4xf32>
}

// A convolution in front of a loop stays there.
// CHECK-LABEL: @addition_in_loop
// CHECK: %[[Y:.+]] = pattern.conv2d {{.*}} ids = dense<1> : tensor<1x1xui8>> :
// CHECK: scf.for
// CHECK: linalg.generic {{.*}} ins(%[[Y]],
func.func @addition_in_loop(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>, %r: tensor<1x1x4x4xf32>, %n: index) -> tensor<1x1x4x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<1x1x4x4xf32>
  %y = pattern.conv2d %x, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<1x1xui8>>
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %l = scf.for %i = %c0 to %n step %c1 iter_args(%t = %r) -> tensor<1x1x4x4xf32> {
    %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
        ins(%y, %t : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) outs(%e : tensor<1x1x4x4xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %0 = arith.addf %in, %in_0 : f32
      linalg.yield %0 : f32
    } -> tensor<1x1x4x4xf32>
    scf.yield %s : tensor<1x1x4x4xf32>
  }
  return %l : tensor<1x1x4x4xf32>
}
