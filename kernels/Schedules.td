// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// One attribute for each form of loops. A field has one meaning, and all that
// lowering decides is a field.

#ifndef KERNELS_SCHEDULES_TD
#define KERNELS_SCHEDULES_TD

include "dialect/ScheduleInterface.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td" // the generator of documents asks for it

def Schedule_Dialect : Dialect {
  let name = "schedule";
  let cppNamespace = "::patternc";
  let summary = "Schedules: how the loops of each form of kernel run.";
  let description = [{
    The attributes that stand behind `schedule` at the operations of the dialect `pattern`;
    their names begin with the unit that they are for. `pattern-schedule-convolutions`
    chooses them, `pattern-apply-schedules` takes them from a file, and one that is already in
    the IR is kept: lowering does what it says.

    They are a dialect of their own so that a form of kernel is added in one place, beside its
    loops: the operations know of schedules only that they can be asked whether they fit.
  }];
  let useDefaultAttributePrinterParser = 1;
}

//===----------------------------------------------------------------------===//
// Values of fields
//===----------------------------------------------------------------------===//

class Schedule_Enum<string name, string summary, list<I32EnumCase> cases>
    : I32Enum<name, summary, cases> {
  let cppNamespace = "::patternc";
}

def Schedule_TapOffsets : Schedule_Enum<"TapOffsets", "where the offsets of taps stand", [
    I32EnumCase<"Code", 0, "code">,
    I32EnumCase<"Table", 1, "table">]>;

def Schedule_ChannelNumbers : Schedule_Enum<"ChannelNumbers", "how stored kernels name their channels", [
    I32EnumCase<"Absolute", 0, "absolute">,
    I32EnumCase<"Distance", 1, "distance">]>;

def Schedule_WeightLoads : Schedule_Enum<"WeightLoads", "how weights come into all lanes", [
    I32EnumCase<"Broadcast", 0, "broadcast">,
    I32EnumCase<"Lanes", 1, "lanes">]>;

def Schedule_InnerLoop : Schedule_Enum<"InnerLoop", "what varies fastest among the multiply-adds of a tap", [
    I32EnumCase<"Vectors", 0, "vectors">,
    I32EnumCase<"Filters", 1, "filters">]>;

def Schedule_Placement : Schedule_Enum<"Placement", "where a layer is computed, and its output lies", [
    I32EnumCase<"Memory", 0, "memory">,
    I32EnumCase<"Consumer", 1, "consumer">]>;

def Schedule_Stores : Schedule_Enum<"Stores", "how vectors of filters are read and written", [
    I32EnumCase<"Vectors", 0, "vectors">,
    I32EnumCase<"Scatter", 1, "scatter">]>;

def Schedule_Quads : Schedule_Enum<"Quads", "which four bytes are multiplied and added at once", [
    I32EnumCase<"Taps", 0, "taps">,
    I32EnumCase<"Channels", 1, "channels">]>;

def Schedule_Interleave : Schedule_Enum<"Interleave", "how bytes of several rows come into one lane", [
    I32EnumCase<"Permute", 0, "permute">,
    I32EnumCase<"Blocks", 1, "blocks">]>;

def Schedule_Products : Schedule_Enum<"Products", "how four products of bytes come into a 32-bit sum", [
    I32EnumCase<"DotU8S8", 0, "dot_u8s8">,
    I32EnumCase<"DotS8S8", 1, "dot_s8s8">,
    I32EnumCase<"DotS16", 2, "dot_s16">,
    I32EnumCase<"Multiply", 3, "multiply">]>;

def Schedule_InputQuads : Schedule_Enum<"InputQuads", "how four inputs of a row are read", [
    I32EnumCase<"Run", 0, "run">,
    I32EnumCase<"Gather", 1, "gather">]>;

class Schedule_EnumParameter<EnumInfo enum, string default> : EnumParameter<enum> {
  let defaultValue = "::patternc::" # enum.className # "::" # default;
}
class Schedule_OptionalCount : DefaultValuedParameter<"int64_t", "0">;

//===----------------------------------------------------------------------===//
// Forms of loops
//===----------------------------------------------------------------------===//

class Schedule_Attr<string device, string name, string attrMnemonic>
    : AttrDef<Schedule_Dialect, name,
              [DeclareAttrInterfaceMethods<Pattern_Schedule>]> {
  let mnemonic = attrMnemonic;
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDefinition =
      "::patternc::Device $cppClass::getDevice() const { return ::patternc::Device::" # device # "; }";
}

