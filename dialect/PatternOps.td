// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_PATTERNOPS_TD
#define DIALECT_PATTERNOPS_TD

include "dialect/PatternAttributes.td"
include "dialect/PatternDialect.td"
include "dialect/ScheduleInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Pattern_Op<string opMnemonic, list<Trait> traits = []>
    : Op<Pattern_Dialect, opMnemonic, traits # [Pure]>;

def Pattern_IsPlain : CPred<"!::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()">;
def Pattern_IsInPlanes : CPred<"::llvm::isa_and_nonnull<::patternc::PlanesAttr>("
                               "::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding())">;

def Pattern_FitsMemory : CPred<"::patternc::bytesOf(::llvm::cast<::mlir::ShapedType>($_self)).has_value()">;

/// Tensors without encoding: only images are ever in planes.
class Pattern_PlainTensorOf<list<Type> elementTypes>
    : RankedTensorOf<elementTypes, [HasStaticShapePred, Pattern_IsPlain, Pattern_FitsMemory],
                     "statically shaped tensor without encoding, of at most 2^48 bytes,">;
/// All images of an operation have one element type; i8 for bytes that stand for real numbers.
def Pattern_Image : Pattern_PlainTensorOf<[F16, F32, I8]>;
def Pattern_Bias : Pattern_PlainTensorOf<[F16, F32]>;
def Pattern_Scale : Pattern_PlainTensorOf<[F32]>;
def Pattern_I32Array : Pattern_PlainTensorOf<[I32]>;
def Pattern_Planes
    : RankedTensorOf<[F16, F32, I8], [HasStaticShapePred, Pattern_IsInPlanes], "tensor in planes">;
def Pattern_ImageOrPlanes
    : RankedTensorOf<[F16, F32, I8], [HasStaticShapePred, Or<[Pattern_IsPlain, Pattern_IsInPlanes]>,
                                 Pattern_FitsMemory],
                     "statically shaped tensor without encoding or in planes, of at most 2^48 bytes,">;

/// What every 2-D convolution has, whatever form its weights are in.
class Pattern_ConvolutionOp<string opMnemonic>
    : Pattern_Op<opMnemonic, [AttrSizedOperandSegments]> {
  dag geometry = (ins
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
    DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$padding,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
    DefaultValuedAttr<I64Attr, "1">:$groups,
    DefaultValuedAttr<Pattern_ActivationAttr, "::patternc::Activation::None">:$activation,
    OptionalAttr<Pattern_QuantizationAttr>:$quantization,
    OptionalAttr<StrAttr>:$layer);
  let hasVerifier = 1;
}

def Pattern_Conv2DOp : Pattern_ConvolutionOp<"conv2d"> {
  let summary = "2-D convolution with dense weights and a kernel map.";
  let description = [{
    `output = activation(conv2d(input, weights) + bias + residual)`; input
    `N×C×H×W`, weights `O×(C/groups)×kh×kw`, bias `O`, residual and output
    `N×O×H'×W'`, static, and all f32 or all f16. `padding` is top, left, bottom,
    right, of zeros; `groups = C` is the depthwise convolution. The kernel map names
    the pattern of every kernel; weights outside it are zero. `filter_order`, set by
    filter-kernel reorder, lists the filters in stored order; `filter_group` says how many of
    them compression stores in a group at most, where that is decided already. `layer` is the
    name of the layer in the model. `activation` is `none`,
    `relu`, `relu6`, `hard_swish`, which is `x · relu6(x + 3) / 6`, or `silu`,
    `x / (1 + exp(−x))`.

    With a `quantization` images and weights are bytes, weights with a sign and a scale for each
    filter, and padding is the input's zero point; the bias is f32. The sum
    `s[f] = Σ weight · (input − zero point)` of a filter is exact in i32. Output *q* is
    `clamp(round(s[f] · m[f] + bias[f] · (1 / scale_output) + (r − zero_point_r) · m_r) +
    zero_point, low, high)`, with `m[f] = scale_input · scale[f] / scale_output` and
    `m_r = scale_r / scale_output` in f32, each sum a fused multiply-add, in this order, and the
    rounding to even. There is no other activation than the range.

    Refused: shapes, padding or groups that do not fit each other; sizes beyond what
    memory and 32-bit counters hold (images of 2^31 positions with their padding, strides
    that make more than 4096 phases); element types that
    differ; bytes without a quantization and scales, or floats with them, and an activation of bytes;
    a residual of another type than the output; images without elements or
    with an encoding; a kernel map of another shape or kernel size than the weights;
    a filter order that is no permutation; a filter group of less than one or more than
    1024 filters. That weights are zero where the map has no
    tap is for whoever drops them to check, which is compression.

    Example:

    ```mlir
    %y = pattern.conv2d %x, %w bias(%b)
        map <set = <3x3, [[0, 1, 3, 4]]>, ids = dense<1> : tensor<4x2xui8>>
        {padding = array<i64: 1, 1, 1, 1>, activation = #pattern.activation<relu>}
        : (tensor<1x2x8x8xf32>, tensor<4x2x3x3xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
    ```
  }];
  let arguments = !con((ins
    Pattern_Image:$input,
    Pattern_Image:$weights,
    Optional<Pattern_Scale>:$scale,
    Optional<Pattern_Bias>:$bias,
    Optional<Pattern_Image>:$residual,
    Pattern_KernelMapAttr:$map,
    OptionalAttr<DenseI32ArrayAttr>:$filter_order,
    OptionalAttr<I64Attr>:$filter_group), geometry);
  let results = (outs Pattern_Image:$output);
  let assemblyFormat = [{
    $input `,` $weights (`scale` `(` $scale^ `)`)? (`bias` `(` $bias^ `)`)? (`add` `(` $residual^ `)`)? `map` $map attr-dict
    `:` functional-type(operands, results)
  }];
}

