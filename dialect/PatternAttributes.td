// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_PATTERNATTRIBUTES_TD
#define DIALECT_PATTERNATTRIBUTES_TD

include "dialect/PatternDialect.td"
include "dialect/PatternEnums.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/TensorEncoding.td"

class Pattern_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Pattern_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Pattern_ActivationAttr : EnumAttr<Pattern_Dialect, Pattern_Activation, "activation"> {
  let assemblyFormat = "`<` $value `>`";
}

def Pattern_PoolingAttr : EnumAttr<Pattern_Dialect, Pattern_Pooling, "pooling"> {
  let assemblyFormat = "`<` $value `>`";
}

def Pattern_KernelPatternsAttr : Pattern_Attr<"KernelPatterns", "set"> {
  let summary = "A pattern set: the positions of a kernel that each pattern keeps.";
  let description = [{
    Positions count row-major from 0 over a kernel of `height` × `width`. All
    patterns of a set keep the same number of positions, in ascending order;
    pattern *p* of a kernel map is the *p*-th of the set, from 1.

    Refused: an empty set, positions outside the kernel, unsorted or repeated
    positions, patterns of different lengths, the same pattern twice, more than
    255 patterns, a kernel of more than 65536 positions.

    Example:

    ```mlir
    #pattern.set<3x3, [[0, 1, 3, 4], [1, 2, 4, 5]]>
    ```
  }];
  let parameters = (ins
    "int64_t":$height,
    "int64_t":$width,
    "int64_t":$entries,
    ArrayRefParameter<"int32_t", "positions of all patterns, one after the other">:$positions);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getNumPatterns() const { return getPositions().size() / getEntries(); }
    /// Positions of pattern `index`, counted from 0.
    ::llvm::ArrayRef<int32_t> getPattern(int64_t index) const {
      return getPositions().slice(index * getEntries(), getEntries());
    }
    /// The set of the one pattern that keeps every position.
    static KernelPatternsAttr getAllPositions(::mlir::MLIRContext *context,
                                              int64_t height, int64_t width);
    bool isAllPositions() const { return getEntries() == getHeight() * getWidth(); }
  }];
}

def Pattern_KernelMapAttr : Pattern_Attr<"KernelMap", "kernel_map"> {
  let summary = "The pattern of every kernel of a convolution.";
  let description = [{
    One small id a kernel, as data: `ids` is a `tensor<filters × channels ×
    ui8>` over the filters (output channels) and the input channels of a group;
    0 is a kernel that was removed, *p* > 0 the *p*-th pattern of the set. The ids
    are `dense`, or `dense_resource` where they are many.

    That each id is one of the set is checked where they are read (`KernelIds`).

    Refused: ids that are not a rank-2 `ui8` tensor, more than 2^28 kernels.

    Example:

    ```mlir
    #pattern.kernel_map<set = <3x3, [[0, 1, 3, 4]]>, ids = dense<[[1, 0], [0, 1]]> : tensor<2x2xui8>>
    ```
  }];
  let parameters = (ins
    "KernelPatternsAttr":$set,
    "::mlir::ElementsAttr":$ids);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getNumFilters() const { return getIds().getShapedType().getShape()[0]; }
    int64_t getNumChannels() const { return getIds().getShapedType().getShape()[1]; }
  }];
}

