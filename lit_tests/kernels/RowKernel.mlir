// Loops that make rows of one image from windows of another: copies between layouts, and pooling. Canonicalization names
// index constants after their values.
// RUN: pattern-opt %s -pattern-lower-convolutions -canonicalize -cse -split-input-file | FileCheck %s

// Zeros up to the origin at 16, then rows of five: four elements of image and the zero between two rows, then zeros from
// 16 + 4 * 5 on. Of zeros, the last vector ends where they end.
// CHECK-LABEL: func.func @plain_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %c0) : (!stream.binding, index) -> memref<32xf32>
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %c0) : (!stream.binding, index) -> memref<352xf32>
// CHECK: %[[FROM:.+]] = arith.muli %{{.+}}, %c16
// CHECK: %[[TO:.+]] = arith.muli %{{.+}}, %c48
// CHECK: scf.for %[[I:.+]] = %c0 to %c12 step %c4 {
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[TO]], %[[I]]
// CHECK-NEXT: vector.store %[[ZEROS:.+]], %[[TARGET]][%[[AT]]]
// CHECK-NEXT: }
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[TO]], %c12
// CHECK-NEXT: vector.store %[[ZEROS]], %[[TARGET]][%[[AT]]]
//
// CHECK-NEXT: scf.for %[[Y:.+]] = %c0 to %c4 step %c1 {
// CHECK-NEXT: %[[ROW:.+]] = arith.muli %[[Y]], %c5
// CHECK-NEXT: %[[ROW_IN_PLANE:.+]] = arith.addi %[[ROW]], %c16
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[TO]], %[[ROW_IN_PLANE]]
// CHECK-NEXT: %[[ROW:.+]] = arith.muli %[[Y]], %c4
// CHECK-NEXT: %[[READ_AT:.+]] = arith.addi %[[FROM]], %[[ROW]]
// CHECK-NEXT: %[[X:.+]] = vector.load %[[SOURCE]][%[[READ_AT]]]
// CHECK-NEXT: vector.store %[[X]], %[[TARGET]][%[[AT]]]
// CHECK-NEXT: %[[BETWEEN:.+]] = arith.addi %[[AT]], %c4
// CHECK-NEXT: memref.store %{{cst.*}}, %[[TARGET]][%[[BETWEEN]]]
// CHECK-NEXT: }
//
// CHECK-NEXT: scf.for %[[I:.+]] = %c36 to %c44 step %c4 {
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[TO]], %[[I]]
// CHECK-NEXT: vector.store %[[ZEROS]], %[[TARGET]][%[[AT]]]
// CHECK-NEXT: }
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[TO]], %c44
// CHECK-NEXT: vector.store %[[ZEROS]], %[[TARGET]][%[[AT]]]
// CHECK-NEXT: }
// CHECK-NEXT: return
func.func @main(%x: tensor<1x2x4x4xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>) {layer = "plain"}
      : tensor<1x2x4x4xf32> to tensor<1x2x4x4xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
  return
}

// -----

// Sixteen elements of image leave no zeros to write; what may be read behind the planes is not written.
// CHECK-LABEL: func.func @no_zeros_pack(
// CHECK-NOT: 0.0
// CHECK: scf.for %{{.+}} = %c0 to %c4 step %c1 {
// CHECK-COUNT-1: store
// CHECK-NOT: store
// CHECK: return
func.func @main(%x: tensor<1x1x4x4xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>) {layer = "no_zeros"}
      : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32,
      #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
  return
}

// -----

// A row of six is two vectors of four: the second ends with the row and overlaps the first.
// CHECK-LABEL: func.func @overlap_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0,
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1,
// CHECK: scf.for
// CHECK: %[[FROM_FIRST:.+]] = arith.muli %{{.+}}, %c6
// CHECK: %[[X:.+]] = vector.load %[[SOURCE]][
// CHECK: vector.store %[[X]], %[[TARGET]][%[[TO:[a-z0-9]+]]]
// CHECK: %[[NEXT:.+]] = arith.addi %[[FROM_FIRST]], %c2
// CHECK: %[[FROM:.+]] = arith.addi %{{.+}}, %[[NEXT]]
// CHECK: %[[X:.+]] = vector.load %[[SOURCE]][%[[FROM]]]
// CHECK: %[[NEXT_TO:.+]] = arith.addi %[[TO]], %c2
// CHECK: vector.store %[[X]], %[[TARGET]][%[[NEXT_TO]]]
// CHECK-NOT: load
// CHECK: return
func.func @main(%x: tensor<1x1x4x6xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>) {layer = "overlap"}
      : tensor<1x1x4x6xf32> to tensor<1x1x4x6xf32,
      #pattern.planes<strides = [1, 1], origin = 0, pitch = 6, size = 32>>
  return
}

