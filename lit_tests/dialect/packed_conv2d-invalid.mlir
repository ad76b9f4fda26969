// RUN: pattern-opt %s -verify-diagnostics -split-input-file

func.func @image_rank(%x: tensor<2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                      %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected input and output of rank 4, but found rank 3 and 4}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @strides(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                   %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected two positive strides and two positive dilations}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      {strides = array<i64: 0, 1>}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @dilations(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                     %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected two positive strides and two positive dilations}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      {dilations = array<i64: 1>}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @padding(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                   %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected four paddings that are not negative}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      {padding = array<i64: 0, 0, 0, -1>}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @groups(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
                  %r: tensor<4xi32>) {
  // expected-error @+1 {{groups 3 do not divide the 2 input and 4 output channels}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4> {groups = 3 : i64}
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @batch(%x: tensor<2x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
                 %r: tensor<4xi32>) {
  // expected-error @+1 {{input has batch 2, but output has 1}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<2x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @output_height(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                         %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{output height is 3, but the input gives 4}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x3x4xf32>
  return
}

// -----

// The kernel size is that of the pattern set.
func.func @output_width(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                        %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{output width is 4, but the input gives 2}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x3, [[1]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @bias(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>, %o: tensor<2xi32>,
                %r: tensor<4xi32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{expected a bias of 4 values, but found 'tensor<3xf32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) bias(%b) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>, tensor<3xf32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @group_does_not_divide_filters(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>,
                                         %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{filter group 3 does not divide the 4 filters}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 3>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

// Two kernels of two taps for four filters.
func.func @weight_length(%x: tensor<1x2x4x5xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                         %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected weight to hold 16 elements, but found 'tensor<8xf32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x2, [[0, 1]]>, group = 4>
      : (tensor<1x2x4x5xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @weight_rank(%x: tensor<1x2x4x4xf32>, %w: tensor<2x4xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                       %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected weight to hold 8 elements, but found 'tensor<2x4xf32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<2x4xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @index_rank(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2x1xi32>, %s: tensor<2xi32>,
                      %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected index to hold 2 elements, but found 'tensor<2x1xi32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2x1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

// Two patterns take three prefix sums.
func.func @stride_length(%x: tensor<1x2x4x5xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                         %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected pattern_offset to hold 3 elements, but found 'tensor<2xi32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x2, [[0], [1]]>, group = 4>
      : (tensor<1x2x4x5xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

// Two groups of two filters have three bounds.
func.func @offset_length(%x: tensor<1x2x4x4xf32>, %w: tensor<4xf32>, %i: tensor<2xi32>, %s: tensor<4xi32>,
                         %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected offset to hold 3 elements, but found 'tensor<2xi32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      : (tensor<1x2x4x4xf32>, tensor<4xf32>, tensor<2xi32>, tensor<4xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @reorder_length(%x: tensor<1x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                          %o: tensor<2xi32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{expected reorder to hold 4 elements, but found 'tensor<2xi32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x4x4x4xf32>
  return
}

// -----

// Five columns are two phases of three and two.
#planes = #pattern.planes<strides = [1, 2], origin = 0, pitch = 4, size = 16>
func.func @planes_strides(%x: tensor<1x1x4x5xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have other strides than the convolution}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x5xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x5xf32>
  return
}

// -----

// The taps of a kernel of three columns lie in more than one phase.
#planes = #pattern.planes<strides = [1, 2], origin = 16, pitch = 4, size = 32>
func.func @phases_of_wide_kernel(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have other strides than the convolution}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x3, [[0]]>, group = 1>
      {padding = array<i64: 0, 1, 0, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32, #planes>
  return
}

// -----

#planes = #pattern.planes<strides = [1, 2], origin = 0, pitch = 4, size = 16>
func.func @phases_to_plain(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{runs over phases, but its output is not in planes of the same strides}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

// One column for the padding of both ends of a row.
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 4, size = 48>
func.func @planes_without_padding(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have pitch 4, but the convolution needs 5}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

// Three columns before a row; the one behind the row before is one of them.
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 6, size = 48>
func.func @planes_padding_left(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have pitch 6, but the convolution needs 7}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x5, [[0]]>, group = 1>
      {padding = array<i64: 0, 3, 0, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

// Four outputs whose last tap is two columns to the right.
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
func.func @planes_padding_right(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have pitch 5, but the convolution needs 6}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x3, [[0]]>, group = 1>
      {padding = array<i64: 0, 0, 0, 2>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

// Column -1 is of an odd phase; there it is the column before the first.
#planes = #pattern.planes<strides = [2, 2], origin = 16, pitch = 4, size = 48>
func.func @planes_padding_of_phase(%x: tensor<1x1x8x8xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have pitch 4, but the convolution needs 5}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

// One column between rows serves both ends of a row, but the six outputs of a row would run into the next.
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 64>
func.func @planes_pitch(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have pitch 5, but the convolution needs 6}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x6x6xf32>
  return
}

// -----

// Tap 0 of the first output lies a row of five and a column before the image.
#planes = #pattern.planes<strides = [1, 1], origin = 5, pitch = 5, size = 48>
func.func @planes_origin(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have their origin at 5, but the convolution reads 6 elements before it}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

// Row -1 and column -1 are of the odd phases, where they lie a row of five and a column before the image.
#planes = #pattern.planes<strides = [2, 2], origin = 5, pitch = 5, size = 48>
func.func @planes_origin_of_phase(%x: tensor<1x1x8x8xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have their origin at 5, but the convolution reads 6 elements before it}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<1x1x8x8xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

// The wider the rows, the longer is the one above the image: 9 + 1.
#planes = #pattern.planes<strides = [1, 1], origin = 6, pitch = 9, size = 48>
func.func @planes_origin_of_wider_rows(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have their origin at 6, but the convolution reads 10 elements before it}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

// Tap 8 of the last output, at 3 * 5 + 3, lies a row of five and a column behind it: 6 + 18 + 6 is the last element.
#planes = #pattern.planes<strides = [1, 1], origin = 6, pitch = 5, size = 30>
func.func @planes_size(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{input planes have size 30, but the convolution reads 31}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[0]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

module attributes {pattern.target = #pattern.target<device = vm>} {
func.func @schedule_filters(%x: tensor<1x1x4x4xf32>, %w: tensor<4xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{computes 3 filters at once, expected a divisor of the filter group 4}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      schedule(#schedule.vm_direct<filters = 3, unroll = 1>)
      : (tensor<1x1x4x4xf32>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf32>
  return
}
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @schedule_tile(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{a tile of 260 positions may read beyond the input planes, expected at most 256}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 4, vectors = 65, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
func.func @output_of_plain_input(%x: tensor<1x1x4x4xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{has an output in planes, but not its input}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32, #planes>
  return
}

// -----

// Planes with strides are for the one convolution that reads them.
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
#phases = #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>
func.func @output_strides(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{expected planes without strides, but found #pattern.planes<strides = [2, 2], origin = 16, pitch = 5, size = 48>}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32, #phases>
  return
}

// -----

// Rows are written as far apart as they are read.
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
#wider = #pattern.planes<strides = [1, 1], origin = 16, pitch = 6, size = 48>
func.func @output_pitch(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{output planes have pitch 6, but the input has 5}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32, #wider>
  return
}

// -----

func.func @foreign_encoding(%x: tensor<1x1x4x4xf32, "blocked">, %w: tensor<1xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor without encoding or in planes}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, "blocked">, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @no_image(%x: tensor<0x2x4x4xf32>, %w: tensor<8xf32>, %i: tensor<2xi32>, %s: tensor<2xi32>,
                    %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expected images with elements, but found 'tensor<0x2x4x4xf32>' and 'tensor<0x4x4x4xf32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<0x2x4x4xf32>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<0x4x4x4xf32>
  return
}

// -----

// 3 * 5 + 4 positions are three vectors of eight.
#planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 48>
#short = #pattern.planes<strides = [1, 1], origin = 16, pitch = 5, size = 39>
func.func @last_vector_behind_planes(%x: tensor<1x1x4x4xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{output planes have size 39, but the last vector of 8 lanes ends at 40}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <3x3, [[4]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 1, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      {padding = array<i64: 1, 1, 1, 1>}
      : (tensor<1x1x4x4xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf32, #short>
  return
}

// -----

func.func @stationary_inputs_of_groups(%x: tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>, %w: tensor<2xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<2xi32>) -> tensor<1x2x4x4xf32> {
  // expected-error @+1 {{inputs are stationary for groups of one filter, but the storage has groups of 2}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 2>
      schedule(#schedule.cpu_input_stationary<lanes = 4, vectors = 1, tiles = 1, blocks = 1>)
      : (tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>, tensor<2xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)
      -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// Half of the filters, 2049, have 16 bytes each.
func.func @sums_beyond_the_stack(%x: tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>, %w: tensor<4098xf32>, %i: tensor<4098xi32>,
    %s: tensor<8196xi32>, %o: tensor<4099xi32>, %r: tensor<4098xi32>) -> tensor<1x4098x4x4xf32> {
  // expected-error @+1 {{the sums of a block take 32784 bytes, expected at most 32768}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_input_stationary<lanes = 4, vectors = 1, tiles = 1, blocks = 2>)
      : (tensor<1x1x4x4xf32, #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>>, tensor<4098xf32>, tensor<4098xi32>, tensor<8196xi32>, tensor<4099xi32>, tensor<4098xi32>)
      -> tensor<1x4098x4x4xf32>
  return %y : tensor<1x4098x4x4xf32>
}

// -----

func.func @stationary_inputs_of_one_position(%x: tensor<1x1x1x1xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x1x1xf32> {
  // expected-error @+1 {{cannot run as its schedule says: it is a product with a matrix}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_input_stationary<lanes = 1, vectors = 1, tiles = 1, blocks = 1>)
      : (tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

func.func @more_rows_at_once_than_there_are(%x: tensor<2x1x1x1xf32>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<2x1x1x1xf32> {
  // expected-error @+1 {{it computes 3 rows at once, but there are 2}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_matrix<lanes = 1, rows = 3, blocks = 1, chains = 3>)
      : (tensor<2x1x1x1xf32>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<2x1x1x1xf32>
  return %y : tensor<2x1x1x1xf32>
}

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 1, size = 16>
func.func @planes_of_one_position(%x: tensor<1x1x1x1xf32, #planes>, %w: tensor<1xf32>, %i: tensor<1xi32>,
    %s: tensor<2xi32>, %o: tensor<2xi32>, %r: tensor<1xi32>) -> tensor<1x1x1x1xf32> {
  // expected-error @+1 {{multiplies images of one position by a matrix, which are plain, but found #pattern.planes<strides = [1, 1], origin = 0, pitch = 1, size = 16>}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      : (tensor<1x1x1x1xf32, #planes>, tensor<1xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

func.func @element_types(%x: tensor<1x1x4x4xf16>, %w: tensor<4xf32>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{computes 'f16', but one of its operands is 'tensor<4xf32>'}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 4>
      : (tensor<1x1x4x4xf16>, tensor<4xf32>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<4xi32>)
      -> tensor<1x4x4x4xf16>
  return
}

// -----

// The same bytes behind the planes are twice as many halves.
#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
func.func @tile_of_halves(%x: tensor<1x1x4x4xf16, #planes>, %w: tensor<1xf16>, %i: tensor<1xi32>, %s: tensor<2xi32>,
    %o: tensor<2xi32>, %r: tensor<1xi32>) {
  // expected-error @+1 {{a tile of 520 positions may read beyond the input planes, expected at most 512}}
  %y = pattern.packed_conv2d %x fkw(%w, %i, %s, %o, %r) storage <set = <1x1, [[0]]>, group = 1>
      schedule(#schedule.cpu_output_stationary<lanes = 8, vectors = 65, filters = 1, tiles = 1, blocks = 1, unroll = 1, channels = distance, inner = filters>)
      : (tensor<1x1x4x4xf16, #planes>, tensor<1xf16>, tensor<1xi32>, tensor<2xi32>, tensor<2xi32>, tensor<1xi32>)
      -> tensor<1x1x4x4xf16>
  return
}