def Pattern_FkwAttr : Pattern_Attr<"Fkw", "fkw"> {
  let summary = "FKW storage: how the five arrays of a packed layer are read.";
  let description = [{
    `group` stored filters at a time keep the same input channels with the same
    patterns; their index arrays are stored once, and their weights lie side by
    side, tap after tap.

    Refused: a group that is not positive, or of more than 1024 filters.

    Example:

    ```mlir
    #pattern.fkw<set = <3x3, [[0, 1, 3, 4]]>, group = 4>
    ```
  }];
  let parameters = (ins "KernelPatternsAttr":$set, "int64_t":$group);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Pattern_TargetFeatureParameter : EnumParameter<Pattern_TargetFeature> {
  let defaultValue = "::patternc::TargetFeature::None";
}

def Pattern_TargetAttr : Pattern_Attr<"Target", "target"> {
  let summary = "The processing unit that code is made for.";
  let description = [{
    What passes know of the machine; it is the attribute `pattern.target` of the module,
    which `pattern-attach-target` sets. Where a module has none, it is a processor with
    AVX-512 (`TargetAttr::getDefault`).

    - `device`: the kind of unit, which decides on the form of loops. `cpu`: vectors;
      `gpu`: threads; `vm`: scalar loops.
    - `features`: what it can do. `broadcast_load`: load an element into all lanes in one
      instruction; `lane_multiply`: multiply by one lane of a register;
      `software_prefetch`: it pays to prefetch by instructions, because hardware
      prefetchers follow neither the jumps from channel to channel nor the weights into
      the next page, and a load across lines that misses is dear; `dot_u8s8`, `dot_s8s8`:
      sums of four products of bytes, without and with a sign or all with one; `dot_s16`: sums of
      two products of 16-bit integers; `saturating_pack`: two vectors packed in half the bits, what is beyond cut off;
      `byte_lookup`: bytes looked up in tables of 16 bytes (x86) or 64 (NEON);
      `byte_permute`: in tables of two vectors;
      `float16`: arithmetic in vectors of f16;
      `byte_access`: single bytes in memory, which a `gpu` may lack.
    - `vector_bits`, `registers`: of the vector registers of a `cpu`; `registers` of four elements
      that a thread of a `gpu` has.
    - `cores`: processor cores, or compute units of a `gpu`, that are expected to share a layer.
    - `line_bytes`, `page_bytes`, `l1_bytes`, `l2_bytes`: of a cache line, a page, and the
      caches that a core has for itself.
    - `stack_bytes`: what a kernel may keep on the stack.
    - `threads`, `shared_bytes`: of a workgroup of a `gpu`, at most; `subgroup`: threads
      that run in step.

    Refused: a cpu without registers, vectors of no whole number of 32-bit lanes or of
    more than a cache line; a gpu without threads, or with a subgroup beyond them; sizes that are not positive.

    Example:

    ```mlir
    #pattern.target<device = cpu, features = lane_multiply|broadcast_load, vector_bits = 128, registers = 32>
    ```
  }];
  let parameters = (ins
    EnumParameter<Pattern_Device>:$device,
    Pattern_TargetFeatureParameter:$features,
    DefaultValuedParameter<"int64_t", "0">:$vector_bits,
    DefaultValuedParameter<"int64_t", "0">:$registers,
    DefaultValuedParameter<"int64_t", "4">:$cores,
    DefaultValuedParameter<"int64_t", "64">:$line_bytes,
    DefaultValuedParameter<"int64_t", "4096">:$page_bytes,
    DefaultValuedParameter<"int64_t", "32768">:$l1_bytes,
    DefaultValuedParameter<"int64_t", "1048576">:$l2_bytes,
    DefaultValuedParameter<"int64_t", "32768">:$stack_bytes,
    DefaultValuedParameter<"int64_t", "0">:$threads,
    DefaultValuedParameter<"int64_t", "0">:$shared_bytes,
    DefaultValuedParameter<"int64_t", "0">:$subgroup);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The name of the attribute of a module.
    static constexpr ::llvm::StringLiteral attributeName = "pattern.target";

    /// A processor with AVX-512.
    static TargetAttr getDefault(::mlir::MLIRContext *context);
    /// Elements that a thread of a GPU reads or writes in one access.
    static constexpr int64_t threadElements = 4;

    /// What the module around `op`, or `op` itself, is compiled for.
    static TargetAttr of(::mlir::Operation *op);

    bool isCpu() const { return getDevice() == Device::Cpu; }
    bool isGpu() const { return getDevice() == Device::Gpu; }
    bool has(TargetFeature feature) const {
      return bitEnumContainsAll(getFeatures(), feature);
    }
    /// Whether tensors of bytes can be loaded and stored.
    bool storesBytes() const { return !isGpu() || has(TargetFeature::ByteAccess); }
    /// Elements of a vector register, or of what a thread takes in its place;
    /// 1 where there is neither.
    int64_t getLanes(::mlir::Type element) const {
      if (isGpu())
        return threadElements;
      return isCpu() ? getVectorBits() / element.getIntOrFloatBitWidth() : 1;
    }
    /// Threads of a workgroup that are worth starting it, at least.
    int64_t getLeastThreads() const {
      return std::min<int64_t>(std::max<int64_t>(getSubgroup(), 64), getThreads());
    }
    /// Elements of a cache line.
    int64_t getLineElements(::mlir::Type element) const {
      return 8 * getLineBytes() / element.getIntOrFloatBitWidth();
    }
  }];
}

def Pattern_UniformAttr : Pattern_Attr<"Uniform", "uniform"> {
  let summary = "The real numbers that the bytes of a tensor stand for.";
  let description = [{
    A byte *q* stands for `scale · (q − zero_point)`.

    Refused: a scale that is not positive or not finite; a zero point that is no byte.

    Example:

    ```mlir
    #pattern.uniform<scale = 2.500000e-02, zero_point = 128>
    ```
  }];
  let parameters = (ins "::mlir::FloatAttr":$scale, "int64_t":$zero_point);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static UniformAttr get(::mlir::MLIRContext *context, double scale, int64_t zeroPoint) {
      return get(context, ::mlir::FloatAttr::get(::mlir::Float64Type::get(context), scale),
                 zeroPoint);
    }
    double scaleAsDouble() const { return getScale().getValueAsDouble(); }
  }];
}