// -----

// A row of three has no room for a vector of four.
// CHECK-LABEL: func.func @short_pack(
// CHECK: scf.for %[[Y:.+]] = %c0 to %c4 step %c1 {
// CHECK: scf.for %[[X:.+]] = %c0 to %c3 step %c1 {
// CHECK: %[[VALUE:.+]] = memref.load
// CHECK: memref.store %[[VALUE]],
// CHECK-NOT: vector.load
// CHECK: return
func.func @main(%x: tensor<1x1x4x3xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>) {layer = "short"}
      : tensor<1x1x4x3xf32> to tensor<1x1x4x3xf32,
      #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
  return
}

// -----

// From planes whose rows of eight begin at 16 to phases of two. Seven rows and columns are four of the even phases and
// three of the odd ones. Every other column is taken from two vectors, the second of which ends with the last column:
// columns 0 to 3 and 3 to 6. Three columns go one by one. Each phase has 48 elements: rows of five that begin at 16, of
// which the odd ones end in two zeros, and zeros from 16 + 4 * 5 or 16 + 3 * 5 on.
// CHECK-LABEL: func.func @phases_pack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %c0) : (!stream.binding, index) -> memref<352xf32>
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %c0) : (!stream.binding, index) -> memref<448xf32>
// CHECK: %[[FROM_PLANE:.+]] = arith.muli %{{.+}}, %c96
// CHECK: %[[FROM:.+]] = arith.addi %[[FROM_PLANE]], %c16
// CHECK: %[[TO:.+]] = arith.muli %{{.+}}, %c192
//
// Rows 0, 2, 4 and 6 are sixteen apart.
// CHECK: scf.for {{.*}} = %c0 to %c12 step %c4
// CHECK: scf.for %[[Y:.+]] = %c0 to %c4 step %c1 {
// CHECK: %[[ROW:.+]] = arith.muli %[[Y]], %c16
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[FROM]], %[[ROW]]
// CHECK-NEXT: %[[X0:.+]] = vector.load %[[SOURCE]][%[[AT]]]
// CHECK-NEXT: %[[NEXT:.+]] = arith.addi %[[AT]], %c3
// CHECK-NEXT: %[[X1:.+]] = vector.load %[[SOURCE]][%[[NEXT]]]
// CHECK-NEXT: %[[X:.+]] = vector.shuffle %[[X0]], %[[X1]] [0, 2, 5, 7]
// CHECK-NEXT: vector.store %[[X]], %[[TARGET]][%[[ROW_AT:[a-z0-9]+]]]
// CHECK-NEXT: %[[BETWEEN:.+]] = arith.addi %[[ROW_AT]], %c4
// CHECK-NEXT: memref.store %{{cst.*}}, %[[TARGET]][%[[BETWEEN]]]
// CHECK-NEXT: }
// CHECK-NEXT: scf.for {{.*}} = %c36 to %c44 step %c4
//
// The same rows, columns 1, 3 and 5.
// CHECK: arith.addi %[[TO]], %c48
// CHECK: scf.for {{.*}} = %c0 to %c12 step %c4
// CHECK: scf.for %{{.+}} = %c0 to %c4 step %c1 {
// CHECK: scf.for %{{.+}} = %c0 to %c3 step %c1 {
// CHECK: memref.load %[[SOURCE]][
// CHECK: scf.for %{{.+}} = %c3 to %c5 step %c1 {
// CHECK: memref.store %{{cst.*}}, %[[TARGET]][
// CHECK: scf.for {{.*}} = %c36 to %c44 step %c4
//
// Rows 1, 3 and 5, the even columns: row y begins at (2 * y + 1) * 8.
// CHECK: arith.addi %[[TO]], %c96
// CHECK: scf.for {{.*}} = %c0 to %c12 step %c4
// CHECK: scf.for %[[Y:.+]] = %c0 to %c3 step %c1 {
// CHECK: %[[EVEN:.+]] = arith.muli %[[Y]], %c2
// CHECK-NEXT: %[[ODD:.+]] = arith.addi %[[EVEN]], %c1
// CHECK: %[[ROW:.+]] = arith.muli %[[ODD]], %c8
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[FROM]], %[[ROW]]
// CHECK-NEXT: vector.load %[[SOURCE]][%[[AT]]]
// CHECK: vector.shuffle
// CHECK: memref.store %{{cst.*}}, %[[TARGET]][
// CHECK-NEXT: }
// CHECK-NEXT: scf.for {{.*}} = %c31 to %c44 step %c4
//
// The same rows, the odd columns.
// CHECK: arith.addi %[[TO]], %c144
// CHECK: scf.for {{.*}} = %c0 to %c12 step %c4
// CHECK: scf.for %{{.+}} = %c0 to %c3 step %c1 {
// CHECK: scf.for %{{.+}} = %c0 to %c3 step %c1 {
// CHECK: memref.load %[[SOURCE]][
// CHECK: scf.for %{{.+}} = %c3 to %c5 step %c1 {
// CHECK: memref.store %{{cst.*}}, %[[TARGET]][
// CHECK: scf.for {{.*}} = %c31 to %c44 step %c4
// CHECK-NOT: scf.for
// CHECK: return
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 96>
func.func @main(%x: tensor<1x1x7x7xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x7x7xf32> to tensor<1x1x7x7xf32, #planes>
  %q = pattern.pack %p schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>) {layer = "phases"}
      : tensor<1x1x7x7xf32, #planes> to tensor<1x1x7x7xf32,
      #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>
  return
}

