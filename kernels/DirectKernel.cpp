// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Direct convolution in scalars. On a GPU a thread computes one output position
// for some filters of a group; on the VM a loop goes over the positions. Every
// multiply-add has loads of its own, which pattern-eliminate-redundant-loads
// shares.

#include "kernels/DirectKernel.h"

#include "kernels/Activations.h"
#include "kernels/IndexArithmetic.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace patternc;

DirectKernel::DirectKernel(PackedConv2DOp op, int64_t threads, int64_t filters,
                           int64_t unroll, TapOffsets offsets)
    : ConvolutionKernel(op), threads(threads), unroll(unroll),
      groups(*this, filters, offsets) {}

Grid DirectKernel::grid() const {
  int64_t parts = threads ? llvm::divideCeilSigned(channelSize(), threads) : 1;
  return {{parts, groups.filterTiles(), images()}, threads};
}

LogicalResult DirectKernel::addArrays(ArrayRef<float> weights,
                                      FkwIndices indices,
                                      KernelOperands &operands,
                                      std::string &reason) {
  if (quantization &&
      failed(scales.addArrays(*this, weights, indices, operands, reason)))
    return failure();
  return groups.addArrays(std::move(indices), operands, reason);
}

void DirectKernel::bindArrays(BufferCursor &buffers) {
  if (quantization)
    scales.bind(buffers, quantization);
  groups.bind(buffers);
}

/// Writes the loops; the members are the values that several steps read.
class DirectKernel::Loops {
public:
  Loops(KernelBuilder &builder, const DirectKernel &kernel)
      : builder(builder), kernel(kernel), groups(kernel.groups),
        b(builder.body()), index(b), geometry(kernel.geometry) {}

  void emit() {
    filterTile = builder.workgroupId(1);
    image = builder.workgroupId(2);
    OpBuilder::InsertionGuard guard(b);
    Value element;
    if (kernel.threads) {
      element = index.add(index.mul(builder.workgroupId(0), kernel.threads),
                          builder.threadId());
      auto inChannel =
          scf::IfOp::create(b, index.less(element, kernel.channelSize()),
                            /*withElseRegion=*/false);
      b.setInsertionPointToStart(inChannel.thenBlock());
    } else {
      auto loop = scf::ForOp::create(b, index.constant(0),
                                     index.constant(kernel.channelSize()),
                                     index.constant(1));
      b.setInsertionPointToStart(loop.getBody());
      element = loop.getInductionVar();
    }
    emitElement(element);
  }

private:
  /// One element of each channel that is computed at once: a position of the
  /// image, or one of the zeros around it in planes.
  void emitElement(Value element) {
    PlanesAttr planes = kernel.outputPlanes;
    SmallVector<Value> filters, addresses;
    Value firstFilter = index.mul(filterTile, groups.filterTile());
    for (int64_t f = 0; f < groups.filterTile(); ++f) {
      filters.push_back(index.load(groups.reorder, index.add(firstFilter, f)));
      Value channel = index.mul(filters.back(), kernel.channelStride());
      addresses.push_back(
          index.add(index.add(kernel.outputBase(b, image), channel), element));
    }
    // Before the origin this wraps around, to a row beyond the image.
    Value inRun = planes ? index.add(element, -planes.getOrigin()) : element;
    int64_t pitch = planes ? planes.getPitch() : geometry.outWidth;
    Value row = index.div(inRun, pitch), column = index.rem(inRun, pitch);

    OpBuilder::InsertionGuard guard(b);
    if (planes) {
      Value inImage =
          arith::AndIOp::create(b, index.less(row, geometry.outHeight),
                                index.less(column, geometry.outWidth));
      auto branch = scf::IfOp::create(b, inImage, /*withElseRegion=*/true);
      b.setInsertionPointToStart(branch.elseBlock());
      TypedAttr padding = b.getZeroAttr(kernel.element);
      if (kernel.quantization)
        padding = b.getIntegerAttr(kernel.element, planes.getPadding());
      Value outside = arith::ConstantOp::create(b, padding);
      for (Value address : addresses)
        memref::StoreOp::create(b, outside, kernel.output, address);
      b.setInsertionPointToStart(branch.thenBlock());
    }
    SmallVector<Value> sums = emitSums(filters, row, column);
    for (auto [sum, filter, address] :
         llvm::zip_equal(sums, filters, addresses))
      memref::StoreOp::create(b, emitOutput(sum, filter, address),
                              kernel.output, address);
  }

  /// What is stored of the sum of a filter.
  Value emitOutput(Value sum, Value filter, Value address) {
    auto load = [&](Value buffer, Value at) -> Value {
      return buffer ? memref::LoadOp::create(b, buffer, at) : Value();
    };
    Value added = load(kernel.residual, address);
    if (kernel.quantization) {
      FilterScales scales{load(kernel.scales.multiplier, filter),
                          load(kernel.bias, filter)};
      return kernel.scales.lookUp(
          b, requantize(b, sum, scales, added, kernel.quantization),
          kernel.target);
    }
    if (added)
      sum = arith::AddFOp::create(b, sum, added);
    return activate(b, sum, kernel.activation);
  }