def Schedule_CpuOutputStationaryAttr : Schedule_Attr<"Cpu", "CpuOutputStationary", "cpu_output_stationary"> {
  let summary = "A convolution whose sums stay in vector registers.";
  let description = [{
    A tile is a flat run of output positions, `vectors` vectors of `lanes`; the sums of
    `filters` filters of a group stay in registers while one loop goes over the kernels that
    the group keeps.

    - `lanes`: elements of a vector.
    - `vectors`: vectors of output positions in registers for each filter.
    - `filters`: how many filters of a group are computed at once, so that one load of
      input serves them all; a divisor of the group.
    - `tiles`: tiles that a workgroup makes of some filters before it goes on to the next.
    - `blocks`: into how many parts the filters are split over workgroups.
    - `unroll`: taps of a kernel that are written out; a divisor of their number, and a loop
      goes over the rest.
    - `offsets`: where the offsets of taps stand: in the `code`, if there is one pattern whose
      taps are all written out, or in a `table`.
    - `channels`: how stored kernels name their channels: by number (`absolute`), or, with one
      pattern and no groups, by the `distance` from the one before, in a byte.
    - `weights`: how a weight comes into all lanes: by a `broadcast` load, or from its lane of
      a vector of weights (`lanes`).
    - `inner`: what varies fastest among the multiply-adds of a tap, `vectors` or `filters`;
      the other one's operand stays in a register.
    - `prefetch`: how many stored kernels ahead the input is prefetched, if it has no strides;
      0 for never.
    - `prefetch_weights`: how many bytes ahead weights are prefetched; 0 for never.
    - `placement`: `memory`: in workgroups of its own; `consumer`: in those of the depthwise
      convolution that reads it. They make one filter group, and at once what reads it; it
      lies in the cache and is then overwritten by the next. The consumer's `blocks` are the
      workgroups, each of which makes its filter groups for the whole image; `tiles` and
      `blocks` of the producer itself are not used.

    Refused: lanes that are no power of two or wider than the target's vectors; numbers that
    are not positive or beyond what is written out; filters and taps that do not divide; code
    or distances where they cannot be; lanes of a lone weight; input with strides that is
    prefetched; vectors that reach beyond planes.

    Example:

    ```mlir
    #schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 4, blocks = 1, unroll = 4, prefetch = 5>
    ```
  }];
  let parameters = (ins
    "int64_t":$lanes,
    "int64_t":$vectors,
    "int64_t":$filters,
    "int64_t":$tiles,
    "int64_t":$blocks,
    "int64_t":$unroll,
    Schedule_EnumParameter<Schedule_TapOffsets, "Code">:$offsets,
    Schedule_EnumParameter<Schedule_ChannelNumbers, "Absolute">:$channels,
    Schedule_EnumParameter<Schedule_WeightLoads, "Broadcast">:$weights,
    Schedule_EnumParameter<Schedule_InnerLoop, "Vectors">:$inner,
    Schedule_OptionalCount<>:$prefetch,
    Schedule_OptionalCount<>:$prefetch_weights,
    Schedule_EnumParameter<Schedule_Placement, "Memory">:$placement);
  let extraClassDeclaration = [{
    /// Output positions of a tile.
    int64_t getTile() const { return getLanes() * getVectors(); }
    bool isPlacedInConsumer() const { return getPlacement() == Placement::Consumer; }
    /// The same loops elsewhere.
    CpuOutputStationaryAttr placed(Placement placement, int64_t tiles, int64_t blocks) const;
  }];
}