// -----

// Two vectors do not hold every third column.
// CHECK-LABEL: func.func @stride_of_three_pack(
// CHECK-NOT: vector.load
// CHECK-COUNT-3: memref.load
// CHECK-NOT: load
// CHECK: return
func.func @main(%x: tensor<1x1x4x12xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>) {layer = "stride_of_three"}
      : tensor<1x1x4x12xf32> to tensor<1x1x4x12xf32,
      #pattern.planes<strides = [1, 3], origin = 0, pitch = 4, size = 16>>
  return
}

// -----

// Of an image of one element, three of four phases hold nothing but zeros.
// CHECK-LABEL: func.func @empty_phases_pack(
// CHECK-COUNT-1: memref.load
// CHECK-NOT: memref.load
// CHECK: return
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x1x1x1xf32>) {
  %p = pattern.pack %x schedule(#schedule.vm_rows<unroll = 1>) {layer = "empty_phases"}
      : tensor<1x1x1x1xf32> to tensor<1x1x1x1xf32,
      #pattern.planes<strides = [2, 2], origin = 0, pitch = 1, size = 1>>
  return
}
}

// -----

// The way out of planes writes no zeros.
// CHECK-LABEL: func.func @all_unpack(
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0, %c0) : (!stream.binding, index) -> memref<352xf32>
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1, %c0) : (!stream.binding, index) -> memref<32xf32>
// CHECK-NOT: store
// CHECK: scf.for %[[Y:.+]] = %c0 to %c4 step %c1 {
// CHECK-NEXT: %[[ROW:.+]] = arith.muli %[[Y]], %c4
// CHECK-NEXT: %[[TO:.+]] = arith.addi %{{.+}}, %[[ROW]]
// CHECK-NEXT: %[[ROW:.+]] = arith.muli %[[Y]], %c5
// CHECK-NEXT: %[[FROM:.+]] = arith.addi %{{.+}}, %[[ROW]]
// CHECK-NEXT: %[[X:.+]] = vector.load %[[SOURCE]][%[[FROM]]]
// CHECK-NEXT: vector.store %[[X]], %[[TARGET]][%[[TO]]]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: return
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x2x4x4xf32> to tensor<1x2x4x4xf32, #planes>
  %y = pattern.unpack %p schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>) {layer = "all"}
      : tensor<1x2x4x4xf32, #planes> to tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// A window of three columns with one before and one behind the row. In the first and the last column, what lies beyond
