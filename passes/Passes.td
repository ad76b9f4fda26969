// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PASSES_PASSES_TD
#define PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

/// Of passes that rewrite until nothing matches.
class RewriteLimit
    : Option<"maxRewrites", "max-rewrites", "int64_t", /*default=*/"0",
             "Rewrites after which the pass gives up with an error; 0 for a number "
             "that grows with the module">;

def AttachTargetPass : Pass<"pattern-attach-target", "::mlir::ModuleOp"> {
  let summary = "Say what processing unit the module is compiled for.";
  let description = [{
    Sets the attribute `pattern.target` of the module, which other passes read. Without
    `target` it is the default of `#pattern.target`.

    Refused, with an error: text that is no `#pattern.target`. Place: first pass.

    Before:

    ```mlir
    module { ... }
    ```

    After:

    ```mlir
    module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>} { ... }
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"\"",
           "The attribute, such as '#pattern.target<device = vm>'">];
  let dependentDialects = ["::patternc::PatternDialect"];
}

def FoldBatchNormsPass : Pass<"pattern-fold-batch-norms", "::mlir::ModuleOp"> {
  let summary = "Fold batch norms into the convolutions before them.";
  let description = [{
    Precondition: linalg on tensors, as importers produce it. What elementwise
    `linalg.generic` operations, one or several, compute of an image as *a*·*x* + *b*, with
    numbers *a* and *b* of each channel (dimension 1) that are known, is folded: that is what
    inference makes of batch norm. A convolution whose only reader it is takes both into its
    weights and its bias, if these are known; a `linalg.matmul` takes *a* into its matrix. Of
    others that are more than two operations one multiply and one add are left. Known is what is constant or
    computed from constants by operations that `pattern-fold-constants` computes.

    The numbers are computed in f64, and what is stored is rounded once. Zeros of weights stay
    zeros. A blob gets `.folded` behind its name.

    Refused, with an error: weights that are finite before and not after. Place: before
    everything that looks at weights, and before constants are folded, which rounds them.

    Statistics, as remarks:
    - `convolutions`: convolutions that took a batch norm
    - `products`: products that took one
    - `others`: multiplies and adds that one became

    Before:

    ```mlir
    %w = arith.constant dense_resource<conv.weight> : tensor<2x1x3x3xf32>
    %y = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%zero : ...) -> tensor<1x2x4x4xf32>
    %0 = linalg.generic ... ins(%y, %mean : ...) { ... arith.subf ... }
    %1 = linalg.generic ... ins(%0, %factor : ...) { ... arith.mulf ... }
    ```

    After:

    ```mlir
    %w = arith.constant dense_resource<conv.weight.folded> : tensor<2x1x3x3xf32>
    %b = arith.constant dense_resource<conv.bias.folded> : tensor<2xf32>
    %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2x4x4xf32>) dimensions = [0, 2, 3]
    %y = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%i : ...) -> tensor<1x2x4x4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FoldConstantsPass : Pass<"pattern-fold-constants", "::mlir::ModuleOp"> {
  let summary = "Compute what depends on constants alone.";
  let description = [{
    Precondition: linalg on tensors, as importers produce it. A tensor that operations of
    `arith`, `linalg`, `math` and `tensor` compute from constants, such as a weight times its
    mask, and that another operation reads, becomes a constant. Each operation is done in the
    precision of its type, reductions in the order of their loops. The blob is named after the largest that
    it is computed from, with `.folded` behind it.

    Refused: nothing. Left as they are: operations that are not known, or without a defined
    result; reshapes, transposes, slices and broadcasts of a constant, and tensors made of
    nothing, unless they are the weights of a convolution; and what needs a tensor that is larger than
    both `max-elements` and all constants that are stored for it. Place: before everything that
    looks at weights.

    Statistics, as remarks:
    - `folded`: tensors that were computed

    Before:

    ```mlir
    %w = arith.constant dense_resource<conv.weight> : tensor<2x1x3x3xf32>
    %m = arith.constant dense_resource<conv.mask> : tensor<2x1x3x3xf32>
    %0 = linalg.generic ... ins(%w, %m : ...) { ... arith.mulf ... }
    %y = linalg.conv_2d_nchw_fchw ins(%x, %0 : ...) outs(%zero : ...) -> tensor<1x2x4x4xf32>
    ```

    After:

    ```mlir
    %w = arith.constant dense_resource<conv.weight.folded> : tensor<2x1x3x3xf32>
    %y = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%zero : ...) -> tensor<1x2x4x4xf32>
    ```
  }];
  let options = [
    Option<"maxElements", "max-elements", "int64_t", /*default=*/"262144",
           "Largest tensor to compute from fewer elements; 1 MiB of f32, as IREE folds it">];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def FloatQuantizedIntegersPass : Pass<"pattern-float-quantized-integers", "::mlir::ModuleOp"> {
  let summary = "Hold in f32 the integers that a model quantises to.";
  let description = [{
    Importers of ONNX write tensors of bytes between what quantises and what dequantises them. What
    an elementwise operation quantises (`fptoui` or `fptosi` of a clamped whole number) and another
    one only makes f32 of, less a zero point, is handed over as f32: the same numbers, in the form
    that pattern-quantize-convolutions reads, for which PyTorch's front end writes nothing else. A
    reader that does more with the bytes keeps them.

    Refuses nothing. Place: before raising.

    Statistics, as remarks:
    - `tensors`: tensors of bytes that are held in f32

    Before:

    ```mlir
    %q = linalg.generic ... ins(%x : tensor<1x2x8x8xf32>) outs(... : tensor<1x2x8x8xi8>) // fptoui(clamp(...))
    %d = linalg.generic ... ins(%q : tensor<1x2x8x8xi8>) // sitofp(extui(q) − 128) · 0.02
    ```

    After:

    ```mlir
    %q = linalg.generic ... ins(%x : tensor<1x2x8x8xf32>) outs(... : tensor<1x2x8x8xf32>) // clamp(...)
    %d = linalg.generic ... ins(%q : tensor<1x2x8x8xf32>) // (q − 128) · 0.02
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DemoteF32ToF16Pass : Pass<"pattern-demote-f32-to-f16", "::mlir::ModuleOp"> {
  let summary = "Compute in f16 what is computed in f32.";
  let description = [{
    Precondition: linalg on tensors, as importers produce it. Operations of `arith`,
    `linalg`, `math` and `tensor` on f32 compute in f16, and their constants are
    rounded to the nearest f16, in tensors not to zero, because zeros of weights are
    their structure; a blob gets `.f16` behind its name. All other operations keep their types, among them those of functions: what they are
    given is extended before them, what they give is truncated behind them. So the
    arguments and results of functions stay f32. What reads the bits of an f32, or
    converts it from or to a float of 16 bits, stays as well.

    Refused, with an error: a constant tensor with a number beyond the largest f16,
    65504. In a scalar it becomes infinity. Place: first of those that change
    anything, where it is wanted.

    Statistics, as remarks:
    - `demoted`: operations that compute in f16
    - `constants`: constants that were rounded

    Before:

    ```mlir
    func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
      %w = arith.constant dense_resource<conv.weight> : tensor<2x2x1x1xf32>
      %y = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%0 : ...) -> tensor<1x2x4x4xf32>
      return %y : tensor<1x2x4x4xf32>
    ```

    After:

    ```mlir
    func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
      %h = arith.truncf %x : tensor<1x2x4x4xf32> to tensor<1x2x4x4xf16>
      %w = arith.constant dense_resource<conv.weight.f16> : tensor<2x2x1x1xf16>
      %y = linalg.conv_2d_nchw_fchw ins(%h, %w : ...) outs(%0 : ...) -> tensor<1x2x4x4xf16>
      %z = arith.extf %y : tensor<1x2x4x4xf16> to tensor<1x2x4x4xf32>
      return %z : tensor<1x2x4x4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def RaiseConvolutionsPass : Pass<"pattern-raise-convolutions", "::mlir::ModuleOp"> {
  let summary = "Raise linalg convolutions with constant weights to pattern.conv2d.";
  let description = [{
    Precondition: linalg on tensors, as importers produce it. Each f32 or f16
    `linalg.conv_2d_nchw_fchw`, `linalg.depthwise_conv_2d_nchw_chw` and
    `linalg.conv_2d_ngchw_gfchw` with static shapes and constant weights becomes
    one `pattern.conv2d`, which takes over the zero `tensor.pad` of its input
    and the bias in its initial value. So does each `linalg.conv_1d_ncw_fcw`, as a
    convolution of images of height 1.
    Pattern set and connectivity are found in the zeros of the weights; a
    convolution without such zeros gets the pattern of all positions.

    Refused, with an error: weights that are not finite. Left as it is: every
    other operation, and what is too large for `pattern.conv2d`. Place: before the other raising.

    Statistics, as remarks:
    - `patterned`: convolutions raised with a pattern set
    - `dense`: convolutions raised with the pattern of all positions
    - `removed-kernels`: kernels found empty

    Before:

    ```mlir
    %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] { ... }
    %0 = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %y = linalg.conv_2d_nchw_fchw ins(%p, %w : ...) outs(%0 : ...) -> tensor<1x2x4x4xf32>
    ```

    After:

    ```mlir
    %y = pattern.conv2d %x, %w map <set = <3x3, [[0, 1, 3, 4]]>, ids = dense<1> : tensor<2x1xui8>>
        {padding = array<i64: 1, 1, 1, 1>} : (...) -> tensor<1x2x4x4xf32>
    ```
  }];
  let options = [
    Option<"maxPatterns", "max-patterns", "int64_t", /*default=*/"64",
           "Largest pattern set to look for; weights with more distinct supports count as dense">,
    RewriteLimit<>];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

def AlignConvolutions1DPass : Pass<"pattern-align-convolutions-1d", "::mlir::ModuleOp"> {
  let summary = "Give the images of 1-D convolutions one form, which is a row.";
  let description = [{
    Precondition: `pattern.conv2d` among linalg on tensors. A convolution of images of
    width 1 with a kernel of width 1, as torch-mlir writes 1-D convolutions with groups,
    becomes one of images of height 1, which are read and written by whole vectors.
    Elementwise operations on tensors of rank 3 that such a convolution makes move to
    its image, where they can be fused; the reshapes between two convolutions cancel.

    Refused: nothing. Left as they are: convolutions with a residual, and all others.
    Place: after the raising of convolutions, before that of pooling.

    Statistics, as remarks:
    - `rows`: convolutions of images of height 1

    Before:

    ```mlir
    %i = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [1, 2, 8, 1] : tensor<1x2x8xf32> into tensor<1x2x8x1xf32>
    %o = pattern.conv2d %i, %w map <set = <3x1, [[0, 1, 2]]>, ids = dense<1> : tensor<2x2xui8>>
        {padding = array<i64: 1, 0, 1, 0>} : (tensor<1x2x8x1xf32>, tensor<2x2x3x1xf32>) -> tensor<1x2x8x1xf32>
    ```

    After:

    ```mlir
    %i = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [1, 2, 1, 8] : tensor<1x2x8xf32> into tensor<1x2x1x8xf32>
    %o = pattern.conv2d %i, %w map <set = <1x3, [[0, 1, 2]]>, ids = dense<1> : tensor<2x2xui8>>
        {padding = array<i64: 0, 1, 0, 1>} : (tensor<1x2x1x8xf32>, tensor<2x2x1x3xf32>) -> tensor<1x2x1x8xf32>
    ```
  }];
  let options = [RewriteLimit<>];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def RaisePoolingPass : Pass<"pattern-raise-pooling", "::mlir::ModuleOp"> {
  let summary = "Raise linalg poolings to pattern.pool2d.";
  let description = [{
    Precondition: linalg on tensors, as importers produce it. Each f32 or f16
    `linalg.pooling_nchw_max` with static shapes becomes a `pattern.pool2d`, as
    does each `linalg.pooling_nchw_sum` that is divided by the positions of its
    kernel, and each sum over all of height and width that is divided by the
    positions of the image. The op takes over the `tensor.pad` of its input if it
    pads with what does not change the result: negative infinity for a maximum,
    zero for a mean.

    Refused: nothing. Left as they are: every other operation, among them poolings
    with dilations, with another initial value than the padding would have, or
    divided by another number, such as the positions of the image in each window.
    Place: before the layout.

    Statistics, as remarks:
    - `maxima`: maximum poolings
    - `means`: average poolings

    Before:

    ```mlir
    %0 = linalg.fill ins(%minus_infinity : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>} ins(%x, %window : ...)
        outs(%0 : ...) -> tensor<1x2x4x4xf32>
    ```

    After:

    ```mlir
    %y = pattern.pool2d <max> %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
        : tensor<1x2x8x8xf32> -> tensor<1x2x4x4xf32>
    ```
  }];
  let options = [RewriteLimit<>];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::tensor::TensorDialect"];
}

def RaiseFullyConnectedPass : Pass<"pattern-raise-fully-connected", "::mlir::ModuleOp"> {
  let summary = "Raise products with constant matrices to pattern.conv2d.";
  let description = [{
    Precondition: linalg on tensors, as importers produce it. A static f32 or f16
    `linalg.matmul` with constant weights, or a `linalg.batch_matmul` with the same of
    them for each of the batch, becomes a 1×1 `pattern.conv2d`; weights that are not
    the transpose of others are transposed. Each row of the product is an image of one
    position. The convolution takes over the bias that is added behind it in the same
    block; elementwise operations behind the product move to its images. A product of one
    row is raised in any case, one of more rows if pruning leaves at most half of the
    multiply-adds, or if the model quantises its input, its weights and its output, and the
    target has dot products of bytes (`dot_u8s8`, `dot_s8s8`, `dot_s16`). Between the product
    and its quantisation there may be the bias, then the addition of what is dequantised, or
    ReLU or ReLU6, and reshapes.

    The kernel map is that of blocks of neighbouring filters: a block keeps the channels
    that one of its filters keeps, with zeros of the others. Of the sizes that divide the
    filters, up to 128, it has the one for which the target's vectors of filters have the
    fewest multiply-adds; the largest of equals.

    Refused: nothing. Left as they are: every other operation, among them other
    products of more rows with dense weights, which is where general matrix products are good. Place:
    after the other raising, before fusion. Only for CPUs, whose kernels run over the
    filters of such a layer by vectors, does it do anything.

    Statistics, as remarks:
    - `layers`: products that were raised

    Before:

    ```mlir
    %t = linalg.transpose ins(%w : tensor<10x16xf32>) outs(%e : tensor<16x10xf32>) permutation = [1, 0]
    %y = linalg.matmul ins(%x, %t : tensor<1x16xf32>, tensor<16x10xf32>) outs(%zero : tensor<1x10xf32>)
    ```

    After:

    ```mlir
    %i = tensor.expand_shape %x [[0], [1, 2, 3]] output_shape [1, 16, 1, 1] : tensor<1x16xf32> into tensor<1x16x1x1xf32>
    %o = pattern.conv2d %i, %w map <set = <1x1, [[0]]>, ids = dense<1> : tensor<10x16xui8>>
        : (tensor<1x16x1x1xf32>, tensor<10x16x1x1xf32>) -> tensor<1x10x1x1xf32>
    %y = tensor.collapse_shape %o [[0], [1, 2, 3]] : tensor<1x10x1x1xf32> into tensor<1x10xf32>
    ```
  }];
  let options = [RewriteLimit<>];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FuseEpiloguesPass : Pass<"pattern-fuse-epilogues", "::mlir::ModuleOp"> {
  let summary = "Fuse additions and activations into the pattern.conv2d before them.";
  let description = [{
    Precondition: `pattern.conv2d` among linalg on tensors. A `linalg.generic` that
    adds another image to a convolution and is its only use becomes its
    `residual`; of two convolutions, the later one adds the result of the earlier.
    The convolution moves down to the addition, where the other image is there. A
    ReLU, ReLU6, hard-swish or SiLU that is then all that the convolution is used for
    becomes its `activation`, be it one `linalg.generic` or several.

    Activations propagate NaN in every kernel, so a comparison and a selection are one only
    where they give NaN for NaN: `x > 0 ? x : 0` if the comparison is unordered, which is
    what torch-mlir writes for a ReLU, `x < 0 ? 0 : x` if it is ordered.

    Refused: nothing. Left as they are: an addition behind an activation, which a
    convolution cannot do in this order, a second addition, and a clamp that makes a
    number of NaN. Place: after raising, before reordering.

    Statistics, as remarks:
    - `residuals`: convolutions that add an image
    - `activations`: convolutions with an activation

    Before:

    ```mlir
    %0 = pattern.conv2d %x, %w map <...> : (...) -> tensor<1x2x4x4xf32>
    %1 = linalg.generic ... ins(%0, %r : ...) { ... arith.addf ... }
    %y = linalg.generic ... ins(%1 : ...) { ... arith.maximumf ... }
    ```

    After:

    ```mlir
    %y = pattern.conv2d %x, %w add(%r) map <...> {activation = #pattern.activation<relu>}
        : (...) -> tensor<1x2x4x4xf32>
    ```
  }];
  let options = [RewriteLimit<>];
}

def ReorderFiltersPass : Pass<"pattern-reorder-filters", "::mlir::ModuleOp"> {
  let summary = "Filter-kernel reorder (FKR): find the stored order of the filters.";
  let description = [{
    Precondition: `pattern.conv2d`. Orders filters by length (number of kernels
    left) and, within equal length, puts filters of most similar structure next
    to each other: first by the positions of their pattern-sorted rows that hold
    the same pattern, then by the kernels that share channel and pattern. The
    order is recorded as `filter_order`; weights and result are untouched.
    Kernels within a filter are sorted by pattern when they are stored.
    [PatDNN, ASPLOS 2020, section 5.2]

    Refused: nothing; left alone: a layer whose kernel map has no data. Place: after
    raising, before compression.

    Statistics, as remarks:
    - `reordered`: convolutions whose filters changed place

    Before:

    ```mlir
    %y = pattern.conv2d %x, %w map <set = ..., ids = dense<[[2, 2], [1, 0]]> : tensor<2x2xui8>> ...
    ```

    After:

    ```mlir
    %y = pattern.conv2d %x, %w map <...> {filter_order = array<i32: 1, 0>} ...
    ```
  }];
}

def CompressWeightsPass : Pass<"pattern-compress-weights", "::mlir::ModuleOp"> {
  let summary = "Store weights in FKW: pattern.conv2d to pattern.packed_conv2d.";
  let description = [{
    Precondition: `pattern.conv2d` with constant weights; `filter_order` is used
    where it is set. Writes the five FKW arrays and drops the dense weights. The
    filter group of the storage is the largest number up to `max-filter-group` for
    which each run of so many stored filters keeps the same channels with the same
    patterns. Layers whose images are one position may have larger groups, up to
    `max-vector-group`: their kernels run over the filters of a group by vectors.

    Refused, with an error: weights that are not constant, or not zero where the map has
    no tap; a kernel map without data, or with ids beyond its set; options out of range.
    Place: after reordering, before layout.

    Statistics, as remarks:
    - `dense-bytes`: bytes of the dense weights
    - `stored-bytes`: bytes of the weights that are left; what else a kernel reads depends on
      its schedule, and is in the report

    Before:

    ```mlir
    %y = pattern.conv2d %x, %w map <...> ... : (...) -> tensor<1x4x8x8xf32>
    ```

    After:

    ```mlir
    %y = pattern.packed_conv2d %x fkw(%weight, %index, %stride, %offset, %reorder)
        storage <set = ..., group = 4> ... : (...) -> tensor<1x4x8x8xf32>
    ```
  }];
  let options = [
    Option<"maxFilterGroup", "max-filter-group", "int64_t", /*default=*/"0",
           "Largest number of filters that may share one set of indices; 0 for what suits the target">,
    Option<"maxVectorGroup", "max-vector-group", "int64_t", /*default=*/"0",
           "The same where images are one position">];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::arith::ArithDialect"];
}

def DecompressWeightsPass : Pass<"pattern-decompress-weights", "::mlir::ModuleOp"> {
  let summary = "Unpack FKW storage: pattern.packed_conv2d to pattern.conv2d.";
  let description = [{
    Precondition: `pattern.packed_conv2d` on a plain image with constant arrays.
    The inverse of compression: dense weights and a kernel map again, used by
    the reference lowering and to check what compression wrote.

    Refused, with an error: arrays that are not constant or do not fit each other, inputs in
    planes, or more than 2^28 dense weights.

    Statistics, as remarks:
    - `decompressed`: convolutions unpacked

    Before:

    ```mlir
    %y = pattern.packed_conv2d %x fkw(%weight, %index, %stride, %offset, %reorder) storage <...> ...
    ```

    After:

    ```mlir
    %y = pattern.conv2d %x, %w map <...> {filter_order = array<i32: ...>} ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ConvolutionsToLinalgPass : Pass<"pattern-convolutions-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Reference lowering: pattern.conv2d and pattern.pool2d to plain linalg.";
  let description = [{
    Precondition: `pattern.conv2d` and `pattern.pool2d`. Writes the padding,
    convolution, bias, residual and activation out as `tensor.pad`,
    `linalg.conv_2d_nchw_fchw` (or its grouped form) and `linalg.generic`, on the
    dense weights with their zeros; pooling as `linalg.pooling_nchw_max`, or
    `linalg.pooling_nchw_sum` and a division. It is the oracle that the compiled
    form is compared with.

    Refused, with an error: pooling of images in planes.

    Statistics, as remarks:
    - `lowered`: convolutions and poolings written out

    Before:

    ```mlir
    %y = pattern.conv2d %x, %w map <...> {padding = array<i64: 1, 1, 1, 1>} ...
    ```

    After:

    ```mlir
    %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] { ... }
    %y = linalg.conv_2d_nchw_fchw ins(%p, %w : ...) outs(%0 : ...) -> ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def ScheduleConvolutionsPass : Pass<"pattern-schedule-convolutions", "::mlir::ModuleOp"> {
  let summary = "Choose the schedule of every packed convolution (LR tuning).";
  let description = [{
    Precondition: `pattern.packed_conv2d` on planes. Sets `schedule` where it is
    missing; a schedule that is already in the IR is kept. Each form of loops
    (the dialect `schedule` says which there are) chooses the schedule of an operation that it
    computes on the target, and the first one that does is taken.

    On `cpu` the filter group takes as many vectors of output positions as the registers hold
    beside its weights or inputs, spread evenly over the image, and a workgroup as many such
    tiles as have their input in `cache-bytes`; where an image is one position, the
    registers hold the filter group of as many images. On `gpu` and `vm` a position is a
    thread or a loop iteration. Pooling and copies go by one vector or thread.

    A convolution without groups whose channels are each read by many filters, in
    kernels of three positions or more, keeps its input stationary instead, if the
    registers hold two vectors for each position of the patterns.

    What a depthwise convolution alone reads is computed in its workgroups
    (`placement = consumer`), if both store filters in the same order and neither had a
    schedule; on a `gpu`, where the memory that threads share leaves it enough of them to be
    faster.

    Each choice has an option that switches it off: `filters=1` computes one filter
    after another, `max-vectors=1` one vector, `cache-bytes` beyond the size of the
    image does not split it, `prefetch=false`, `input-stationary=false` and
    `place-in-consumers=false`.

    Refused, with an error: options out of range; a convolution that is not on planes,
    unless its images are one position. Place: after layout, before lowering.

    Statistics, as remarks:
    - `scheduled`: convolutions that were given a schedule

    Before:

    ```mlir
    %y = pattern.packed_conv2d %p fkw(...) storage <..., group = 4> ...
    ```

    After:

    ```mlir
    %y = pattern.packed_conv2d %p fkw(...) storage <..., group = 4>
        schedule(#schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 9,
            blocks = 4, unroll = 4, offsets = table, prefetch = 5, prefetch_weights = 4096>) ...
    ```
  }];
  let options = [
    Option<"cacheBytes", "cache-bytes", "int64_t", /*default=*/"0",
           "Bytes of input that the tiles of a workgroup may take in a core's cache; 0 for half of the target's">,
    Option<"maxVectors", "max-vectors", "int64_t", /*default=*/"12",
           "Most vectors of output positions in registers for each filter">,
    Option<"filters", "filters", "int64_t", /*default=*/"0",
           "Filters of a group to compute at once, as far as they divide it; 0 for all">,
    Option<"prefetch", "prefetch", "bool", /*default=*/"true",
           "Prefetch inputs and weights where that pays">,
    Option<"inputStationary", "input-stationary", "bool", /*default=*/"true",
           "Keep inputs in registers, not sums, where that pays">,
    Option<"placeInConsumers", "place-in-consumers", "bool", /*default=*/"true",
           "Compute what a depthwise convolution reads in its workgroups">];
  let dependentDialects = ["::patternc::PatternDialect", "::patternc::ScheduleDialect"];
}

def QuantizeConvolutionsPass : Pass<"pattern-quantize-convolutions", "::mlir::ModuleOp"> {
  let summary = "Compute in bytes what a model quantises.";
  let description = [{
    Precondition: raised convolutions and pooling with their epilogues, between elementwise
    operations that quantise (`clamp(round(x / scale) + zero point)`) and dequantise
    (`(q − zero point) · scale`) their images, as tools for quantisation write it.

    A convolution whose input, and what it adds, are dequantised, whose output is quantised, and
    whose weights are whole numbers of steps for each filter (the scale is found in the weights)
    computes bytes; so does pooling. Quantising what was dequantised just before, by the same scale
    and zero point, is dropped, with the reshapes, concatenations and transpositions between them
    left to the numbers. Bytes have a sign where the target multiplies such ones; a range of the
    model that has the other kind is shifted by 128. What elementwise operations compute of the
    bytes of a convolution alone, and quantise again, becomes a table of 256 bytes in which the
    convolution looks its outputs up.

    Left in floats, with a remark that says why: a convolution whose weights have no scales; one
    whose sums might not fit 32 bits; one with another activation than ReLU and ReLU6; and everything
    where the target stores no bytes, as a GPU without `byte_access`. The attribute
    `pattern.float_reasons` of the module keeps the reasons for the report. Refuses nothing. Place: after the fusion of epilogues.

    Statistics, as remarks:
    - `convolutions`: convolutions that compute bytes
    - `pools`: likewise, poolings
    - `lookups`: convolutions that got a table

    Before:

    ```mlir
    %y = pattern.conv2d %dequantised, %w bias(%b) map ... : (tensor<1x2x8x8xf32>, ...) -> ...
    %q = linalg.generic ... ins(%y) // clamp(round(y · 40) + 128, 0, 255)
    ```

    After:

    ```mlir
    %bytes = pattern.conv2d %x, %w scale(%s) bias(%b) map ... {quantization = ...} :
        (tensor<1x2x8x8xi8>, ...) -> ...
    %q = linalg.generic ... ins(%bytes) // as f32, for what is left in floats
    ```
  }];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def ApplyFilterGroupsPass : Pass<"pattern-apply-filter-groups", "::mlir::ModuleOp"> {
  let summary = "Take the sizes of filter groups from a file of schedules.";
  let description = [{
    A `pattern.conv2d` gets the `filter_group` of the first entry that has one and is for
    layers of its shape on its target; pattern-apply-schedules says how the file is written.

    Refused, with an error: a file that is not there, is no such JSON, or has an entry that is
    damaged. Place: before compression.

    Statistics, as remarks:
    - `applied`: convolutions whose filter group was set

    Before:

    ```mlir
    %y = pattern.conv2d %x, %w map <...> {...}
    ```

    After:

    ```mlir
    %y = pattern.conv2d %x, %w map <...> {filter_group = 8, ...}
    ```
  }];
  let options = [Option<"file", "file", "std::string", /*default=*/"", "The file of schedules">];
  let dependentDialects = ["::patternc::PatternDialect", "::patternc::ScheduleDialect"];
}

def ApplySchedulesPass : Pass<"pattern-apply-schedules", "::mlir::ModuleOp"> {
  let summary = "Take schedules from a file.";
  let description = [{
    The file is a JSON object, as `patternc.compiler.write_schedules` writes it:

    ```json
    {"format": "patternc schedules", "version": 1, "schedules": [
      {"target": "#pattern.target<device = cpu, ...>",
       "layer": {"input": [1, 64, 56, 56], "weights": [64, 64, 3, 3], "strides": [1, 1], ...},
       "filter_group": 8,
       "schedule": "#schedule.cpu_output_stationary<lanes = 16, ...>"} ]}
    ```

    An entry is for the layers of modules with that target that have all fields of `layer`:
    some of `name`, `input`, `weights`, `output`, `strides`, `padding`, `dilations`,
    `groups`, `dtype` and `activation`, as the report has them. A `pattern.packed_conv2d`
    without schedule gets the first `schedule` by which it can run, among those for the group
    in which its filters are stored. Where there are such and none fits the layer, its
    weights, or what reads it, a warning says why, and it has none.

    Refused, with an error: a file that is not there, is no such JSON, or has an entry that is
    damaged. Place: after layout, before pattern-schedule-convolutions chooses the others.

    Statistics, as remarks:
    - `applied`: convolutions that were given a schedule

    Before:

    ```mlir
    %y = pattern.packed_conv2d %p fkw(...) storage <..., group = 8> ...
    ```

    After:

    ```mlir
    %y = pattern.packed_conv2d %p fkw(...) storage <..., group = 8>
        schedule(#schedule.cpu_output_stationary<lanes = 16, ...>) ...
    ```
  }];
  let options = [Option<"file", "file", "std::string", /*default=*/"", "The file of schedules">];
  let dependentDialects = ["::patternc::PatternDialect", "::patternc::ScheduleDialect"];
}

def LayoutActivationsPass : Pass<"pattern-layout-activations", "::mlir::ModuleOp"> {
  let summary = "Choose how the activations of whole functions lie in memory.";
  let description = [{
    Precondition: `pattern.packed_conv2d`. Images of one size that convolutions of a
    function read with the same strides lie in the same planes, with room for the
    padding of all of them. Convolutions and pooling write such planes where a
    convolution, a pooling or a sum reads them, so that nothing is copied between
    them. A `pattern.pack` stands where an image comes in plain or is read with
    strides, a `pattern.unpack` where another operation reads it. Images of one position
    that are multiplied by a matrix stay plain, which is one element after the other. A 1×1 convolution
    before a strided one runs over the phases of its input, if that has fewer
    channels or is wanted in phases anyway.

    Refused, with an error: planes that would have more than 2^31 - 1 elements a channel;
    with one of the verifier: a schedule that is there already and does not fit the planes. Place: after compression, before scheduling.

    Statistics, as remarks:
    - `packs`: copies into planes that were inserted
    - `unpacks`: copies out of planes that were inserted

    Before:

    ```mlir
    %y = pattern.packed_conv2d %x fkw(...) storage <...> ...
    %z = pattern.packed_conv2d %y fkw(...) storage <...> ...
    ```

    After:

    ```mlir
    %p = pattern.pack %x : tensor<1x16x8x8xf32> to tensor<1x16x8x8xf32, #pattern.planes<...>>
    %y = pattern.packed_conv2d %p fkw(...) storage <...> ... -> tensor<1x16x8x8xf32, #pattern.planes<...>>
    %z = pattern.packed_conv2d %y fkw(...) storage <...> ...
    ```
  }];
  let dependentDialects = ["::patternc::PatternDialect"];
}

def LowerConvolutionsPass : Pass<"pattern-lower-convolutions", "::mlir::ModuleOp"> {
  let summary = "Lower packed convolutions, pooling and copies to loops in IREE executables.";
  let description = [{
    Precondition: scheduled `pattern.packed_conv2d` on planes with constant FKW
    arrays, scheduled `pattern.pool2d`, `pattern.pack` and `pattern.unpack`. Each
    becomes a `flow.dispatch` of its own `stream.executable`, whose body is the loop
    nest: for the filters of a group that are computed at once and a tile of output
    positions, one loop over the kernels of the group, in which every multiply-add
    loads its own operands. Sums are of the type of the images, but f32 for means and
    for fully connected layers, and i32 for bytes.

    Refused, with an error: an operation without schedule or on planes that no
    operation made or that another dialect reads; a convolution that is not on planes, adds a residual to a plain
    output, or has arrays that are not constant. Place: after scheduling.

    Statistics, as remarks:
    - `convolutions`: convolutions lowered
    - `pools`: poolings lowered
    - `copies`: copies into, out of and between planes lowered

    Before:

    ```mlir
    %y = pattern.packed_conv2d %p fkw(...) storage <...> schedule <device = cpu, ...> ...
    ```

    After:

    ```mlir
    %y = "flow.dispatch"(%p, %weight, %kernels, ...) <{entry_points = [@conv::@conv], ...}> : ...
    ```
  }];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect",
                           "::patternc::FlowDialect", "::patternc::StreamDialect",
                           "::patternc::IreeCodegenDialect"];
}

def EliminateRedundantLoadsPass : Pass<"pattern-eliminate-redundant-loads", "::mlir::ModuleOp"> {
  let summary = "Load redundancy elimination (LRE): share equal loads in the bodies of executables.";
  let description = [{
    Precondition: `stream.executable`s with functions on buffers. A load of an address
    that was loaded before in the same block, without a write in between, takes that
    value; the arithmetic of addresses is folded and shared on the way. In a
    micro-kernel these are a weight that several vectors of output positions meet and
    a vector that several taps of a lone pattern read (kernel level), and the vector
    that all filters read that are computed at once (filter level). [PatDNN, ASPLOS
    2020, section 5.4]

    IREE's back ends share equal loads of straight-line code as well. What makes loads
    equal at the filter level are the `filters` of the schedule.

    Refused: nothing. Place: after lowering.

    Statistics, as remarks, of the micro-kernels, which are the blocks with multiply-adds:
    - `multiply-adds`: multiply-adds of scalars or vectors
    - `loads-before`: loads before the pass
    - `loads-after`: loads after it

    Before:

    ```mlir
    %w0 = memref.load %weight[%k] : memref<72xf32>
    %b0 = vector.broadcast %w0 : f32 to vector<16xf32>
    %x0 = vector.load %input[%at] : memref<1024xf32>, vector<16xf32>
    %y0 = vector.fma %b0, %x0, %acc0 : vector<16xf32>
    %k1 = arith.addi %k, %one : index
    %w1 = memref.load %weight[%k1] : memref<72xf32>
    %b1 = vector.broadcast %w1 : f32 to vector<16xf32>
    %x1 = vector.load %input[%at] : memref<1024xf32>, vector<16xf32>
    %y1 = vector.fma %b1, %x1, %acc1 : vector<16xf32>
    ```

    After:

    ```mlir
    %w0 = memref.load %weight[%k] : memref<72xf32>
    %b0 = vector.broadcast %w0 : f32 to vector<16xf32>
    %x0 = vector.load %input[%at] : memref<1024xf32>, vector<16xf32>
    %y0 = vector.fma %b0, %x0, %acc0 : vector<16xf32>
    %k1 = arith.addi %k, %one : index
    %w1 = memref.load %weight[%k1] : memref<72xf32>
    %b1 = vector.broadcast %w1 : f32 to vector<16xf32>
    %y1 = vector.fma %b1, %x0, %acc1 : vector<16xf32>
    ```
  }];
  let options = [RewriteLimit<>];
}

def IsolateReductionsPass : Pass<"pattern-isolate-reductions", "::mlir::ModuleOp"> {
  let summary = "Make reductions dispatches of their own.";
  let description = [{
    Precondition: linalg on tensors. Behind a reduction that IREE 3.13 computes wrongly
    together with what reads it comes a `util.optimization_barrier`.

    For GPUs that is each one that is neither a product of matrices nor a convolution, and
    what is computed for it and has another reader: of a reduction and what reads it over
    the reduced dimension again, as in a softmax over channels or a norm, IREE makes one
    SPIR-V kernel that computes garbage, or needs more shared memory than there is.

    For CPUs it is one whose result an operation reads in two ways, as in the squared
    distances of all pairs of rows, to which the sum of squares of a row comes once by row
    and once by column: IREE takes both by row. Poolings are among them.

    Refused: nothing. Place: among the last.

    Statistics, as remarks:
    - `reductions`: reductions isolated

    Before:

    ```mlir
    %sum = linalg.generic {..., iterator_types = ["parallel", "reduction"]} ins(%x : ...) outs(%0 : ...) { ... }
    %y = linalg.generic ins(%x, %sum : ...) outs(%1 : ...) { ... }
    ```

    After:

    ```mlir
    %sum = linalg.generic {..., iterator_types = ["parallel", "reduction"]} ins(%x : ...) outs(%0 : ...) { ... }
    %alone = "util.optimization_barrier"(%sum) : (tensor<4xf32>) -> tensor<4xf32>
    %y = linalg.generic ins(%x, %alone : ...) outs(%1 : ...) { ... }
    ```
  }];
  let dependentDialects = ["::patternc::PatternDialect", "::patternc::UtilDialect"];
}

def WidenNarrowIntegersPass : Pass<"pattern-widen-narrow-integers", "::mlir::ModuleOp"> {
  let summary = "Hold integers narrower than 32 bits in words.";
  let description = [{
    Precondition: linalg on tensors. Tensors of signless integers narrower than 32 bits have
    elements of i32 instead: of i1 zero-extended, of others sign-extended. Bodies of
    `linalg.generic` truncate what they read and extend what they yield, so they compute the same
    bits. Named operations of linalg and elementwise ones on such tensors become `linalg.generic`.
    Arithmetic on such integers, but for logic of i1, is done in i32 and truncated.

    Where the target stores no bytes only: a GPU without `byte_access`. IREE 3.13 keeps several
    such integers in a word there, where threads write over those of their neighbours, and
    emulates signed arithmetic on them without the sign. Constants that only kernels read stay:
    they read words.

    Refused: other operations on such tensors, functions that take or return them, and blobs that
    do not hold what their types say. Place: once kernels are made, before what looks at loops.

    Statistics, as remarks:
    - `widened`: tensors changed

    Before:

    ```mlir
    ^bb0(%a: f32, %o: i1):
      %y = arith.cmpf ogt, %a, %zero : f32
      linalg.yield %y : i1
    } -> tensor<4xi1>
    ```

    After:

    ```mlir
    ^bb0(%a: f32, %o: i32):
      %y = arith.cmpf ogt, %a, %zero : f32
      %w = arith.extui %y : i1 to i32
      linalg.yield %w : i32
    } -> tensor<4xi32>
    ```
  }];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def ScalarizeWideIntegersPass : Pass<"pattern-scalarize-wide-integers", "::mlir::ModuleOp"> {
  let summary = "Keep loops over i64 from being vectorised.";
  let description = [{
    Precondition: linalg on tensors. What a `linalg.generic` with operands of i64 yields is made
    to depend on an index, by a comparison that is never true.

    For GPUs only: the Android baseline has no 64-bit integers. IREE 3.13 emulates them, but
    not in the vectors that it makes of tensors whose size is a multiple of a
    workgroup's, nor in those of reductions. Of what depends on an index it makes none.

    Refused: nothing. Place: among the last.

    Statistics, as remarks:
    - `scalarized`: operations changed

    Before:

    ```mlir
    ^bb0(%in: i64, %out: f32):
      %y = arith.sitofp %in : i64 to f32
      linalg.yield %y : f32
    ```

    After:

    ```mlir
    ^bb0(%in: i64, %out: f32):
      %y = arith.sitofp %in : i64 to f32
      %i = linalg.index 0 : index
      %k = arith.index_cast %i : index to i32
      %never = arith.cmpi slt, %k, %c0_i32 : i32
      %z = arith.select %never, %cst, %y : f32
      linalg.yield %z : f32
    ```
  }];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::arith::ArithDialect"];
}

def TruncateFloatsPass : Pass<"pattern-truncate-floats", "::mlir::ModuleOp"> {
  let summary = "Make of floats the integers that PyTorch makes.";
  let description = [{
    Precondition: linalg on tensors. In functions, `arith.fptosi` and `arith.fptoui` to fewer than
    32 bits become one to 32 bits and a truncation: torch-mlir makes bytes without a sign by
    `arith.fptosi`, and of what is beyond their range processors make different numbers.

    For `vm`, what conversions read is rounded towards zero before, unless it is whole already:
    IREE's interpreter rounds to the nearest integer (3.13). It has no `math.trunc`.

    Refused: nothing. Place: among the last.

    Statistics, as remarks:
    - `truncated`: conversions whose floats are truncated
    - `shortened`: conversions by way of 32 bits

    Before:

    ```mlir
    %i = arith.fptosi %x : f32 to i64
    ```

    After:

    ```mlir
    %negative = arith.cmpf olt, %x, %zero : f32
    %up = math.ceil %x : f32
    %down = math.floor %x : f32
    %whole = arith.select %negative, %up, %down : f32
    %i = arith.fptosi %whole : f32 to i64
    ```
  }];
  let dependentDialects = ["::patternc::PatternDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ExternalizeConstantsPass : Pass<"pattern-externalize-constants", "::mlir::ModuleOp"> {
  let summary = "Turn large constants into named parameters of the IREE module.";
  let description = [{
    Precondition: the module is about to leave for IREE. Every blob, and every
    other tensor constant of a function body with at least `min-bytes` bytes,
    becomes a `util.global` that is initialised from the parameter of the same
    name; splats and elements of less than 8 bits stay in the module. The bytes are kept in the
    attribute `pattern.parameters` of the module, name by name, until the caller
    writes them into a parameter archive. Equal constants share one parameter. The target,
    of which IREE knows nothing, is no attribute of the module any more.

    Refused, with an error: a blob with more or fewer bytes than its type takes. Last pass
    of the pipeline.

    Statistics, as remarks:
    - `parameters`: parameters created
    - `bytes`: bytes of all parameters

    Before:

    ```mlir
    %w = arith.constant dense_resource<conv1.weight> : tensor<1024xf32>
    ```

    After:

    ```mlir
    "util.global"() <{initial_value = #flow.parameter.named<"patternc"::"conv1.weight"> : tensor<1024xf32>, ...}>
    ...
    %w = "util.global.load"() <{global = @conv1.weight}> : () -> tensor<1024xf32>
    ```
  }];
  let options = [
    Option<"scope", "scope", "std::string", /*default=*/"\"patternc\"", "Parameter scope">,
    Option<"minBytes", "min-bytes", "int64_t", /*default=*/"256",
           "Smaller constants stay in the module">];
  let dependentDialects = ["::patternc::FlowDialect", "::patternc::UtilDialect"];
}

#endif // PASSES_PASSES_TD