def Schedule_CpuDotAttr : Schedule_Attr<"Cpu", "CpuDot", "cpu_dot"> {
  let summary = "A convolution of bytes: sums of four products at once.";
  let description = [{
    As `cpu_output_stationary`, with sums of 32 bits, to each of which an instruction adds four
    products of bytes: of four taps of a kernel, or of one tap in four channels. The bytes of
    neighbouring positions are loaded together and interleaved in registers, once for all
    `filters`.

    - `lanes`: sums of a vector, and a quarter of the bytes that are loaded at once.
    - `vectors`: vectors of output positions in registers for each filter, 4 at most.
    - `filters`: how many filters of a group are computed at once; a divisor of the group.
    - `tiles`, `blocks`: as in `cpu_output_stationary`.
    - `quads`: which four bytes make a lane: `taps` of one kernel (the last ones filled up with
      products by zero), or the same tap in four `channels` that a filter group keeps with one
      pattern, whichever they are.
    - `offsets`: where the offsets of taps stand: in the `code`, with a loop for each pattern, in
      which taps of a row share a load; or in a `table`, with one loop for all patterns.
    - `interleave`: how the four bytes come into their lane: by any permutation of one or two
      rows (`permute`), which needs vectors of indices, or by interleaving four rows within each
      128 bits (`blocks`), which gives four vectors whose positions are in order when they are
      packed to bytes again.
    - `products`: by which instruction: `dot_u8s8` (four bytes without by four with a sign),
      `dot_s8s8` (all with a sign), `dot_s16` (two of 16 bits), or `multiply` in 32 bits.
    - `weights`: how the weights of a filter come into all lanes: by a `broadcast` load, or from
      their lane of a vector of weights (`lanes`).

    Refused: what is no convolution of bytes in planes; products that the target or the bytes do
    not have; blocks of other than four vectors, of bytes with a sign, or where the target has no
    `saturating_pack`; the refusals of `cpu_output_stationary`.

    Example:

    ```mlir
    #schedule.cpu_dot<lanes = 16, vectors = 3, filters = 8, tiles = 12, blocks = 1, products = dot_u8s8>
    ```
  }];
  let parameters = (ins
    "int64_t":$lanes,
    "int64_t":$vectors,
    "int64_t":$filters,
    "int64_t":$tiles,
    "int64_t":$blocks,
    Schedule_EnumParameter<Schedule_Quads, "Taps">:$quads,
    Schedule_EnumParameter<Schedule_TapOffsets, "Code">:$offsets,
    Schedule_EnumParameter<Schedule_Interleave, "Permute">:$interleave,
    Schedule_EnumParameter<Schedule_Products, "Multiply">:$products,
    Schedule_EnumParameter<Schedule_WeightLoads, "Broadcast">:$weights);
  let extraClassDeclaration = [{
    /// Lanes of a vector of output, and how many a tile has.
    int64_t storedLanes() const;
    int64_t storedVectors() const;
  }];
}

def Schedule_CpuInputStationaryAttr : Schedule_Attr<"Cpu", "CpuInputStationary", "cpu_input_stationary"> {
  let summary = "A convolution that keeps what its patterns read of a channel in vector registers.";
  let description = [{
    For filters that share nothing. Of a tile, `vectors` vectors of `lanes` output positions,
    all that the patterns read of one input channel is loaded once, while loops go over the
    filters that keep a kernel of it; the sums of the filters of a block lie in the cache
    meanwhile, on the stack.

    - `lanes`: elements of a vector.
    - `vectors`: vectors of output positions of a tile.
    - `tiles`: tiles that a workgroup makes, one after the other.
    - `blocks`: into how many parts the filters are split over workgroups.
    - `weights`: how a weight comes into all lanes: by a `broadcast` load, or from its lane of
      a vector of weights (`lanes`).
    - `prefetch`: how many channels ahead the input is prefetched; 0 for never.

    Refused: groups of more than one filter, a product with a matrix; sums that take more than
    the target's stack; and what cpu_output_stationary refuses of the same fields.

    Example:

    ```mlir
    #schedule.cpu_input_stationary<lanes = 16, vectors = 2, tiles = 4, blocks = 2, prefetch = 1>
    ```
  }];
  let parameters = (ins
    "int64_t":$lanes,
    "int64_t":$vectors,
    "int64_t":$tiles,
    "int64_t":$blocks,
    Schedule_EnumParameter<Schedule_WeightLoads, "Broadcast">:$weights,
    Schedule_OptionalCount<>:$prefetch);
  let extraClassDeclaration = [{
    int64_t getTile() const { return getLanes() * getVectors(); }
  }];
}

def Schedule_CpuMatrixAttr : Schedule_Attr<"Cpu", "CpuMatrix", "cpu_matrix"> {
  let summary = "A product with a matrix, filters in vectors.";
  let description = [{
    Where images are one position, they are the rows of a product. The filters of a group fill
    vectors of `lanes` for `rows` rows at once, whose sums stay in registers while one loop
    goes over the kernels that the group keeps.

    - `lanes`: filters of a vector. The last vector of a group ends with it, and may overlap
      the one before.
    - `rows`: images that are computed at once, with every weight that is loaded.
    - `blocks`: into how many parts the filter groups are split over workgroups.
    - `chains`: kernels an iteration, each with sums of its own: few sums would wait for each
      other.
    - `stores`: how a vector of filters is read and written: as `vectors`, if each is a run of
      filters, or `scatter`.
    - `prefetch_weights`: how many bytes ahead weights are prefetched; 0 for never.

    Refused: another convolution than a product with a matrix; more lanes than the group has
    filters or the target's vectors have, or no power of two; more rows than there are; numbers
    that are not positive or beyond what is written out; vectors where filters are no runs.

    Example:

    ```mlir
    #schedule.cpu_matrix<lanes = 16, rows = 1, blocks = 8, chains = 2, prefetch_weights = 4096>
    ```
  }];
  let parameters = (ins
    "int64_t":$lanes,
    "int64_t":$rows,
    "int64_t":$blocks,
    "int64_t":$chains,
    Schedule_EnumParameter<Schedule_Stores, "Vectors">:$stores,
    Schedule_OptionalCount<>:$prefetch_weights);
}