// the row is -infinity; the five windows between them are two vectors of four, from columns 1 and 2 on, that read nothing
// but the row: columns 0, 1 and 2, and columns 1, 2 and 3. A NaN on either side stays.
// CHECK-LABEL: func.func @columns_beyond_pool(
// CHECK: %[[LEAST:.+]] = arith.constant 0xFF800000 : f32
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0,
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1,
// CHECK: scf.for %[[Y:.+]] = %c0 to %c7 step %c1 {
// CHECK: %[[ROW:.+]] = arith.addi
// CHECK: %[[X0:.+]] = memref.load %[[SOURCE]][%[[ROW]]]
// CHECK: arith.cmpf ugt, %[[LEAST]], %[[X0]] : f32
// CHECK: %[[X1:.+]] = memref.load %[[SOURCE]][%[[AT1:[a-z0-9]+]]]
// CHECK: memref.store %{{.+}}, %[[TARGET]][%[[ROW]]]
//
// CHECK: %[[A:.+]] = vector.load %[[SOURCE]][%[[ROW]]]
// CHECK: %[[B:.+]] = vector.load %[[SOURCE]][%[[AT1]]]
// CHECK-NEXT: %[[GREATER:.+]] = arith.cmpf ugt, %[[A]], %[[B]]
// CHECK-NEXT: %[[NUMBER:.+]] = arith.cmpf ord, %[[B]], %[[B]]
// CHECK-NEXT: %[[NAN:.+]] = arith.cmpf uno, %[[A]], %[[A]]
// CHECK-NEXT: %[[GREATER_NUMBER:.+]] = arith.andi %[[GREATER]], %[[NUMBER]]
// CHECK-NEXT: %[[STAYS:.+]] = arith.ori %[[NAN]], %[[GREATER_NUMBER]]
// CHECK-NEXT: %[[AB:.+]] = arith.select %[[STAYS]], %[[A]], %[[B]]
// CHECK: %[[C:.+]] = vector.load %[[SOURCE]][%[[AT2:[a-z0-9]+]]]
// CHECK-NEXT: arith.cmpf ugt, %[[AB]], %[[C]]
// CHECK: %[[ABC:.+]] = arith.select %{{.+}}, %[[AB]], %[[C]]
// CHECK: %[[TO:.+]] = arith.addi %[[ROW]], %c1
// CHECK: vector.store %[[ABC]], %[[TARGET]][%[[TO]]]
//
// CHECK: vector.load %[[SOURCE]][%[[AT1]]]
// CHECK: vector.load %[[SOURCE]][%[[AT2]]]
// CHECK: vector.load %[[SOURCE]][
// CHECK: %[[TO:.+]] = arith.addi %[[ROW]], %c2
// CHECK: vector.store %{{.+}}, %[[TARGET]][%[[TO]]]
//
// CHECK-COUNT-2: memref.load %[[SOURCE]][
// CHECK-NOT: load
// CHECK: arith.cmpf ugt, %{{.+}}, %[[LEAST]] : f32
// CHECK: %[[TO:.+]] = arith.addi %[[ROW]], %c6
// CHECK: memref.store %{{.+}}, %[[TARGET]][%[[TO]]]
func.func @main(%x: tensor<1x1x7x7xf32>) -> tensor<1x1x7x7xf32> {
  %y = pattern.pool2d <max> %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 3>)
      {kernel = array<i64: 1, 3>, padding = array<i64: 0, 1, 0, 1>, layer = "columns_beyond"}
      : tensor<1x1x7x7xf32> -> tensor<1x1x7x7xf32>
  return %y : tensor<1x1x7x7xf32>
}

// -----

// Windows of two rows with one above the image, in whole vectors: row -1 counts as -infinity and row 0 is read in its
// place. As an unsigned number, row -1 is not less than the height.
// CHECK-LABEL: func.func @rows_beyond_pool(
// CHECK: %[[LEAST:.+]] = arith.constant dense<0xFF800000> : vector<4xf32>
// CHECK: scf.for %[[Y:.+]] = %c0 to %c4 step %c1 {
// CHECK: %[[ABOVE:.+]] = arith.addi %[[Y]], %c-1
// CHECK-NEXT: %[[INSIDE:.+]] = arith.cmpi ult, %[[ABOVE]], %c4
// CHECK-NEXT: %[[READ:.+]] = arith.select %[[INSIDE]], %[[ABOVE]], %c0
// CHECK-NEXT: %[[ROW:.+]] = arith.muli %[[READ]], %c4
// CHECK-NEXT: %[[AT:.+]] = arith.addi %{{.+}}, %[[ROW]]
// CHECK-NEXT: %[[X:.+]] = vector.load %{{.+}}[%[[AT]]]
// CHECK-NEXT: arith.select %[[INSIDE]], %[[X]], %[[LEAST]] : vector<4xf32>
// CHECK: vector.load
// CHECK-NOT: load
// CHECK: return
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.pool2d <max> %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 2>)
      {kernel = array<i64: 2, 1>, padding = array<i64: 1, 0, 0, 0>, layer = "rows_beyond"}
      : tensor<1x1x4x4xf32> -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// From planes to planes: windows of two by two with a stride of two are four shuffles, their sum is divided by four, and