def Pattern_BytesAttr : EnumAttr<Pattern_Dialect, Pattern_Bytes, "bytes">;

def Pattern_LookupAttr : Pattern_Attr<"Lookup", "lookup"> {
  let summary = "A function of bytes, as a table.";
  let description = [{
    Bytes that stand for real numbers as `from` says become other bytes: `table` has the one for
    each, in the order of the bytes without a sign.

    Refused: a table of anything else than 256 elements of i8.

    Example:

    ```mlir
    #pattern.lookup<from = <scale = 2.0e-02, zero_point = 117>, table = dense<0> : tensor<256xi8>>
    ```
  }];
  let parameters = (ins
    "UniformAttr":$from,
    "::mlir::DenseIntElementsAttr":$table);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Pattern_QuantizationAttr : Pattern_Attr<"Quantization", "quantization"> {
  let summary = "How an operation on bytes computes.";
  let description = [{
    All images of the operation are `bytes` (`u8` or `s8`), and stand for real numbers as `input`,
    `output` and, where something is added, `residual` say. An output is rounded to the nearest
    byte, ties to even, and clamped to `low` … `high`, which is what is left of an activation:
    a ReLU begins at the zero point. Where there is a `lookup`, that is done to the bytes which it is
    a function `from`, and `output` is what it makes of them.

    Refused: an empty range, or numbers that such a byte is not.

    Example:

    ```mlir
    #pattern.quantization<bytes = u8, input = <scale = 2.5e-02, zero_point = 128>,
        output = <scale = 1.0e-02, zero_point = 0>, low = 0, high = 255>
    ```
  }];
  let parameters = (ins
    EnumParameter<Pattern_Bytes>:$bytes,
    "UniformAttr":$input,
    "UniformAttr":$output,
    "int64_t":$low,
    "int64_t":$high,
    OptionalParameter<"UniformAttr">:$residual,
    OptionalParameter<"LookupAttr">:$lookup);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    bool isSigned() const { return getBytes() == Bytes::Signed; }
    /// What the bytes stand for that sums are rounded to.
    UniformAttr getRounded() const;
  }];
}

def Pattern_PlanesAttr : Pattern_Attr<"Planes", "planes",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "Plane layout of an activation: padded, split by stride, in flat planes.";
  let description = [{
    The encoding of a `tensor<N×C×H×W>` whose memory is `N × C × phases × size`
    elements. The image is split into `strides[0] · strides[1]` phases: row *y* and
    column *x* stand in phase `(y mod sh)·sw + (x mod sw)`, at
    `origin + (y / sh)·pitch + x / sw`. Everything else in a phase is `padding`: what
    lies before the origin, after the last row and between the rows is the padding
    of the convolutions that read it, the right edge of a row being the left edge
    of the next. It is 0, or the zero point of bytes. A tap of a convolution with these strides is then one constant
    offset from the output position, and a tile of output is one flat run.

    Vectors may read up to `PlanesAttr::slackBytes` beyond the last phase; what they
    find there reaches no output.

    Refused: tensors that are not rank 4, static and of f16, f32 or i8; planes that do not
    hold the image; more than 4096 phases, 2^31 - 1 elements of a channel or 2^48 bytes;
    padding that is no byte, or of floats.

    Example:

    ```mlir
    tensor<1x16x8x8xf32, #pattern.planes<strides = [1, 1], origin = 16, pitch = 9, size = 112>>
    ```
  }];
  let parameters = (ins
    "::mlir::DenseI64ArrayAttr":$strides,
    "int64_t":$origin,
    "int64_t":$pitch,
    "int64_t":$size,
    DefaultValuedParameter<"int64_t", "0">:$padding);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Bytes behind the last phase that may be read.
    static constexpr int64_t slackBytes = 1024;

    /// The same in elements of images of type `image`.
    static int64_t slack(::mlir::ShapedType image) {
      return 8 * slackBytes / image.getElementTypeBitWidth();
    }

    /// The same planes with another number around the image.
    PlanesAttr withPadding(int64_t padding) const {
      return get(getContext(), getStrides(), getOrigin(), getPitch(), getSize(), padding);
    }

    int64_t getPhases() const { return getStrides()[0] * getStrides()[1]; }
    /// Elements of one channel in memory.
    int64_t getPlaneSize() const { return getPhases() * getSize(); }
  }];
}

#endif // DIALECT_PATTERNATTRIBUTES_TD