def Schedule_CpuDotMatrixAttr : Schedule_Attr<"Cpu", "CpuDotMatrix", "cpu_dot_matrix"> {
  let summary = "A product of rows of bytes with a matrix.";
  let description = [{
    As `cpu_matrix`, with sums of 32 bits, to each of which an instruction adds four products:
    those of a filter in four channels.

    - `lanes`, `rows`, `blocks`, `stores`: as in `cpu_matrix`.
    - `inputs`: how the four inputs are read: a `run` of neighbouring channels in one load, with
      products by zero for those that are not kept, or any four channels one by one (`gather`).
    - `products`: as in `cpu_dot`.

    Refused: what is no product of bytes with a matrix; products that the target or the bytes do
    not have; runs of fewer channels than four; the refusals of `cpu_matrix`.

    Example:

    ```mlir
    #schedule.cpu_dot_matrix<lanes = 16, rows = 1, blocks = 8, products = dot_u8s8>
    ```
  }];
  let parameters = (ins
    "int64_t":$lanes,
    "int64_t":$rows,
    "int64_t":$blocks,
    Schedule_EnumParameter<Schedule_Stores, "Vectors">:$stores,
    Schedule_EnumParameter<Schedule_InputQuads, "Run">:$inputs,
    Schedule_EnumParameter<Schedule_Products, "Multiply">:$products);
}

def Schedule_CpuRowsAttr : Schedule_Attr<"Cpu", "CpuRows", "cpu_rows"> {
  let summary = "Pooling and copies, row after row.";
  let description = [{
    A workgroup makes some channels, one after the other, by vectors of columns.

    - `lanes`: elements of a vector.
    - `unroll`: elements of a window that are written out: all, or 1 and a loop goes over them.

    Refused: lanes that are no power of two or wider than the target's vectors; another number
    of elements; an operation that is no pooling and no copy.

    Example:

    ```mlir
    #schedule.cpu_rows<lanes = 16, unroll = 9>
    ```
  }];
  let parameters = (ins "int64_t":$lanes, "int64_t":$unroll);
}

def Schedule_GpuDirectAttr : Schedule_Attr<"Gpu", "GpuDirect", "gpu_direct"> {
  let summary = "A convolution with a thread for each output position.";
  let description = [{
    - `threads`: of a workgroup.
    - `filters`: how many filters of a group a thread computes at once; a divisor of the group.
    - `unroll`: taps of a kernel that are written out; a divisor of their number.
    - `offsets`: where the offsets of taps stand: in the `code`, if there is one pattern whose
      taps are all written out, or in a `table`.

    Refused: more threads than the target has; numbers that are not positive or beyond what is
    written out; filters and taps that do not divide; code where it cannot be; bytes where the
    target stores none.

    Example:

    ```mlir
    #schedule.gpu_direct<threads = 64, filters = 8, unroll = 4, offsets = table>
    ```
  }];
  let parameters = (ins
    "int64_t":$threads,
    "int64_t":$filters,
    "int64_t":$unroll,
    Schedule_EnumParameter<Schedule_TapOffsets, "Code">:$offsets);
}