// a row ends in a zero.
// CHECK-LABEL: func.func @average_pool(
// CHECK: %[[FOUR:.+]] = arith.constant dense<4.000000e+00> : vector<4xf32>
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1,
// CHECK: scf.for {{.*}} = %c0 to %c12 step %c4
// CHECK: scf.for %{{.+}} = %c0 to %c4 step %c1 {
// CHECK: %[[A:.+]] = vector.shuffle %{{.+}}, %{{.+}} [0, 2, 5, 7]
// CHECK: %[[B:.+]] = vector.shuffle %{{.+}}, %{{.+}} [0, 2, 5, 7]
// CHECK: %[[AB:.+]] = arith.addf %[[A]], %[[B]]
// CHECK: %[[C:.+]] = vector.shuffle %{{.+}}, %{{.+}} [0, 2, 5, 7]
// CHECK: %[[ABC:.+]] = arith.addf %[[AB]], %[[C]]
// CHECK: %[[D:.+]] = vector.shuffle %{{.+}}, %{{.+}} [0, 2, 5, 7]
// CHECK: %[[SUM:.+]] = arith.addf %[[ABC]], %[[D]]
// CHECK: %[[MEAN:.+]] = arith.divf %[[SUM]], %[[FOUR]]
// CHECK: vector.store %[[MEAN]], %[[TARGET]][%[[TO:[a-z0-9]+]]]
// CHECK: %[[BETWEEN:.+]] = arith.addi %[[TO]], %c4
// CHECK: memref.store %{{cst.*}}, %[[TARGET]][%[[BETWEEN]]]
// CHECK: scf.for {{.*}} = %c36 to %c44 step %c4
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>
func.func @main(%x: tensor<1x1x8x8xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x8x8xf32> to tensor<1x1x8x8xf32, #planes>
  %y = pattern.pool2d <average> %p schedule(#schedule.cpu_rows<lanes = 4, unroll = 4>)
      {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, layer = "average"}
      : tensor<1x1x8x8xf32, #planes> -> tensor<1x1x4x4xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
  return
}

// -----

// In a mean, what lies beyond the image counts as zero: the sum is divided by all three of the window.
// CHECK-LABEL: func.func @average_beyond_pool(
// CHECK-DAG: %[[THREE:.+]] = arith.constant 3.000000e+00 : f32
// CHECK-DAG: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[X0:.+]] = memref.load
// CHECK: %[[A:.+]] = arith.addf %[[X0]], %[[ZERO]]
// CHECK: %[[X1:.+]] = memref.load
// CHECK: %[[B:.+]] = arith.addf %[[A]], %[[X1]]
// CHECK: arith.divf %[[B]], %[[THREE]]
func.func @main(%x: tensor<1x1x1x7xf32>) -> tensor<1x1x1x7xf32> {
  %y = pattern.pool2d <average> %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 3>)
      {kernel = array<i64: 1, 3>, padding = array<i64: 0, 1, 0, 1>, layer = "average_beyond"}
      : tensor<1x1x1x7xf32> -> tensor<1x1x1x7xf32>
  return %y : tensor<1x1x1x7xf32>
}

// -----

