// Copying an image into planes.
// RUN: pattern-opt %s -pattern-layout-activations -pattern-lower-convolutions -split-input-file | FileCheck %s

// Zeros up to the origin at 16, then rows of five: four elements of image and the zero between two rows, then zeros from
// 16 + 4 * 5 on.
// CHECK-LABEL: func.func @cpu_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %{{.+}})
// CHECK: %[[LAST:.+]] = arith.constant 12 : index
// CHECK: scf.for %{{.+}} = %{{.+}} to %[[LAST]] step
// CHECK: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<4xf32>
// CHECK: vector.store %[[ZERO]], %[[TARGET]][
// CHECK: }
// CHECK: %[[LAST:.+]] = arith.constant 12 : index
// CHECK: arith.addi %{{.+}}, %[[LAST]]
// CHECK: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<4xf32>
// CHECK: vector.store %[[ZERO]], %[[TARGET]][
//
// CHECK: scf.for %[[Y:.+]] = {{.*}} {
// CHECK: %[[PITCH:.+]] = arith.constant 5 : index
// CHECK: %[[FROM_FIRST:.+]] = arith.muli %[[Y]], %[[PITCH]]
// CHECK: %[[ORIGIN:.+]] = arith.constant 16 : index
// CHECK: arith.addi %[[FROM_FIRST]], %[[ORIGIN]]
// CHECK: %[[ROW:.+]] = vector.load %[[SOURCE]][
// CHECK: vector.store %[[ROW]], %[[TARGET]][
// CHECK: %[[FOUR:.+]] = arith.constant 4 : index
// CHECK: %[[FIVE:.+]] = arith.constant 5 : index
// CHECK: scf.for %{{.+}} = %[[FOUR]] to %[[FIVE]] step
// CHECK: memref.store %{{.+}}, %[[TARGET]][
// CHECK: }
// CHECK: }
// CHECK: %[[END:.+]] = arith.constant 36 : index
// CHECK: %[[LAST:.+]] = arith.constant 44 : index
// CHECK: scf.for %{{.+}} = %[[END]] to %[[LAST]] step
// CHECK: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<4xf32>
// CHECK: vector.store %[[ZERO]], %[[TARGET]][
// CHECK: }
// CHECK: %[[LAST:.+]] = arith.constant 44 : index
// CHECK: arith.addi %{{.+}}, %[[LAST]]
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

// Without padding, sixteen elements of image leave no zeros to write; what may be read behind the planes is not written.
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

// Seven rows and columns in phases of two: four of the even phases, three of the odd ones. Each phase has 48 elements: an
// origin at 16 and rows of five, which in the odd phases end in two zeros, then zeros from 16 + 4 * 5 or 16 + 3 * 5 on.
// CHECK-LABEL: func.func @odd_image_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %{{.+}}) : {{.*}} -> memref<448xf32,
//
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 16 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 4 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 4 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: memref.load %[[SOURCE]][
// CHECK: %[[BEGIN:.+]] = arith.constant 4 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 5 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: memref.store %{{.+}}, %[[TARGET]][
// CHECK: %[[BEGIN:.+]] = arith.constant 36 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 48 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
//
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 16 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 4 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 3 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: memref.load %[[SOURCE]][
// CHECK: %[[BEGIN:.+]] = arith.constant 3 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 5 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: memref.store %{{.+}}, %[[TARGET]][
// CHECK: %[[BEGIN:.+]] = arith.constant 36 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 48 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
//
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 16 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 3 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 4 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: memref.load %[[SOURCE]][
// CHECK: %[[BEGIN:.+]] = arith.constant 4 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 5 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: memref.store %{{.+}}, %[[TARGET]][
// CHECK: %[[BEGIN:.+]] = arith.constant 31 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 48 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
//
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 16 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 3 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGIN:.+]] = arith.constant 0 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 3 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: memref.load %[[SOURCE]][
// CHECK: %[[BEGIN:.+]] = arith.constant 3 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 5 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: memref.store %{{.+}}, %[[TARGET]][
// CHECK: %[[BEGIN:.+]] = arith.constant 31 : index
// CHECK-NEXT: %[[END:.+]] = arith.constant 48 : index
// CHECK: scf.for {{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: return
func.func @main(%x: tensor<1x1x7x7xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <3x3, [[0]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x7x7xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32> loc("odd_image")
  return %y : tensor<1x1x4x4xf32>
}

// -----

// Of an image of one element, three of four phases hold nothing but zeros.
// CHECK-LABEL: func.func @empty_phases_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %{{.+}})
// CHECK: memref.load %[[SOURCE]][
// CHECK-NOT: memref.load
// CHECK: return
func.func @main(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi16>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <2x2, [[0]]>, group = 1>
      schedule <device = vm, lanes = 1, vectors = 1, blocks = 1, prefetch = 0>
      {padding = array<i64: 0, 0, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xi16>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf32> loc("empty_phases")
  return %y : tensor<1x1x1x1xf32>
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

// A thread writes one element of the planes: of the image, or zero. 48 elements take three workgroups of 16 threads, and
// the planes of a channel begin at a multiple of 48. What lies before the origin has a row beyond the image.
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
// CHECK-COUNT-2: arith.constant 48 : index
// CHECK-NEXT: %[[INSIDE:.+]] = arith.cmpi ult, %[[ELEMENT]], %{{.+}}
// CHECK: scf.if %[[INSIDE]]
// CHECK: %[[IN_PHASE:.+]] = arith.remui %[[ELEMENT]],
// CHECK: %[[ORIGIN:.+]] = arith.constant -16 : index
// CHECK: %[[IN_ROWS:.+]] = arith.addi %[[IN_PHASE]], %[[ORIGIN]]
// CHECK: %[[PITCH:.+]] = arith.constant 5 : index
// CHECK: arith.divui %[[IN_ROWS]], %[[PITCH]]
// CHECK: %[[PITCH:.+]] = arith.constant 5 : index
// CHECK: %[[X:.+]] = arith.remui %[[IN_ROWS]], %[[PITCH]]
// CHECK: %[[IN_HEIGHT:.+]] = arith.cmpi ult,
// CHECK: %[[IN_WIDTH:.+]] = arith.cmpi ult, %[[X]],
// CHECK: %[[IN_IMAGE:.+]] = arith.andi %[[IN_HEIGHT]], %[[IN_WIDTH]]
// CHECK: %[[VALUE:.+]] = scf.if %[[IN_IMAGE]]
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