def Schedule_GpuOutputStationaryAttr : Schedule_Attr<"Gpu", "GpuOutputStationary", "gpu_output_stationary"> {
  let summary = "A convolution whose sums stay in the registers of threads.";
  let description = [{
    A thread computes four neighbouring output positions in each of some rows, and its sums of
    `filters` filters of a group stay in registers while a loop for each pattern goes over the
    kernels that the group keeps with it. All it reads and writes of images are four elements at
    a time.

    - `threads`: of a workgroup.
    - `rows`: rows of the output that a thread computes.
    - `filters`: how many filters of a group a thread computes at once; a divisor of the group.
    - `slices`: into how many parts the kernels of a filter group are split over the threads of
      a workgroup, which add their sums through shared memory; a divisor of `filters`.
    - `parts`: how many times `filters` filters a workgroup computes, where images are small;
      `slices` times `parts` divides `threads`.
    - `placement`: `memory`: in workgroups of its own; `consumer`: in those of the depthwise
      convolution that reads it, in memory that its threads share. Both have as many `threads`,
      and the consumer as many `parts` as the producer makes filters in a workgroup.
    - `bands`: into how many bands of rows the output is split over workgroups, if they compute
      the input, too.

    Refused: more threads or shared memory than the target has; numbers that are not positive
    or beyond what is written out; filters, slices and parts that do not divide; more rows or bands
    than there are rows; planes whose rows, phases or images begin within four elements; bytes, and
    a product with a matrix.

    Example:

    ```mlir
    #schedule.gpu_output_stationary<threads = 64, rows = 1, filters = 8>
    ```
  }];
  let parameters = (ins
    "int64_t":$threads,
    "int64_t":$rows,
    "int64_t":$filters,
    DefaultValuedParameter<"int64_t", "1">:$slices,
    DefaultValuedParameter<"int64_t", "1">:$parts,
    Schedule_EnumParameter<Schedule_Placement, "Memory">:$placement,
    DefaultValuedParameter<"int64_t", "1">:$bands);
  let extraClassDeclaration = [{
    /// Threads of a workgroup that have tiles of their own.
    int64_t getSlots() const { return getThreads() / getSlices() / getParts(); }
    /// Bytes that slices exchange their sums through: one for each of them.
    int64_t getExchangedBytes(::mlir::Type element) const;
    /// Filters that a workgroup computes.
    int64_t getWorkgroupFilters() const { return getFilters() * getParts(); }
    bool isPlacedInConsumer() const { return getPlacement() == Placement::Consumer; }
  }];
}

def Schedule_GpuMatrixAttr : Schedule_Attr<"Gpu", "GpuMatrix", "gpu_matrix"> {
  let summary = "A product with a matrix, four filters a thread.";
  let description = [{
    Where images are one position, they are the rows of a product. A thread computes four
    filters of a group for some rows.

    - `threads`: of a workgroup.
    - `rows`: images that are computed at once, with every weight that is loaded.
    - `slices`: into how many parts the kernels of a filter group are split over the threads of
      a workgroup, which add their sums through shared memory; a divisor of `threads`.
    - `unroll`: kernels an iteration, whose loads do not wait for each other.

    Refused: another convolution than a product of floats with a matrix, groups of fewer than
    four filters; more threads or shared memory than the target has; more rows than there are;
    slices that do not divide; numbers that are not positive or beyond what is written out.

    Example:

    ```mlir
    #schedule.gpu_matrix<threads = 64, rows = 1, slices = 8, unroll = 4>
    ```
  }];
  let parameters = (ins
    "int64_t":$threads,
    "int64_t":$rows,
    "int64_t":$slices,
    "int64_t":$unroll);
}

def Schedule_GpuRowsAttr : Schedule_Attr<"Gpu", "GpuRows", "gpu_rows"> {
  let summary = "Pooling and copies with a thread for each element.";
  let description = [{
    - `threads`: of a workgroup.
    - `unroll`: elements of a window that are written out: all, or 1 and a loop goes over them.
    - `slices`: how many threads share the window of an element, and through memory what they
      make of it; a power of two that divides `threads`.

    Refused: more threads or shared memory than the target has; another number of elements; an
    operation that is no pooling and no copy; bytes where the target stores none; slices of
    windows that are written out, of bytes, or of an output in planes.

    Example:

    ```mlir
    #schedule.gpu_rows<threads = 64, unroll = 1>
    ```
  }];
  let parameters = (ins
    "int64_t":$threads,
    "int64_t":$unroll,
    DefaultValuedParameter<"int64_t", "1">:$slices);
}

def Schedule_VmDirectAttr : Schedule_Attr<"Vm", "VmDirect", "vm_direct"> {
  let summary = "A convolution in scalar loops.";
  let description = [{
    A loop goes over the output positions; its fields are those of gpu_direct.

    Example:

    ```mlir
    #schedule.vm_direct<filters = 8, unroll = 4, offsets = table>
    ```
  }];
  let parameters = (ins
    "int64_t":$filters,
    "int64_t":$unroll,
    Schedule_EnumParameter<Schedule_TapOffsets, "Code">:$offsets);
}

def Schedule_VmRowsAttr : Schedule_Attr<"Vm", "VmRows", "vm_rows"> {
  let summary = "Pooling and copies in scalar loops.";
  let description = [{
    - `unroll`: elements of a window that are written out: all, or 1 and a loop goes over them.

    Refused: another number of elements; an operation that is no pooling and no copy.

    Example:

    ```mlir
    #schedule.vm_rows<unroll = 4>
    ```
  }];
  let parameters = (ins "int64_t":$unroll);
}

#endif // KERNELS_SCHEDULES_TD
