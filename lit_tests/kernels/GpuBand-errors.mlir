// RUN: pattern-opt %s -pattern-lower-convolutions -verify-diagnostics -split-input-file

// Two workgroups a pair of channels, each of which makes five rows of the input for three rows of the output.
#planes = #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @threads(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  // expected-error @+1 {{cannot be lowered: it cannot be placed in its consumer: its workgroups have 32 threads, its consumer's 64}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 32, rows = 1, filters = 2, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 1, parts = 2, bands = 2>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>, layer = "band"}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @filters(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  // expected-error @+1 {{cannot be lowered: it cannot be placed in its consumer: a workgroup makes 2 filters of it, and 4 of its consumer}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 2, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 1, parts = 4>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>, layer = "band"}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @rows_made(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  // expected-error @+1 {{cannot be lowered: it cannot be placed in its consumer: threads compute 6 and 1 rows at once, but a band has 5 and 3}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 6, filters = 2, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 1, parts = 2, bands = 2>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>, layer = "band"}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @rows_read(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  // expected-error @+1 {{cannot be lowered: it cannot be placed in its consumer: threads compute 1 and 4 rows at once, but a band has 5 and 3}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 2, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 4, filters = 1, parts = 2, bands = 2>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>, layer = "band"}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 12, pitch = 8, size = 72>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 511, subgroup = 64>} {
func.func @shared(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  // expected-error @+1 {{cannot be lowered: it cannot be placed in its consumer: a workgroup shares 512 bytes, but on the target it has 511}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 2, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 1, parts = 2, bands = 2>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>, layer = "band"}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}
}

// -----

#planes = #pattern.planes<strides = [2, 2], origin = 0, pitch = 4, size = 12>
module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @phases(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32, #planes> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %p = pattern.pack %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  // expected-error @+1 {{cannot be lowered: it cannot be placed in its consumer: its consumer runs over the phases of an image}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 2, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<4xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 1, parts = 2>)
      {groups = 4 : i64, layer = "band"}
      : (tensor<1x4x6x6xf32, #planes>, tensor<4xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  return %z : tensor<1x4x6x6xf32, #planes>
}
}