def Pattern_PackedConv2DOp : Pattern_ConvolutionOp<"packed_conv2d"> {
  let summary = "2-D convolution with weights in FKW storage.";
  let description = [{
    The same result as `pattern.conv2d`, from the five arrays of FKW [PatDNN,
    ASPLOS 2020] with `F` filters in stored groups of `G`, `P` patterns of `n`
    positions and `K` stored kernels (one for the `G` filters of a group):

    - `weight`, `K·n·G` of the images' type: for each kernel, tap after tap, the `G` filters;
    - `index`, `K`: the input channel of each kernel, counted over all groups;
    - `pattern_offset`, `F/G · (P+1)`: for each filter group, prefix sums over patterns (the
      paper's stride);
    - `offset`, `F/G + 1`: cumulative kernel counts;
    - `reorder`, `F`: the output channel of each stored filter.

    The kernels of group *i* with pattern *p* (from 1) are `offset[i] +
    pattern_offset[i][p−1]` to `offset[i] + pattern_offset[i][p] − 1`. The filters of a group
    lie in one group of the convolution and read its channels, each once at
    most. Images are plain or, after `pattern-layout-activations`, in planes. An
    output in planes lies as the input does: output position *i* of the flat run
    over the input planes is position *i* of the output planes. A 1×1 convolution
    without strides or padding may read planes with strides and then writes such
    planes, phase by phase. Images of one position that a 1×1 convolution multiplies by a
    matrix are plain: the batch are the rows of the product.

    That the contents of the arrays are as said above is checked where they are read, not
    after every pass.

    Refused: arrays whose lengths do not fit each other or the output; element types that
    differ; a residual of
    another type than the output; images without elements or with another encoding;
    input planes of other strides than the convolution's or without room for its
    padding; output planes with strides, of another pitch than the input's, or of a
    plain input; planes of one position for a product with a matrix; a schedule for
    another unit than the target's, or by which this convolution cannot run.

    Example:

    ```mlir
    %y = pattern.packed_conv2d %x fkw(%weight, %index, %pattern_offset, %offset, %reorder)
        storage <set = <3x3, [[0, 1, 3, 4]]>, group = 2> {padding = array<i64: 1, 1, 1, 1>}
        : (tensor<1x2x8x8xf32>, tensor<32xf32>, tensor<4xi32>, tensor<4xi32>, tensor<3xi32>, tensor<4xi32>)
        -> tensor<1x4x8x8xf32>
    ```
  }];
  let arguments = !con((ins
    Pattern_ImageOrPlanes:$input,
    Pattern_Image:$weight,
    Pattern_I32Array:$index,
    Pattern_I32Array:$pattern_offset,
    Pattern_I32Array:$offset,
    Pattern_I32Array:$reorder,
    Optional<Pattern_Scale>:$scale,
    Optional<Pattern_Bias>:$bias,
    Optional<Pattern_ImageOrPlanes>:$residual,
    Pattern_FkwAttr:$storage,
    OptionalAttr<Pattern_Schedule>:$schedule), geometry);
  let results = (outs Pattern_ImageOrPlanes:$output);
  let assemblyFormat = [{
    $input `fkw` `(` $weight `,` $index `,` $pattern_offset `,` $offset `,` $reorder `)`
    (`scale` `(` $scale^ `)`)? (`bias` `(` $bias^ `)`)? (`add` `(` $residual^ `)`)? `storage` $storage (`schedule` `(` $schedule^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def Pattern_Pool2DOp : Pattern_Op<"pool2d"> {
  let summary = "2-D maximum or average pooling.";
  let description = [{
    The maximum or the mean of each window of `kernel` positions of a channel;
    input `N×C×H×W`, output `N×C×H'×W'`, static and both f32 or both f16. `padding`
    is top, left, bottom, right; it is no part of a maximum and counts as zeros in a
    mean. The sum of a mean is made in f32. Bytes have a `quantization`: that of input and output
    is the same where the maximum is kept, and a mean is the sum of `q − zero_point` in i32 times
    `scale_input / (scale_output · positions)`, rounded to even.

    Refused: shapes, kernel, strides or padding that do not fit each other, or images of
    2^31 positions with their padding; element types that differ; padding as wide as the
    kernel; images without elements or with another encoding than planes without strides; a
    schedule for another unit than the target's, or of other loops.

    Example:

    ```mlir
    %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
        : tensor<1x16x8x8xf32> -> tensor<1x16x4x4xf32>
    ```
  }];
  let arguments = (ins
    Pattern_ImageOrPlanes:$input,
    Pattern_PoolingAttr:$pooling,
    DenseI64ArrayAttr:$kernel,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
    DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$padding,
    OptionalAttr<Pattern_QuantizationAttr>:$quantization,
    OptionalAttr<Pattern_Schedule>:$schedule,
    OptionalAttr<StrAttr>:$layer);
  let results = (outs Pattern_ImageOrPlanes:$output);
  let assemblyFormat = [{
    $pooling $input (`schedule` `(` $schedule^ `)`)? attr-dict `:` type($input) `->` type($output)
  }];
  let hasVerifier = 1;
}

def Pattern_PackOp : Pattern_Op<"pack"> {
  let summary = "Copies an activation into the plane layout, or from one into another.";
  let description = [{
    The result has the shape of the input and an encoding `#pattern.planes`
    that says how it lies in memory.

    Refused: a result whose shape or element type differs or that is not in planes;
    an input in planes with strides; a schedule for another unit than the target's, or
    of other loops.

    Example:

    ```mlir
    %p = pattern.pack %x : tensor<1x16x8x8xf32> to tensor<1x16x8x8xf32,
        #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
    ```
  }];
  let arguments = (ins Pattern_ImageOrPlanes:$input, OptionalAttr<Pattern_Schedule>:$schedule,
    OptionalAttr<StrAttr>:$layer);
  let results = (outs Pattern_Planes:$output);
  let assemblyFormat = [{
    $input (`schedule` `(` $schedule^ `)`)? attr-dict `:` type($input) `to` type($output)
  }];
  let hasVerifier = 1;
}

def Pattern_UnpackOp : Pattern_Op<"unpack"> {
  let summary = "Copies an activation out of the plane layout.";
  let description = [{
    Refused: a result whose shape or element type differs; an input that is not in
    planes or in planes with strides; a schedule for another unit than the target's, or
    of other loops.

    Example:

    ```mlir
    %y = pattern.unpack %p : tensor<1x16x8x8xf32,
        #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>> to tensor<1x16x8x8xf32>
    ```
  }];
  let arguments = (ins Pattern_Planes:$input, OptionalAttr<Pattern_Schedule>:$schedule,
    OptionalAttr<StrAttr>:$layer);
  let results = (outs Pattern_Image:$output);
  let assemblyFormat = [{
    $input (`schedule` `(` $schedule^ `)`)? attr-dict `:` type($input) `to` type($output)
  }];
  let hasVerifier = 1;
}

#endif // DIALECT_PATTERNOPS_TD