// Windows of more than sixteen elements are a loop. It counts in 32 bits, like all of those that carry a value.
// CHECK-LABEL: func.func @window_loop_pool(
// CHECK: %[[SUM:.+]] = scf.for %[[TAP:.+]] = %c0_i32 to %c25_i32 step %c1_i32 iter_args(%[[SO:.+]] = %{{.+}})
// CHECK: %[[I:.+]] = arith.index_castui %[[TAP]] : i32 to index
// CHECK: arith.divui %[[I]], %c5
// CHECK: arith.remui %[[I]], %c5
// CHECK: %[[X:.+]] = vector.load
// CHECK: %[[SUM_SO:.+]] = arith.addf %[[SO]], %[[X]]
// CHECK: scf.yield %[[SUM_SO]]
// CHECK: arith.divf %[[SUM]], %{{.+}} : vector<4xf32>
func.func @main(%x: tensor<1x1x8x8xf32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.pool2d <average> %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      {kernel = array<i64: 5, 5>, layer = "window_loop"} : tensor<1x1x8x8xf32> -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @unrolled_window_pool(
// CHECK-NOT: iter_args
// CHECK-COUNT-16: vector.load
// CHECK-NOT: load
// CHECK: return
func.func @main(%x: tensor<1x1x7x7xf32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.pool2d <max> %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 16>)
      {kernel = array<i64: 4, 4>, layer = "unrolled_window"} : tensor<1x1x7x7xf32> -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

// The mean of a whole channel of planes goes over its rows and the zeros between them at once: 2 * 4 + 3 elements from the
// origin at 16 on are two vectors of four, one of two and a last element.
// CHECK-LABEL: func.func @whole_pool(
// CHECK: %[[NINE:.+]] = arith.constant 9.000000e+00 : f32
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0,
// CHECK: %[[PLANE:.+]] = arith.muli %{{.+}}, %c32
// CHECK: %[[IMAGE:.+]] = arith.addi %[[PLANE]], %c16
// CHECK: %[[SUMS:.+]] = scf.for %[[V:.+]] = %c0_i32 to %c2_i32 step %c1_i32 iter_args(
// CHECK: vector.load %[[SOURCE]][
// CHECK: %[[SUM:.+]] = vector.reduction <add>, %[[SUMS]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[PLANE]], %c24
// CHECK-NEXT: vector.load %[[SOURCE]][%[[AT]]] : memref<{{.+}}>, vector<2xf32>
// CHECK: %[[PART:.+]] = vector.reduction <add>
// CHECK-NEXT: arith.addf %[[SUM]], %[[PART]]
// CHECK-NEXT: %[[AT:.+]] = arith.addi %[[PLANE]], %c26
// CHECK-NEXT: vector.load %[[SOURCE]][%[[AT]]] : memref<{{.+}}>, vector<1xf32>
// CHECK: %[[SUM:.+]] = arith.addf %{{.+}} : f32
// CHECK-NEXT: %[[MEAN:.+]] = arith.divf %[[SUM]], %[[NINE]]
// CHECK-NEXT: memref.store %[[MEAN]],
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 4, size = 32>
func.func @main(%x: tensor<1x1x3x3xf32>) -> tensor<1x1x1x1xf32> {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x3x3xf32> to tensor<1x1x3x3xf32, #planes>
  %y = pattern.pool2d <average> %p schedule(#schedule.cpu_rows<lanes = 4, unroll = 9>)
      {kernel = array<i64: 3, 3>, layer = "whole"} : tensor<1x1x3x3xf32, #planes> -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

// A window as large as the image that begins above it and left of it is not the whole channel: five of its
// nine elements lie in the padding and add nothing.
// CHECK-LABEL: func.func @begins_beyond_pool(
// CHECK-NOT: vector.reduction
// CHECK-COUNT-4: memref.load
// CHECK-NOT: load
// CHECK: arith.divf %{{.+}}, %{{.+}} : f32
// CHECK: return
func.func @main(%x: tensor<1x1x3x3xf32>) -> tensor<1x1x1x1xf32> {
  %y = pattern.pool2d <average> %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 9>)
      {kernel = array<i64: 3, 3>, strides = array<i64: 3, 3>, padding = array<i64: 1, 1, 1, 1>, layer = "begins_beyond"}
      : tensor<1x1x3x3xf32> -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

// The virtual machine has no vectors.
// CHECK-LABEL: func.func @vm_pack(
// CHECK-NOT: {{vector|gpu}}
// CHECK: %[[VALUE:.+]] = memref.load
// CHECK: memref.store %[[VALUE]],
// CHECK-NOT: {{vector|gpu}}
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x2x4x4xf32>) {
  %p = pattern.pack %x schedule(#schedule.vm_rows<unroll = 1>) {layer = "vm"}
      : tensor<1x2x4x4xf32> to tensor<1x2x4x4xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
  return
}
}

// -----

// CHECK-LABEL: func.func @vm_pool(
// CHECK-NOT: {{vector|gpu}}
// CHECK-COUNT-4: memref.load
// CHECK-NOT: {{vector|gpu}}
// CHECK: stream.executable.end
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x1x1xf32> {
  %y = pattern.pool2d <average> %x schedule(#schedule.vm_rows<unroll = 4>)
      {kernel = array<i64: 2, 2>, strides = array<i64: 4, 4>, layer = "vm"} : tensor<1x2x4x4xf32> -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}
}

// -----

// A thread writes one element of the planes: of the image, or zero. 48 elements take three workgroups of 16 threads for
// each of two channels. What lies before the origin has a row beyond the image, as unsigned numbers wrap around.
// CHECK-LABEL: sym_name = "gpu_pack"
// CHECK: "stream.return"(%c3, %c2, %c1)
// CHECK: func.func @gpu_pack(%arg0: !stream.binding, %arg1: !stream.binding)
// CHECK-SAME: attributes {translation_info = #iree_codegen.translation_info<pipeline = #iree_gpu.spirv_pipeline<BaseLowering> workgroup_size = [16, 1, 1]>}
// CHECK: %[[SOURCE:.+]] = "stream.binding.subspan"(%arg0,
// CHECK: %[[TARGET:.+]] = "stream.binding.subspan"(%arg1,
// CHECK: %[[THREAD:.+]] = gpu.thread_id {{ *}}x
// CHECK: %[[ELEMENT:.+]] = arith.addi %{{.+}}, %[[THREAD]]
// CHECK: %[[INSIDE:.+]] = arith.cmpi ult, %[[ELEMENT]], %c48
// CHECK: scf.if %[[INSIDE]]
// CHECK: %[[IN_PHASE:.+]] = arith.remui %[[ELEMENT]], %c48
// CHECK: %[[IN_ROWS:.+]] = arith.addi %[[IN_PHASE]], %c-16
// CHECK: %[[ROW:.+]] = arith.divui %[[IN_ROWS]], %c5
// CHECK: %[[X:.+]] = arith.remui %[[IN_ROWS]], %c5
// CHECK: %[[IN_HEIGHT:.+]] = arith.cmpi ult, %{{.+}}, %c4
// CHECK: %[[IN_WIDTH:.+]] = arith.cmpi ult, %[[X]], %c4
// CHECK: %[[IN_IMAGE:.+]] = arith.andi %[[IN_HEIGHT]], %[[IN_WIDTH]]
// CHECK: %[[VALUE:.+]] = scf.if %[[IN_IMAGE]] -> (f32) {
// CHECK: memref.load %[[SOURCE]][
// CHECK: } else {
// CHECK-NEXT: scf.yield %{{cst.*}} : f32
// CHECK: memref.store %[[VALUE]], %[[TARGET]][
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @main(%x: tensor<1x2x4x4xf32>) {
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 16, unroll = 1>) {layer = "gpu"}
      : tensor<1x2x4x4xf32> to tensor<1x2x4x4xf32,
      #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>>
  return
}
}

// -----

// Every thread reads its window as at an edge.
// CHECK-LABEL: sym_name = "gpu_pool"
// CHECK: "stream.return"(%c1, %c1, %c1)
// CHECK: func.func @gpu_pool(
// CHECK: %[[LEAST:.+]] = arith.constant 0xFF800000 : f32
// CHECK: %[[THREAD:.+]] = gpu.thread_id {{ *}}x
// CHECK: %[[LEFT:.+]] = arith.addi %{{.+}}, %c-1
// CHECK: %[[INSIDE:.+]] = arith.cmpi ult, %[[LEFT]], %c8
// CHECK: %[[READ:.+]] = arith.select %[[INSIDE]], %[[LEFT]], %c0
// CHECK: %[[X:.+]] = memref.load
// CHECK: arith.select %[[INSIDE]], %[[X]], %[[LEAST]]
// CHECK: memref.load
// CHECK-NOT: memref.load
// CHECK: memref.store
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @main(%x: tensor<1x1x8x8xf32>) -> tensor<1x1x4x4xf32> {
  %y = pattern.pool2d <max> %x schedule(#schedule.gpu_rows<threads = 16, unroll = 2>)
      {kernel = array<i64: 1, 2>, padding = array<i64: 0, 1, 0, 0>, strides = array<i64: 2, 2>, layer = "gpu"}
      : tensor<1x1x8x8xf32> -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

// A workgroup for each channel of each image.
// CHECK-LABEL: sym_name = "batch_pack"
// CHECK: "stream.return"(%c3, %c2, %c1)
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @main(%x: tensor<2x3x4x4xf32>) {
  %p = pattern.pack %x schedule(#schedule.vm_rows<unroll = 1>) {layer = "batch"}
      : tensor<2x3x4x4xf32> to tensor<2x3x4x4xf32,
      #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
  return
}
}

// -----

// Means of halves are made in f32; maxima as they are.
// CHECK-LABEL: func.func @mean_of_halves_pool(
// CHECK: %[[X:.+]] = vector.load %{{.+}} : memref<128xf16>, vector<8xf16>
// CHECK: %[[WIDE:.+]] = arith.extf %[[X]] : vector<8xf16> to vector<8xf32>
// CHECK: arith.addf %{{.+}}, %[[WIDE]] : vector<8xf32>
// CHECK: vector.reduction <add>
// CHECK: %[[MEAN:.+]] = arith.divf
// CHECK: %[[HALF:.+]] = arith.truncf %[[MEAN]] : f32 to f16
// CHECK: memref.store %[[HALF]]
func.func @main(%x: tensor<1x2x8x8xf16>) -> tensor<1x2x1x1xf16> {
  %y = pattern.pool2d <average> %x schedule(#schedule.cpu_rows<lanes = 8, unroll = 1>)
      {kernel = array<i64: 8, 8>, layer = "mean_of_halves"} : tensor<1x2x8x8xf16> -> tensor<1x2x1x1xf16>
  return %y : tensor<1x2x1x1xf16>
}

// -----

// CHECK-LABEL: func.func @means_of_halves_pool(
// CHECK: arith.extf %{{.+}} : vector<8xf16> to vector<8xf32>
// CHECK: arith.addf %{{.+}} : vector<8xf32>
// CHECK: %[[HALVES:.+]] = arith.truncf %{{.+}} : vector<8xf32> to vector<8xf16>
// CHECK: vector.store %[[HALVES]]
func.func @main(%x: tensor<1x2x8x16xf16>) -> tensor<1x2x7x15xf16> {
  %y = pattern.pool2d <average> %x schedule(#schedule.cpu_rows<lanes = 8, unroll = 4>)
      {kernel = array<i64: 2, 2>, layer = "means_of_halves"} : tensor<1x2x8x16xf16> -> tensor<1x2x7x15xf16>
  return %y : tensor<1x2x7x15xf16>
}

// -----

// CHECK-LABEL: func.func @maximum_of_halves_pool(
// CHECK-NOT: f32
// CHECK: arith.cmpf ugt, %{{.+}} : vector<8xf16>
// CHECK-NOT: f32
// CHECK: return
func.func @main(%x: tensor<1x2x8x16xf16>) -> tensor<1x2x7x15xf16> {
  %y = pattern.pool2d <max> %x schedule(#schedule.cpu_rows<lanes = 8, unroll = 4>)
      {kernel = array<i64: 2, 2>, layer = "maximum_of_halves"} : tensor<1x2x8x16xf16> -> tensor<1x2x7x15xf16>
  return %y : tensor<1x2x7x15xf16>
}

// -----

// Four threads share a window of 25 elements: each goes over seven, the last of which may be beyond it, and the first adds
// up what the others have, in two steps.
// CHECK-LABEL: func.func @shared_pool(
// CHECK: %[[ELEMENT:.+]] = arith.divui %{{.+}}, %c4
// CHECK: %[[SLICE:.+]] = arith.remui %{{.+}}, %c4
// CHECK: %[[PART:.+]] = scf.for %{{.+}} = %c0_i32 to %c7_i32
// CHECK: arith.cmpi ult, %{{.+}}, %c25
// CHECK: %[[SHARED:.+]] = memref.alloc() : memref<16xf32, #gpu.address_space<workgroup>>
// CHECK: memref.store %[[PART]], %[[SHARED]]
// CHECK-NEXT: gpu.barrier
// CHECK: memref.load %[[SHARED]]
// CHECK-NEXT: %[[HALF:.+]] = arith.addf %[[PART]]
// CHECK-NEXT: gpu.barrier
// CHECK-NEXT: memref.store %[[HALF]], %[[SHARED]]
// CHECK-NEXT: gpu.barrier
// CHECK: %[[SUM:.+]] = arith.addf %[[HALF]]
// CHECK-NEXT: gpu.barrier
// CHECK: %[[FIRST:.+]] = arith.cmpi ult, %[[SLICE]], %c1
// CHECK: arith.andi %{{.+}}, %[[FIRST]]
// CHECK: scf.if
// CHECK: arith.divf %[[SUM]]
// CHECK: memref.store
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @main(%x: tensor<1x1x10x10xf32>) -> tensor<1x1x2x2xf32> {
  %y = pattern.pool2d <average> %x schedule(#schedule.gpu_rows<threads = 16, unroll = 1, slices = 4>)
      {kernel = array<i64: 5, 5>, strides = array<i64: 5, 5>, layer = "shared"}
      : tensor<1x1x10x10xf32> -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}
}
