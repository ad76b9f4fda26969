// Copying an image into planes.
// RUN: pattern-opt %s -pattern-layout-activations -pattern-lower-convolutions -split-input-file | FileCheck %s

// Zeros above, then rows of a zero, the image and a zero, then zeros below and in the slack.
// CHECK-LABEL: func.func @cpu_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<4xf32>
// CHECK: vector.store %[[ZERO]], %[[TARGET]][
// CHECK: scf.for
// CHECK: memref.store %{{.+}}, %[[TARGET]][
// CHECK: %[[ROW:.+]] = vector.load %[[SOURCE]][
// CHECK: vector.store %[[ROW]], %[[TARGET]][
// CHECK: memref.store %{{.+}}, %[[TARGET]][
// CHECK: }
// CHECK: arith.constant 38 : index
// CHECK: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<4xf32>
// CHECK: vector.store %[[ZERO]], %[[TARGET]][
// CHECK: return
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi16>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[4]]>, group = 1>
      schedule <device = cpu, lanes = 4, vectors = 3, blocks = 1, prefetch = 0>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32> loc("cpu")
  return %y : tensor<1x1x4x4xf32>
}

// -----

// Without padding and slack there are no zeros to write.
// CHECK-LABEL: func.func @no_padding_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK-NOT: 0.0
// CHECK: vector.store %{{.+}}, %[[TARGET]][
// CHECK-NOT: 0.0
// CHECK: return
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule <device = cpu, lanes = 4, vectors = 4, blocks = 1, prefetch = 0>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32> loc("no_padding")
  return %y : tensor<1x1x4x4xf32>
}

// -----

// A row of six is two vectors of four: the second ends with the row and overlaps the first.
// CHECK-LABEL: func.func @overlap_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: scf.for
// CHECK: %[[LAST:.+]] = arith.constant 2 : index
// CHECK: %[[STEP:.+]] = arith.constant 4 : index
// CHECK: scf.for {{.*}} to %[[LAST]] step %[[STEP]]
// CHECK: vector.load %[[SOURCE]][
// CHECK: }
// CHECK: vector.load %[[SOURCE]][
// CHECK-NOT: vector.load
// CHECK: return
func.func @main(%x: tensor<1x1x4x6xf32>) -> tensor<1x1x4x6xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule <device = cpu, lanes = 4, vectors = 6, blocks = 1, prefetch = 0>
      : (tensor<1x1x4x6xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x6xf32> loc("overlap")
  return %y : tensor<1x1x4x6xf32>
}

// -----

// Four phases; the columns of each lie two apart in the image and are copied one by one.
// CHECK-LABEL: func.func @stride_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK-NOT: vector.load
// CHECK-COUNT-4: memref.load %[[SOURCE]][
// CHECK-NOT: {{vector.load|memref.load}}
// CHECK: return
func.func @main(%x: tensor<1x1x8x8xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <2x2, [[0]]>, group = 1>
      schedule <device = cpu, lanes = 4, vectors = 1, blocks = 1, prefetch = 0>
      {strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32> loc("stride")
  return %y : tensor<1x1x4x4xf32>
}

// -----

// The virtual machine has no vectors.
// CHECK-LABEL: func.func @vm_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK-NOT: {{vector|gpu}}
// CHECK: %[[VALUE:.+]] = memref.load %[[SOURCE]][
// CHECK: memref.store %[[VALUE]], %[[TARGET]][
// CHECK-NOT: {{vector|gpu}}
// CHECK: return
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[4]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32> loc("vm")
  return %y : tensor<1x1x4x4xf32>
}

// -----

// A thread writes one element of the planes: of the image, or zero. 36 elements take three workgroups of 16 threads.
// CHECK-LABEL: sym_name = "gpu_pack"
// CHECK: %[[X:.+]] = arith.constant 3 : index
// CHECK: %[[Y:.+]] = arith.constant 2 : index
// CHECK: %[[Z:.+]] = arith.constant 1 : index
// CHECK: "stream.return"(%[[X]], %[[Y]], %[[Z]])
// CHECK: func.func @gpu_pack(%arg0: !stream.binding, %arg1: !stream.binding)
// CHECK-SAME: attributes {translation_info = #iree_codegen.translation_info<pipeline = #iree_gpu.pipeline<BaseLowering> workgroup_size = [16, 1, 1]>}
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[THREAD:.+]] = gpu.thread_id {{ *}}x
// CHECK: %[[ELEMENT:.+]] = arith.addi %{{.+}}, %[[THREAD]]
// CHECK: %[[ELEMENTS:.+]] = arith.constant 36 : index
// CHECK: %[[INSIDE:.+]] = arith.cmpi ult, %[[ELEMENT]], %[[ELEMENTS]]
// CHECK: scf.if %[[INSIDE]]
// CHECK: %[[VALUE:.+]] = scf.if
// CHECK: memref.load %[[SOURCE]][
// CHECK: memref.store %[[VALUE]], %[[TARGET]][
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %i = arith.constant dense<[0, 1]> : tensor<2xi16>
  %s = arith.constant dense<[0, 2]> : tensor<2xi32>
  %o = arith.constant dense<[0, 2]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[4]]>, group = 1>
      schedule <device = gpu, lanes = 16, vectors = 1, blocks = 1, prefetch = 0>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32> loc("gpu")
  return %y : tensor<1x1x4x4xf32>
}

// -----

// A workgroup for each channel of each image.
// CHECK-LABEL: sym_name = "batch_pack"
// CHECK: %[[X:.+]] = arith.constant 3 : index
// CHECK: %[[Y:.+]] = arith.constant 2 : index
// CHECK: %[[Z:.+]] = arith.constant 1 : index
// CHECK: "stream.return"(%[[X]], %[[Y]], %[[Z]])
func.func @main(%x: tensor<2x3x4x4xf32>) -> tensor<2x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<3xf32>
  %i = arith.constant dense<[0, 1, 2]> : tensor<3xi16>
  %s = arith.constant dense<[0, 3]> : tensor<2xi32>
  %o = arith.constant dense<[0, 3]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
      : (tensor<2x3x4x4xf32>, tensor<3xf32>, tensor<3xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<2x1x4x4xf32> loc("batch")
  return %y : tensor<2x1x4x4xf32>
}