  /// All kernels of the filters that are computed at once, at one position of
  /// the image; returns one sum for each of `filters`.
  SmallVector<Value> emitSums(ArrayRef<Value> filters, Value row,
                              Value column) {
    int64_t group = kernel.group(), entries = kernel.taps();
    Value inputBase =
        index.add(kernel.inputBase(b, image),
                  index.add(index.mul(row, kernel.pitch()), column));

    SmallVector<Value> init;
    Type type = kernel.quantization ? b.getI32Type() : kernel.element;
    Value starts = kernel.quantization ? kernel.scales.starts : kernel.bias;
    for (Value filter : filters) {
      if (starts)
        init.push_back(memref::LoadOp::create(b, starts, filter));
      else
        init.push_back(arith::ConstantOp::create(b, b.getZeroAttr(type)));
    }

    auto [filterGroup, filterInGroup] = groups.groupOf(b, filterTile);
    Value begin = loadBound(filterGroup);
    Value end = loadBound(index.add(filterGroup, 1));
    OpBuilder::InsertionGuard guard(b);
    scf::ForOp kernels = beginLoop(begin, end, 1, init);
    Value k = counter(kernels);
    KernelReads reads = groups.read(b, k);
    Value channel = index.add(reads.channelBase, inputBase);
    Value firstWeight = index.add(index.mul(k, entries * group), filterInGroup);
    auto emitTaps = [&](Value first, ValueRange before) {
      SmallVector<Value> accumulators(before);
      for (int64_t i = 0; i < kernel.unroll; ++i) {
        Value entry = index.add(first, i);
        emitTap(index.add(channel, reads.tapOffset(entry)),
                index.add(firstWeight, index.mul(entry, group)), accumulators);
      }
      return accumulators;
    };
    SmallVector<Value> accumulators;
    if (kernel.unroll == entries) {
      accumulators = emitTaps(index.constant(0), kernels.getRegionIterArgs());
    } else {
      Value zero = constant(0), last = constant(entries);
      OpBuilder::InsertionGuard inner(b);
      scf::ForOp taps =
          beginLoop(zero, last, kernel.unroll, kernels.getRegionIterArgs());
      scf::YieldOp::create(b,
                           emitTaps(counter(taps), taps.getRegionIterArgs()));
      accumulators = llvm::to_vector_of<Value>(taps.getResults());
    }
    b.setInsertionPointToEnd(kernels.getBody());
    scf::YieldOp::create(b, accumulators);
    return llvm::to_vector_of<Value>(kernels.getResults());
  }

  /// One tap: multiplies its input into the accumulators of the filters.
  void emitTap(Value position, Value firstWeight,
               MutableArrayRef<Value> accumulators) {
    for (auto [f, accumulator] : llvm::enumerate(accumulators)) {
      Value x = memref::LoadOp::create(b, kernel.input, position);
      Value w =
          memref::LoadOp::create(b, kernel.weight, index.add(firstWeight, f));
      accumulator = emitMultiplyAdd(accumulator, w, x);
    }
  }

  Value emitMultiplyAdd(Value sum, Value w, Value x) {
    if (!kernel.quantization)
      return arith::AddFOp::create(b, sum, arith::MulFOp::create(b, w, x));
    Value product =
        arith::MulIOp::create(b, widenBytes(b, w, Bytes::Signed),
                              widenBytes(b, x, kernel.quantization.getBytes()));
    return arith::AddIOp::create(b, sum, product);
  }

  /// Where the kernels of a filter group begin, in 32 bits.
  Value loadBound(Value filterGroup) {
    Value bound = memref::LoadOp::create(b, groups.offset, filterGroup);
    if (bound.getType() == b.getI32Type())
      return bound;
    return arith::ExtUIOp::create(b, b.getI32Type(), bound);
  }

  Value constant(int64_t number) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(number));
  }

  /// Begins a loop that carries accumulators; the position is moved into its
  /// body. It counts in 32 bits: a branch of IREE 3.13's VM moves 64-bit
  /// indices and 32-bit floats in such an order that one may overwrite the
  /// other.
  scf::ForOp beginLoop(Value begin, Value end, int64_t step,
                       ValueRange accumulators) {
    auto loop = scf::ForOp::create(b, begin, end, constant(step), accumulators);
    b.setInsertionPointToStart(loop.getBody());
    return loop;
  }

  /// The number that a loop made by `beginLoop` is at, as an index.
  Value counter(scf::ForOp loop) {
    return arith::IndexCastUIOp::create(b, b.getIndexType(),
                                        loop.getInductionVar());
  }

  KernelBuilder &builder;
  const DirectKernel &kernel;
  const FilterGroups &groups;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  Value filterTile, image;
};

void DirectKernel::emitLoops(KernelBuilder &builder) {
  Loops(builder, *this).emit();
}
