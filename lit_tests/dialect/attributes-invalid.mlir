// RUN: pattern-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{expected a kernel size like 3x3}}
func.func private @set_size_of_rank_1() attributes {set = #pattern.set<3, [[0]]>}

// -----

// expected-error @+1 {{pattern has 1 positions, but the first has 2}}
func.func private @set_lengths_differ() attributes {set = #pattern.set<3x3, [[0, 1], [4]]>}

// -----

// expected-error @+1 {{kernel size 0x3 is not positive}}
func.func private @set_empty_kernel() attributes {set = #pattern.set<0x3, [[0]]>}

// -----

// expected-error @+1 {{expected at least one pattern with at least one position}}
func.func private @set_without_pattern() attributes {set = #pattern.set<3x3, []>}

// -----

// expected-error @+1 {{expected at least one pattern with at least one position}}
func.func private @set_without_position() attributes {set = #pattern.set<3x3, [[]]>}

// -----

// The smallest set that is too large: 256 one-position patterns of a 16x16 kernel.
// expected-error @+1 {{set has 256 patterns, more than 255}}
func.func private @set_too_large() attributes {set = #pattern.set<16x16, [
  [0], [1], [2], [3], [4], [5], [6], [7], [8], [9], [10], [11], [12], [13], [14], [15],
  [16], [17], [18], [19], [20], [21], [22], [23], [24], [25], [26], [27], [28], [29], [30], [31],
  [32], [33], [34], [35], [36], [37], [38], [39], [40], [41], [42], [43], [44], [45], [46], [47],
  [48], [49], [50], [51], [52], [53], [54], [55], [56], [57], [58], [59], [60], [61], [62], [63],
  [64], [65], [66], [67], [68], [69], [70], [71], [72], [73], [74], [75], [76], [77], [78], [79],
  [80], [81], [82], [83], [84], [85], [86], [87], [88], [89], [90], [91], [92], [93], [94], [95],
  [96], [97], [98], [99], [100], [101], [102], [103], [104], [105], [106], [107], [108], [109], [110], [111],
  [112], [113], [114], [115], [116], [117], [118], [119], [120], [121], [122], [123], [124], [125], [126], [127],
  [128], [129], [130], [131], [132], [133], [134], [135], [136], [137], [138], [139], [140], [141], [142], [143],
  [144], [145], [146], [147], [148], [149], [150], [151], [152], [153], [154], [155], [156], [157], [158], [159],
  [160], [161], [162], [163], [164], [165], [166], [167], [168], [169], [170], [171], [172], [173], [174], [175],
  [176], [177], [178], [179], [180], [181], [182], [183], [184], [185], [186], [187], [188], [189], [190], [191],
  [192], [193], [194], [195], [196], [197], [198], [199], [200], [201], [202], [203], [204], [205], [206], [207],
  [208], [209], [210], [211], [212], [213], [214], [215], [216], [217], [218], [219], [220], [221], [222], [223],
  [224], [225], [226], [227], [228], [229], [230], [231], [232], [233], [234], [235], [236], [237], [238], [239],
  [240], [241], [242], [243], [244], [245], [246], [247], [248], [249], [250], [251], [252], [253], [254], [255]]>}

// -----

// expected-error @+1 {{position 9 is outside the 3x3 kernel}}
func.func private @set_position_too_large() attributes {set = #pattern.set<3x3, [[0, 9]]>}

// -----

// expected-error @+1 {{position -1 is outside the 3x3 kernel}}
func.func private @set_position_negative() attributes {set = #pattern.set<3x3, [[-1, 4]]>}

// -----

// expected-error @+1 {{positions of pattern 2 are not in ascending order}}
func.func private @set_unsorted() attributes {set = #pattern.set<3x3, [[0, 4], [4, 1]]>}

// -----

// expected-error @+1 {{positions of pattern 1 are not in ascending order}}
func.func private @set_position_twice() attributes {set = #pattern.set<3x3, [[4, 4]]>}

// -----

// expected-error @+1 {{patterns 1 and 3 are the same}}
func.func private @set_pattern_twice() attributes {set = #pattern.set<3x3, [[0, 4], [1, 4], [0, 4]]>}

// -----

// expected-error @+2 {{expected kernel ids as a rank-2 tensor of ui8, but found 'tensor<4xui8>'}}
func.func private @kernel_map_rank() attributes {
  map = #pattern.kernel_map<set = <1x1, [[0]]>, ids = dense<1> : tensor<4xui8>>}

// -----

// expected-error @+2 {{expected kernel ids as a rank-2 tensor of ui8, but found 'tensor<4x1xi8>'}}
func.func private @kernel_map_signless() attributes {
  map = #pattern.kernel_map<set = <1x1, [[0]]>, ids = dense<1> : tensor<4x1xi8>>}

// -----

// expected-error @+2 {{expected kernel ids as a rank-2 tensor of ui8, but found 'tensor<?x2xui8>'}}
func.func private @kernel_map_dynamic() attributes {
  map = #pattern.kernel_map<set = <1x2, [[0], [1]]>, ids = dense_resource<map> : tensor<?x2xui8>>}

// -----

// expected-error @+2 {{expected dense kernel ids or a resource}}
func.func private @kernel_map_sparse() attributes {
  map = #pattern.kernel_map<set = <1x2, [[0], [1]]>, ids = sparse<[[0, 0]], [1]> : tensor<1x2xui8>>}

// -----

// expected-error @+1 {{filter group 0 is not positive}}
func.func private @fkw_group() attributes {storage = #pattern.fkw<set = <1x1, [[0]]>, group = 0>}

// -----

// expected-error @+2 {{expected two positive strides}}
func.func private @planes_one_stride() attributes {
  planes = #pattern.planes<strides = [1], origin = 16, pitch = 9, size = 112>}

// -----

// expected-error @+2 {{expected two positive strides}}
func.func private @planes_stride_zero() attributes {
  planes = #pattern.planes<strides = [0, 1], origin = 16, pitch = 9, size = 112>}

// -----

// expected-error @+2 {{origin -1 is negative}}
func.func private @planes_origin() attributes {
  planes = #pattern.planes<strides = [1, 1], origin = -1, pitch = 9, size = 112>}

// -----

// expected-error @+2 {{pitch and size must be positive}}
func.func private @planes_pitch() attributes {
  planes = #pattern.planes<strides = [1, 1], origin = 16, pitch = 0, size = 112>}

// -----

// expected-error @+2 {{pitch and size must be positive}}
func.func private @planes_size() attributes {
  planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 9, size = 0>}

// -----

// expected-error @+2 {{planes need a static tensor of rank 4}}
func.func private @planes_of_rank_3(
  tensor<2x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>)

// -----

// expected-error @+2 {{planes need a static tensor of rank 4}}
func.func private @planes_of_dynamic_shape(
  tensor<1x2x?x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>)

// -----

// Eleven columns in two phases take six, and five are not enough.
// expected-error @+2 {{planes of pitch 5 do not hold rows of 6}}
func.func private @planes_too_narrow(
  tensor<1x2x8x11xf32, #pattern.planes<strides = [1, 2], origin = 16, pitch = 5, size = 112>>)

// -----

// Nine rows in two phases take five: 3 + 5 * 9.
// expected-error @+2 {{planes of size 47 do not hold rows that end at 48}}
func.func private @planes_too_small(
  tensor<1x2x9x8xf32, #pattern.planes<strides = [2, 1], origin = 3, pitch = 9, size = 47>>)

// -----

// expected-error @+1 {{kernel size 4294967296x4294967296 has more than 65536 positions}}
#set = #pattern.set<4294967296x4294967296, [[0]]>

// -----

// expected-error @+1 {{kernel ids are 'tensor<65536x65536xui8>', expected at most 268435456}}
#map = #pattern.kernel_map<set = <1x1, [[0]]>, ids = dense<1> : tensor<65536x65536xui8>>

// -----

// expected-error @+1 {{filter group 1025 is larger than 1024}}
#fkw = #pattern.fkw<set = <1x1, [[0]]>, group = 1025>

// -----

// expected-error @+1 {{strides make 4295098369 phases, expected at most 4096}}
#planes = #pattern.planes<strides = [65537, 65537], origin = 0, pitch = 4, size = 16>

// -----

// expected-error @+1 {{planes have 9223372036854775807 elements a channel, expected at most 2147483647}}
#planes = #pattern.planes<strides = [2, 2], origin = 0, pitch = 4, size = 9223372036854775807>

// -----

// expected-error @+1 {{origin 17 and pitch 4 are beyond planes of size 16}}
#planes = #pattern.planes<strides = [1, 1], origin = 17, pitch = 4, size = 16>

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
// expected-error @+1 {{planes need elements of f16, f32 or i8, but found 'index'}}
func.func private @elements(tensor<1x1x4x4xindex, #planes>)

// -----

#planes = #pattern.planes<strides = [1, 1], origin = 0, pitch = 4, size = 16>
// expected-error @+1 {{planes take more than 281474976710656 bytes}}
func.func private @memory(tensor<4294967296x4294967296x4x4xf32, #planes>)
