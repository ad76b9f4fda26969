// Bytes between what quantises and what dequantises them are whole numbers in f32.
// RUN: pattern-opt %s -pattern-float-quantized-integers -split-input-file | FileCheck %s
// RUN: pattern-opt %s -pattern-float-quantized-integers -split-input-file --remarks-filter='pattern-.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#id = affine_map<(i) -> (i)>

// Two readers, one with a zero point.
// REMARK: tensors=1
// CHECK-LABEL: @unsigned
// CHECK: %[[Q:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<8xf32>)
// CHECK: arith.minimumf
// CHECK-NEXT: linalg.yield
// CHECK: linalg.generic {{.*}} ins(%[[Q]] : tensor<8xf32>)
// CHECK-NEXT: ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[SEVEN:.*]] = arith.constant 7.000000e+00 : f32
// CHECK-NEXT: %[[LESS:.*]] = arith.subf %[[IN]], %[[SEVEN]] : f32
// CHECK-NEXT: arith.mulf %[[LESS]]
// CHECK: linalg.generic {{.*}} ins(%[[Q]] : tensor<8xf32>)
// CHECK-NEXT: ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: arith.mulf %[[IN]]
func.func @unsigned(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %c0 = arith.constant 0.0 : f32
  %c127 = arith.constant 127.0 : f32
  %m128 = arith.constant -128.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %z = arith.constant 7 : i64
  %e8 = tensor.empty() : tensor<8xi8>
  %e32 = tensor.empty() : tensor<8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    %4 = arith.fptoui %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<8xi8>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.extui %in : i8 to i64
    %1 = arith.subi %0, %z : i64
    %2 = arith.sitofp %1 : i64 to f32
    %3 = arith.mulf %2, %half : f32
    linalg.yield %3 : f32
  } -> tensor<8xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    %1 = arith.mulf %0, %half : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  return %a, %b : tensor<8xf32>, tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// REMARK: tensors=1
// CHECK-LABEL: @signed
// CHECK-NOT: arith.fptosi
// CHECK: return
func.func @signed(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0.0 : f32
  %c127 = arith.constant 127.0 : f32
  %m128 = arith.constant -128.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %z = arith.constant 7 : i64
  %e8 = tensor.empty() : tensor<8xi8>
  %e32 = tensor.empty() : tensor<8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %m128 : f32
    %3 = arith.minimumf %2, %c127 : f32
    %4 = arith.fptosi %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<8xi8>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.sitofp %in : i8 to f32
    %1 = arith.mulf %0, %half : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  return %a : tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// A reader of the bits keeps the bytes.
// REMARK: tensors=1
// CHECK-LABEL: @bits
// CHECK: %[[BYTES:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<8xi8>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<8xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[BYTES]] : tensor<8xi8>)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.xori
func.func @bits(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xi8>) {
  %c0 = arith.constant 0.0 : f32
  %c127 = arith.constant 127.0 : f32
  %m128 = arith.constant -128.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %z = arith.constant 7 : i64
  %e8 = tensor.empty() : tensor<8xi8>
  %e32 = tensor.empty() : tensor<8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    %4 = arith.fptoui %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<8xi8>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    %1 = arith.mulf %0, %half : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: i8, %out: i8):
    %0 = arith.xori %in, %in : i8
    linalg.yield %0 : i8
  } -> tensor<8xi8>
  return %a, %b : tensor<8xf32>, tensor<8xi8>
}

// -----

#id = affine_map<(i) -> (i)>

// Numbers that are no bytes: converted, they would be others.
// REMARK: tensors=0
// CHECK-LABEL: @not_clamped
// CHECK: arith.fptoui
// CHECK: arith.uitofp
func.func @not_clamped(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0.0 : f32
  %c127 = arith.constant 127.0 : f32
  %m128 = arith.constant -128.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %z = arith.constant 7 : i64
  %e8 = tensor.empty() : tensor<8xi8>
  %e32 = tensor.empty() : tensor<8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %4 = arith.fptoui %1 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<8xi8>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    %1 = arith.mulf %0, %half : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  return %a : tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// REMARK: tensors=0
// CHECK-LABEL: @out_of_range
// CHECK: arith.fptosi
// CHECK: arith.sitofp
func.func @out_of_range(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0.0 : f32
  %c127 = arith.constant 127.0 : f32
  %m128 = arith.constant -128.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %z = arith.constant 7 : i64
  %e8 = tensor.empty() : tensor<8xi8>
  %e32 = tensor.empty() : tensor<8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    %4 = arith.fptosi %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<8xi8>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.sitofp %in : i8 to f32
    %1 = arith.mulf %0, %half : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  return %a : tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// A byte with a sign is read as one without.
// REMARK: tensors=0
// CHECK-LABEL: @other_sign
// CHECK: arith.fptosi
// CHECK: arith.uitofp
func.func @other_sign(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0.0 : f32
  %c127 = arith.constant 127.0 : f32
  %m128 = arith.constant -128.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %z = arith.constant 7 : i64
  %e8 = tensor.empty() : tensor<8xi8>
  %e32 = tensor.empty() : tensor<8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %m128 : f32
    %3 = arith.minimumf %2, %c127 : f32
    %4 = arith.fptosi %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<8xi8>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    %1 = arith.mulf %0, %half : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  return %a : tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// Twice the same operand.
// REMARK: tensors=1
// CHECK-LABEL: @twice
// CHECK: %[[Q:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<8xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[Q]], %[[Q]] : tensor<8xf32>, tensor<8xf32>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: arith.mulf %[[A]], %[[B]]
func.func @twice(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0.0 : f32
  %c127 = arith.constant 127.0 : f32
  %m128 = arith.constant -128.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %z = arith.constant 7 : i64
  %e8 = tensor.empty() : tensor<8xi8>
  %e32 = tensor.empty() : tensor<8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    %4 = arith.fptoui %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<8xi8>
  %a = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%q, %q : tensor<8xi8>, tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %in2: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    %1 = arith.uitofp %in2 : i8 to f32
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<8xf32>
  return %a : tensor<8xf32>
}

// -----

// Where control flow never comes, values may go in circles.
// REMARK: tensors=0
// CHECK-LABEL: @circle
#id = affine_map<(i) -> (i)>
func.func @circle(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0.0 : f32
  %c255 = arith.constant 255.0 : f32
  %e8 = tensor.empty() : tensor<8xi8>
  %e32 = tensor.empty() : tensor<8xf32>
  return %x : tensor<8xf32>
^dead:
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%a : tensor<8xf32>) outs(%e8 : tensor<8xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.maximumf %in, %c0 : f32
    %1 = arith.minimumf %0, %c255 : f32
    %2 = arith.fptoui %1 : f32 to i8
    linalg.yield %2 : i8
  } -> tensor<8xi8>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xi8>) outs(%e32 : tensor<8xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  return %a : tensor<8xf32>
}

// -----

// Of sizes that are not known yet, bytes stay.
// REMARK: tensors=0
// CHECK-LABEL: @dynamic
// CHECK: arith.fptoui
#id = affine_map<(i) -> (i)>
func.func @dynamic(%x: tensor<?xf32>, %e8: tensor<?xi8>, %e32: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0.0 : f32
  %c255 = arith.constant 255.0 : f32
  %half = arith.constant 0.5 : f32
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%e8 : tensor<?xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %half : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %c0 : f32
    %3 = arith.minimumf %2, %c255 : f32
    %4 = arith.fptoui %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<?xi8>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<?xi8>) outs(%e32 : tensor<?xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  return %a : tensor<?xf32>
}
