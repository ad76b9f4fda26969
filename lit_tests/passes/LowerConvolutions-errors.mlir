// RUN: pattern-opt %s -pattern-lower-convolutions -verify-diagnostics -split-input-file

func.func @no_schedule(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{has no schedule; run pattern-schedule-convolutions first}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

func.func @pack_without_schedule(%x: tensor<1x1x4x4xf32>) {
  // expected-error @+1 {{'pattern.pack' op has no schedule; run pattern-schedule-convolutions first}}
  %p = pattern.pack %x : tensor<1x1x4x4xf32>
      to tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
  return
}

// -----

func.func @unpack_without_schedule(
    %x: tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>) {
  // expected-error @+1 {{'pattern.unpack' op has no schedule; run pattern-schedule-convolutions first}}
  %p = pattern.unpack %x : tensor<1x1x4x4xf32,
      #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>> to tensor<1x1x4x4xf32>
  return
}

// -----

func.func @pool_without_schedule(%x: tensor<1x1x4x4xf32>) {
  // expected-error @+1 {{'pattern.pool2d' op has no schedule; run pattern-schedule-convolutions first}}
  %p = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>} : tensor<1x1x4x4xf32> -> tensor<1x1x3x3xf32>
  return
}

// -----

module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @plain_input(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{reads no planes; run pattern-layout-activations first}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @planes_from_elsewhere(%x: tensor<1x1x4x4xf32, #planes>) -> tensor<1x1x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{reads planes that no operation of this dialect made}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @residual_from_elsewhere(%x: tensor<1x1x4x4xf32>, %a: tensor<1x1x4x4xf32, #planes>) {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %p = pattern.pack %x schedule(#schedule.vm_rows<unroll = 1>)
      : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  // expected-error @+1 {{reads planes that no operation of this dialect made}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) add(%a)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32, #planes>) -> tensor<1x1x4x4xf32, #planes>
  return
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @pool_of_planes_from_elsewhere(%x: tensor<1x1x4x4xf32, #planes>) {
  // expected-error @+1 {{reads planes that no operation of this dialect made}}
  %p = pattern.pool2d <max> %x schedule(#schedule.vm_rows<unroll = 4>)
      {kernel = array<i64: 2, 2>} : tensor<1x1x4x4xf32, #planes> -> tensor<1x1x3x3xf32>
  return
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @unpack_of_planes_from_elsewhere(%x: tensor<1x1x4x4xf32, #planes>) {
  // expected-error @+1 {{reads planes that no operation of this dialect made}}
  %p = pattern.unpack %x schedule(#schedule.vm_rows<unroll = 1>)
      : tensor<1x1x4x4xf32, #planes> to tensor<1x1x4x4xf32>
  return
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @plain_residual(%x: tensor<1x1x4x4xf32>, %a: tensor<1x1x4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  %p = pattern.pack %x schedule(#schedule.vm_rows<unroll = 1>)
      : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  // expected-error @+1 {{adds a residual, but not in planes; run pattern-layout-activations first}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) add(%a)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
         tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @arrays_not_constant(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>) -> tensor<1x1x4x4xf32> {
  %p = pattern.pack %x schedule(#schedule.vm_rows<unroll = 1>)
      : tensor<1x1x4x4xf32> to tensor<1x1x4x4xf32, #planes>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %o = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{cannot be lowered: its weights are not constant}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r)
      storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.vm_direct<filters = 1, unroll = 1>)
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>
func.func @two_consumers(%x: tensor<1x1x6x6xf32>) -> (tensor<1x4x6x6xf32, #planes>, tensor<1x4x6x6xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  // expected-error @+1 {{cannot be placed in its consumer: not one convolution alone reads its planes}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 6, blocks = 2, unroll = 1, channels = distance, inner = filters, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 6, blocks = 2, unroll = 4, inner = filters>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %y, %z : tensor<1x4x6x6xf32, #planes>, tensor<1x4x6x6xf32>
}


// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>
func.func @not_depthwise(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  // expected-error @+1 {{cannot be placed in its consumer: no depthwise convolution of single filters reads it}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 6, blocks = 2, unroll = 1, channels = distance, inner = filters, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 6, blocks = 2, unroll = 4, channels = distance, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}


// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>
func.func @consumer_without_schedule(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  // expected-error @+1 {{cannot be placed in its consumer: its schedule and its consumer's are not of one form that keeps sums}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 6, blocks = 2, unroll = 1, channels = distance, inner = filters, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}


// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>
func.func @other_order(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  // expected-error @+1 {{cannot be placed in its consumer: its consumer does not store filters in the same order}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 6, blocks = 2, unroll = 1, channels = distance, inner = filters, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %do2 = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %do2) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 6, blocks = 2, unroll = 4, inner = filters>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>
func.func @residual(%x: tensor<1x1x6x6xf32>, %a: tensor<1x4x6x6xf32, #planes>) -> tensor<1x4x6x6xf32> {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  // expected-error @+1 {{cannot be placed in its consumer: it adds a residual, which lies in memory}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) add(%a) storage <set = <1x1, [[0]]>, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 6, blocks = 2, unroll = 1, channels = distance, inner = filters, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>,
         tensor<1x4x6x6xf32, #planes>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 6, blocks = 2, unroll = 4, inner = filters>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %z : tensor<1x4x6x6xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>
func.func @chain_of_three(%x: tensor<1x1x6x6xf32>) -> tensor<1x4x6x6xf32> {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x1x6x6xf32> to tensor<1x1x6x6xf32, #planes>
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<2xi32>
  %s = arith.constant dense<[0, 1, 0, 1]> : tensor<4xi32>
  %o = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
  %r = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 2, tiles = 6, blocks = 2, unroll = 1, channels = distance, inner = filters, placement = consumer>)
      : (tensor<1x1x6x6xf32, #planes>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %dw = arith.constant dense<1.0> : tensor<16xf32>
  %di = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %ds = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1]> : tensor<8xi32>
  %do = arith.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  // expected-error @+1 {{cannot be placed in its consumer: it computes its own input}}
  %z = pattern.packed_conv2d %y fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 6, blocks = 2, unroll = 4, inner = filters, placement = consumer>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32, #planes>
  %v = pattern.packed_conv2d %z fkw(%dw, %di, %ds, %do, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1> schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 2, filters = 1, tiles = 6, blocks = 2, unroll = 4, inner = filters>)
      {groups = 4 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x4x6x6xf32, #planes>, tensor<16xf32>, tensor<4xi32>, tensor<8xi32>, tensor<5xi32>, tensor<4xi32>) -> tensor<1x4x6x6xf32>
  return %v : tensor<1x4x6x6xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>
func.func @planes_leave_the_function(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x7x7xf32, #planes> {
  // expected-error @+1 {{writes planes that another operation reads}}
  %y = pattern.pool2d <max> %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 4>)
      {kernel = array<i64: 2, 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x7x7xf32, #planes>
  // expected-note @+1 {{it is read here}}
  return %y : tensor<1x2x7x7xf32, #planes>
}

// -----

// The second filter's channels are 258 apart.
func.func @distance_beyond_a_byte(%x: tensor<1x300x4x4xf32>) {
  %p = pattern.pack %x schedule(#schedule.cpu_rows<lanes = 4, unroll = 1>)
      : tensor<1x300x4x4xf32> to tensor<1x300x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<[3, 4, 1, 259]> : tensor<4xi32>
  %s = arith.constant dense<[0, 2, 0, 2]> : tensor<4xi32>
  %o = arith.constant dense<[0, 2, 4]> : tensor<3xi32>
  %r = arith.constant dense<[0, 1]> : tensor<2xi32>
  // expected-error @+1 {{cannot be lowered: a distance between its channels takes more than a byte}}
  %y = pattern.packed_conv2d %p fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance>)
      : (tensor<1x300x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>,
         tensor<4xf32>, tensor<4xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @filters_that_are_no_run(%x: tensor<1x1x1x1xf32>) -> tensor<1x4x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  %i = arith.constant dense<0> : tensor<1xi32>
  %s = arith.constant dense<[0, 1]> : tensor<2xi32>
  %r = arith.constant dense<[0, 1, 3, 2]> : tensor<4xi32>
  // expected-error @+1 {{cannot be lowered: it stores vectors, but their filters are no runs}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %s, %r) storage <set = <1x1, [[0]]>, group = 4>
      schedule(#schedule.cpu_matrix<lanes = 4, rows = 1, blocks = 1, chains = 1>)
      : (tensor<1x1x1x1xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x1x1xf32>
  return %y : tensor<1x4x1x1xf32>
}
