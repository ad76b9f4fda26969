// RUN: pattern-opt %s -verify-diagnostics -split-input-file

// expected-error @+2 {{expected lanes from 1 to 1024, but found 0}}
func.func private @lanes() attributes {
  schedule = #schedule.cpu_output_stationary<lanes = 0, vectors = 6, filters = 1, tiles = 1, blocks = 1, unroll = 1>}

// -----

// expected-error @+2 {{expected vectors from 1 to 1024, but found 1025}}
func.func private @vectors() attributes {
  schedule = #schedule.cpu_output_stationary<lanes = 16, vectors = 1025, filters = 1, tiles = 1, blocks = 1, unroll = 1>}

// -----

// expected-error @+2 {{expected prefetch from 0 to 2147483647, but found -1}}
func.func private @prefetch() attributes {
  schedule = #schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 1, tiles = 1, blocks = 1, unroll = 1, prefetch = -1>}

// -----

// expected-error @+2 {{expected tiles from 1 to 2147483647, but found 0}}
func.func private @tiles() attributes {
  schedule = #schedule.cpu_input_stationary<lanes = 16, vectors = 6, tiles = 0, blocks = 1>}

// -----

// expected-error @+2 {{expected chains from 1 to 1024, but found 0}}
func.func private @chains() attributes {
  schedule = #schedule.cpu_matrix<lanes = 16, rows = 1, blocks = 1, chains = 0>}

// -----

// expected-error @+2 {{expected unroll from 1 to 2147483647, but found 0}}
func.func private @cpu_rows() attributes {
  schedule = #schedule.cpu_rows<lanes = 16, unroll = 0>}

// -----

// expected-error @+2 {{expected threads from 1 to 2147483647, but found 0}}
func.func private @threads() attributes {
  schedule = #schedule.gpu_direct<threads = 0, filters = 1, unroll = 1>}

// -----

// expected-error @+2 {{expected threads from 1 to 2147483647, but found -1}}
func.func private @gpu_rows() attributes {
  schedule = #schedule.gpu_rows<threads = -1, unroll = 1>}

// -----

// expected-error @+2 {{expected filters from 1 to 1024, but found 0}}
func.func private @vm_direct() attributes {
  schedule = #schedule.vm_direct<filters = 0, unroll = 1>}

// -----

// expected-error @+2 {{expected unroll from 1 to 2147483647, but found -1}}
func.func private @vm_rows() attributes {
  schedule = #schedule.vm_rows<unroll = -1>}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @other_device(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{has a schedule for a gpu, but the target is a cpu}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.gpu_direct<threads = 64, filters = 2, unroll = 4>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @other_loops(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{cannot run as its schedule says: it is no pooling and no copy}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_rows<lanes = 8, unroll = 1>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @no_matrix(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{it is no product with a matrix}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_matrix<lanes = 2, rows = 1, blocks = 1, chains = 1>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @wide_lanes(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{expected a power of two of at most 8 lanes, which the target's vectors have, but found 16}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 4>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @odd_lanes(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{expected a power of two of at most 8 lanes, which the target's vectors have, but found 6}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 6, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 4>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @filters_at_once(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{it computes 3 filters at once, expected a divisor of the filter group 2}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 3, tiles = 1, blocks = 1, unroll = 4>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @taps_written_out(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{it writes out 3 taps, expected a divisor of the 4 of a kernel}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 3, offsets = table>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @taps_in_code(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{offsets of taps are in the code, which takes one pattern whose taps are all written out}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 2>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @patterns_in_code(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<3xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{offsets of taps are in the code, which takes one pattern}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4], [1, 2, 4, 5]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 4>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @distances_of_patterns(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<3xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{channels are known by distance, which takes one pattern and no groups}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4], [1, 2, 4, 5]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 4, offsets = table, channels = distance>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<3xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @distances_of_groups(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<8xf32>,
    %i: tensor<2xi32>, %s: tensor<4xi32>, %o: tensor<3xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{channels are known by distance, which takes one pattern and no groups}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 4, channels = distance>)
      {groups = 2 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<8xf32>,
         tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @lone_weight_in_lanes(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{weights are in lanes, but no two are used together}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 4, weights = lanes>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @prefetch_of_strides(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{its input is prefetched, but has strides}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 4, prefetch = 1>)
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x4x4xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @much_written_out(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<1024xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<128xi32>) {
  // expected-error @+1 {{it writes out 524288 multiply-adds, expected at most 65536}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 128>
      schedule(#schedule.cpu_output_stationary<lanes = 1, vectors = 1024, filters = 128, tiles = 1, blocks = 1, unroll = 4>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<1024xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<128xi32>) -> tensor<1x128x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @stationary_inputs_of_groups(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<8xf32>,
    %i: tensor<2xi32>, %s: tensor<4xi32>, %o: tensor<3xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{its groups read different channels}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
      schedule(#schedule.cpu_input_stationary<lanes = 8, vectors = 1, tiles = 1, blocks = 1>)
      {groups = 2 : i64, padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<8xf32>,
         tensor<2xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @lone_weight_of_stationary_input(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<12xf32>,
    %i: tensor<4xi32>, %s: tensor<4xi32>, %o: tensor<3xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{weights are in lanes, but no two are used together}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3]]>, group = 1>
      schedule(#schedule.cpu_input_stationary<lanes = 8, vectors = 1, tiles = 1, blocks = 1, weights = lanes>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<12xf32>,
         tensor<4xi32>, tensor<4xi32>, tensor<3xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @many_threads(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{expected at most 128 threads, which a workgroup of the target has, but found 100000}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.gpu_direct<threads = 100000, filters = 2, unroll = 4>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @vm_filters(%x: tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, %w: tensor<16xf32>,
    %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{it computes 4 filters at once, expected a divisor of the filter group 2}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2>
      schedule(#schedule.vm_direct<filters = 4, unroll = 4>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>, tensor<16xf32>,
         tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x8x8xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @long_vectors(%x: tensor<1x1x1x1xf32>, %w: tensor<4xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{vectors of 8 filters are longer than a group of 4}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      schedule(#schedule.cpu_matrix<lanes = 8, rows = 1, blocks = 1, chains = 1>)
      : (tensor<1x1x1x1xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>) -> tensor<1x4x1x1xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @part_of_a_window(%x: tensor<1x1x8x8xf32>) {
  // expected-error @+1 {{it writes out 2 elements of a window, expected 1 or all of 9}}
  %y = pattern.pool2d <max> %x schedule(#schedule.cpu_rows<lanes = 8, unroll = 2>) {kernel = array<i64: 3, 3>}
      : tensor<1x1x8x8xf32> -> tensor<1x1x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load, vector_bits = 256, registers = 16>} {
func.func @pooled_by_convolution(%x: tensor<1x1x8x8xf32>) {
  // expected-error @+1 {{cannot run as its schedule says: it is no convolution}}
  %y = pattern.pool2d <max> %x schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 2, tiles = 1, blocks = 1, unroll = 4>) {kernel = array<i64: 3, 3>}
      : tensor<1x1x8x8xf32> -> tensor<1x1x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @many_threads_of_rows(%x: tensor<1x1x8x8xf32>) {
  // expected-error @+1 {{expected at most 128 threads, which a workgroup of the target has, but found 256}}
  %y = pattern.pool2d <max> %x schedule(#schedule.gpu_rows<threads = 256, unroll = 9>) {kernel = array<i64: 3, 3>}
      : tensor<1x1x8x8xf32> -> tensor<1x1x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @bytes_without_access(%x: tensor<1x1x8x8xi8>) {
  // expected-error @+1 {{the target stores no bytes}}
  %y = pattern.pool2d <max> %x schedule(#schedule.gpu_rows<threads = 64, unroll = 9>)
      {kernel = array<i64: 3, 3>, quantization = #pattern.quantization<bytes = u8,
       input = <scale = 1.0, zero_point = 0>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>}
      : tensor<1x1x8x8xi8> -> tensor<1x1x6x6xi8>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} {
func.func @products_of_bytes_without_access(%x: tensor<1x1x1x1xi8>, %w: tensor<1xi8>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>, %c: tensor<1xf32>) {
  // expected-error @+1 {{the target stores no bytes}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) scale(%c) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.gpu_direct<threads = 64, filters = 1, unroll = 1>)
      {quantization = #pattern.quantization<bytes = u8,
       input = <scale = 1.0, zero_point = 0>, output = <scale = 1.0, zero_point = 0>, low = 0, high = 255>}
      : (tensor<1x1x1x1xi8>, tensor<1xi8>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>, tensor<1xf32>) -> tensor<1x1x1x1xi8>
  return
}
}

// -----

// expected-error @+2 {{expected vectors from 4 to 4, but found 3}}
func.func private @blocks() attributes {
  schedule = #schedule.cpu_dot<lanes = 16, vectors = 3, filters = 4, tiles = 1, blocks = 1, interleave = blocks>}

// -----

// A block has four lanes.
#planes = #pattern.planes<strides = [1, 1], origin = 64, pitch = 17, size = 384>
module attributes {pattern.target = #pattern.target<device = cpu, features = saturating_pack|dot_u8s8, vector_bits = 512, registers = 32>} {
  func.func @part_of_a_block(%x: tensor<1x1x16x16xi8, #planes>, %w: tensor<4xi8>, %i: tensor<1xi32>, %s: tensor<2xi32>,
      %o: tensor<2xi32>, %r: tensor<1xi32>, %scale: tensor<1xf32>) {
    // expected-error @+1 {{the target packs no u8 from blocks of 2 lanes}}
    %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) scale(%scale) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 1>
        schedule(#schedule.cpu_dot<lanes = 2, vectors = 4, filters = 1, tiles = 1, blocks = 1, interleave = blocks>)
        {padding = array<i64: 1, 1, 1, 1>, quantization = #pattern.quantization<bytes = u8,
         input = <scale = 0.1, zero_point = 0>, output = <scale = 0.2, zero_point = 0>, low = 0, high = 255>}
        : (tensor<1x1x16x16xi8, #planes>, tensor<4xi8>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>,
           tensor<1xf32>) -> tensor<1x1x16x16xi8>
    return
  }
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @pitch_within_a_quad(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{pitch = 7, size = 80> begin within 4 elements}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 7, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @origin_within_a_quad(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 18, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{begin within 4 elements}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 18, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @size_within_a_quad(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 82>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{begin within 4 elements}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 82>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @more_rows_than_there_are(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{it computes 7 rows at once, but there are 6}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 7, filters = 8>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @slices_of_filters(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{8 filters are no multiple of 3 slices}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8, slices = 3>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @threads_of_parts(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{64 threads are no multiple of 1 slices of 3 parts}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8, parts = 3>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @parts_of_filters(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{8 filters are no multiple of 2 parts of 8}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8, parts = 2>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @bands(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{it has 7 bands, but there are 6 rows}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8, bands = 7>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 8192, subgroup = 64>} {
func.func @shared_bytes(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{a workgroup shares 16384 bytes, but on the target it has 8192}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 128, rows = 2, filters = 8, slices = 8>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @threads_of_tiles(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{expected at most 128 threads, which a workgroup of the target has, but found 256}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 256, rows = 1, filters = 8>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @tiles_of_a_matrix(%x: tensor<1x1x1x1xf32>, %w: tensor<8xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{it is a product with a matrix}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 8>
      schedule(#schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8>) 
      : (tensor<1x1x1x1xf32>, tensor<8xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x1x1xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @no_matrix(%x: tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, %w: tensor<32xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{it is no product of floats with a matrix}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0, 1, 3, 4]]>, group = 8>
      schedule(#schedule.gpu_matrix<threads = 64, rows = 1, slices = 1, unroll = 1>) {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x6x6xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 8, size = 80>>, tensor<32xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @few_filters(%x: tensor<1x1x1x1xf32>, %w: tensor<2xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{2 filters of a group are fewer than 4}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.gpu_matrix<threads = 64, rows = 1, slices = 1, unroll = 1>) 
      : (tensor<1x1x1x1xf32>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2x1x1xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @rows_of_a_matrix(%x: tensor<1x1x1x1xf32>, %w: tensor<8xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{it computes 2 rows at once, but there are 1}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 8>
      schedule(#schedule.gpu_matrix<threads = 64, rows = 2, slices = 1, unroll = 1>) 
      : (tensor<1x1x1x1xf32>, tensor<8xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x1x1xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @slices_of_a_matrix(%x: tensor<1x1x1x1xf32>, %w: tensor<8xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<8xi32>) {
  // expected-error @+1 {{64 threads are no multiple of 3 slices}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 8>
      schedule(#schedule.gpu_matrix<threads = 64, rows = 1, slices = 3, unroll = 1>) 
      : (tensor<1x1x1x1xf32>, tensor<8xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<8xi32>) -> tensor<1x8x1x1xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @slices_of_a_window(%x: tensor<1x1x8x8xf32>) {
  // expected-error @+1 {{3 slices are no power of two that divides 64 threads}}
  %y = pattern.pool2d <max> %x schedule(#schedule.gpu_rows<threads = 64, unroll = 1, slices = 3>) {kernel = array<i64: 3, 3>}
      : tensor<1x1x8x8xf32> -> tensor<1x1x6x6xf32>
  return
}
}

// -----

module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, shared_bytes = 16384, subgroup = 64>} {
func.func @slices_of_what_is_written_out(%x: tensor<1x1x8x8xf32>) {
  // expected-error @+1 {{slices share windows of floats that loops go over, of outputs that are not in planes}}
  %y = pattern.pool2d <max> %x schedule(#schedule.gpu_rows<threads = 64, unroll = 9, slices = 2>) {kernel = array<i64: 3, 3>}
      : tensor<1x1x8x8xf32> -> tensor<1x1x6x6xf32>
  return
}
}
