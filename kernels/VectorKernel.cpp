// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The filter-group schedule for CPUs. A tile is a flat run of output positions
// over the plane, `vectors` vectors long; the accumulators of `filters` filters
// of a group stay in registers while one loop goes over the kernels that the
// group keeps. Every multiply-add has loads of its own, in an order in which
// pattern-eliminate-redundant-loads leaves few values in registers. Positions
// between the rows of the image are computed as well.
//
// A depthwise convolution may compute its input in the same workgroups. Then a
// filter group of the input is made for the whole image, and read before the
// next one takes its place.

#include "kernels/ConvolutionKernel.h"
#include "kernels/IndexArithmetic.h"
#include "kernels/TileOutput.h"
#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

namespace {

/// Emits the kernel; the members are the values that several steps read.
class VectorKernel {
public:
  VectorKernel(StreamExecutable &executable, const ConvolutionKernel &kernel)
      : executable(executable), kernel(kernel), b(executable.body()), index(b),
        geometry(kernel.geometry), lanes(kernel.schedule.getLanes()),
        vectors(kernel.schedule.getVectors()), filters(kernel.filterTile()),
        vectorType(VectorType::get(lanes, kernel.elementType())) {}

  void emit() {
    Value band = executable.workgroupId(0);
    Value block = executable.workgroupId(1);
    Value image = executable.workgroupId(2);
    imageBase = kernel.inputBase(b, image);
    output =
        TileOutput::create(executable, kernel, kernel.outputBase(b, image));

    auto [firstFilters, lastFilters] =
        index.part(block, kernel.filterTiles(), kernel.schedule.getBlocks());
    int64_t bands = kernel.workgroups()[0];
    auto [firstTile, lastTile] = index.part(band, kernel.tiles(), bands);
    forEach(firstFilters, lastFilters,
            [&](Value i) { emitFilterTile(i, firstTile, lastTile); });
  }

  /// Makes the input, too: a filter group of `maker` at a time, and what reads
  /// it at once.
  void emitWithInput(VectorKernel &maker) {
    Value block = executable.workgroupId(1);
    Value image = executable.workgroupId(2);
    int64_t blocks = kernel.schedule.getBlocks();
    int64_t group = maker.kernel.group;
    imageBase = index.mul(index.add(index.mul(image, blocks), block),
                          group * kernel.planes.getPlaneSize());
    output =
        TileOutput::create(executable, kernel, kernel.outputBase(b, image));

    auto [first, last] = index.part(block, geometry.filters / group, blocks);
    forEach(first, last, [&](Value filterGroup) {
      maker.emitGroup(filterGroup, image, imageBase);
      Value filter = index.mul(filterGroup, group);
      forEach(filter, index.add(filter, group), [&](Value f) {
        emitFilterTile(f, index.constant(0), index.constant(kernel.tiles()));
      });
    });
  }

private:
  void forEach(Value first, Value last, function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, first, last, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  /// All of one filter group, in all phases of an image. Its filters are
  /// written one after the other from `base` on.
  void emitGroup(Value filterGroup, Value image, Value base) {
    int64_t phases = geometry.phases, parts = kernel.group / filters;
    forEach(index.constant(0), index.constant(phases), [&](Value phase) {
      imageBase =
          kernel.inputBase(b, index.add(index.mul(image, phases), phase));
      output = TileOutput::create(
          executable, kernel,
          index.add(base, index.mul(phase, kernel.channelSize())));
      Value part = index.mul(filterGroup, parts);
      forEach(part, index.add(part, parts), [&](Value i) {
        emitFilterTile(i, index.constant(0), index.constant(kernel.tiles()));
      });
    });
  }

  /// The tiles of the filters that are computed at once. Their weights stay in
  /// the cache for all tiles, and outputs are written one after the other.
  void emitFilterTile(Value filterTile, Value firstTile, Value lastTile) {
    Value firstFilter = index.mul(filterTile, filters);
    Value filterGroup;
    std::tie(filterGroup, filterInGroup) = kernel.groupOf(b, filterTile);
    bool isPlacedInReader = kernel.schedule.isPlacedInReader();
    SmallVector<Value> channels, init;
    for (int64_t f = 0; f < filters; ++f) {
      Value filter = index.load(kernel.reorder, index.add(firstFilter, f));
      channels.push_back(isPlacedInReader ? index.add(filterInGroup, f)
                                          : filter);
      Value start;
      if (kernel.bias)
        start = vector::BroadcastOp::create(
            b, vectorType, memref::LoadOp::create(b, kernel.bias, filter));
      else
        start = arith::ConstantOp::create(b, b.getZeroAttr(vectorType));
      init.append(vectors, start);
    }
    Value firstKernel = index.load(kernel.offset, filterGroup);
    Value lastKernel = index.load(kernel.offset, index.add(filterGroup, 1));
    Value prefetched = kernel.storesDistances && prefetches()
                           ? emitDistance(firstKernel)
                           : Value();

    auto tiles = scf::ForOp::create(b, firstTile, lastTile, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tiles.getBody());
    Value runStart = index.mul(tiles.getInductionVar(), kernel.tile());
    inputBase = index.add(imageBase, runStart);
    size_t accumulators = init.size();
    // Distances lead from one channel to the next: that of the kernel, and that
    // of the kernel to prefetch.
    if (kernel.storesDistances)
      init.push_back(inputBase);
    if (prefetched)
      init.push_back(index.add(inputBase, prefetched));
    auto loop =
        scf::ForOp::create(b, firstKernel, lastKernel, index.constant(1), init);
    {
      OpBuilder::InsertionGuard inner(b);
      b.setInsertionPointToStart(loop.getBody());
      Value k = loop.getInductionVar();
      ValueRange sums = loop.getRegionIterArgs().take_front(accumulators);
      ValueRange before = loop.getRegionIterArgs().drop_front(accumulators);
      SmallVector<Value> after;
      auto step = [&](Value base) {
        Value channel = index.add(
            base, kernel.storesDistances ? before[after.size()] : inputBase);
        after.push_back(channel);
        return channel;
      };
      KernelReads reads = readKernel(b, kernel, k);
      Value channel = step(reads.channelBase);
      if (prefetches())
        emitPrefetch(k, step);
      SmallVector<Value> results = emitKernel(k, channel, reads, sums);
      if (kernel.storesDistances)
        results.append(after);
      scf::YieldOp::create(b, results);
    }
    output->store(runStart, channels,
                  loop.getResults().take_front(accumulators));
  }

  bool prefetches() const {
    return kernel.schedule.getPrefetch() &&
           geometry.strideH * geometry.strideW == 1;
  }

  /// The taps of stored kernel `k`; returns the new accumulators.
  SmallVector<Value> emitKernel(Value k, Value channel,
                                const KernelReads &reads,
                                ValueRange accumulators) {
    int64_t entries = kernel.set.getEntries();
    Value firstWeight =
        index.add(index.mul(k, entries * kernel.group), filterInGroup);
    if (kernel.schedule.getPrefetch())
      kernel.prefetchWeights(b, firstWeight, entries * kernel.group);

    auto emitTaps = [&](Value first, int64_t count, ValueRange accumulators) {
      SmallVector<Value> result(accumulators);
      for (int64_t i = 0; i < count; ++i) {
        Value entry = index.add(first, i);
        result = emitTap(index.add(channel, reads.tapOffset(entry)),
                         index.add(firstWeight, index.mul(entry, kernel.group)),
                         result);
      }
      return result;
    };
    int64_t unrolled = kernel.unrolledTaps();
    if (unrolled == entries)
      return emitTaps(index.constant(0), entries, accumulators);
    auto loop =
        scf::ForOp::create(b, index.constant(0), index.constant(entries),
                           index.constant(unrolled), accumulators);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(b, emitTaps(loop.getInductionVar(), unrolled,
                                     loop.getRegionIterArgs()));
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// One tap. Input vectors and weights, whichever are fewer, vary fastest:
  /// once loads are shared, they stay in registers for all of the others.
  SmallVector<Value> emitTap(Value position, Value firstWeight,
                             ValueRange accumulators) {
    SmallVector<Value> result(accumulators);
    auto multiply = [&](int64_t f, int64_t v) {
      Value weight = kernel.loadWeight(b, firstWeight, f, filters);
      Value x = vector::LoadOp::create(b, vectorType, kernel.input,
                                       index.add(position, v * lanes));
      Value &accumulator = result[f * vectors + v];
      accumulator = vector::FMAOp::create(b, weight, x, accumulator);
    };
    if (vectors < filters) {
      for (int64_t f = 0; f < filters; ++f)
        for (int64_t v = 0; v < vectors; ++v)
          multiply(f, v);
    } else {
      for (int64_t v = 0; v < vectors; ++v)
        for (int64_t f = 0; f < filters; ++f)
          multiply(f, v);
    }
    return result;
  }

  /// Stored kernel number `k`, or the last one behind it.
  Value upToLast(Value k) {
    auto type = cast<MemRefType>(kernel.descriptors.getType());
    return index.min(k, index.constant(type.getNumElements() - 1));
  }

  /// Where the channel begins that is prefetched before kernel `first`.
  Value emitDistance(Value first) {
    return emitFold(b, kernel.schedule.getPrefetch(), index.constant(0),
                    [&](Value i, Value sum) {
                      Value k = upToLast(index.add(first, i));
                      return index.add(sum,
                                       readKernel(b, kernel, k).channelBase);
                    });
  }

  /// Asks for what a later kernel will read. The kernels of the filter groups
  /// follow each other, so the first one of the next group is asked for as
  /// well; not by its distance, though, which may lead beyond the last channel.
  void emitPrefetch(Value k, function_ref<Value(Value)> step) {
    Value ahead = upToLast(index.add(k, kernel.schedule.getPrefetch()));
    Value channel = step(readKernel(b, kernel, ahead).channelBase);
    if (kernel.storesDistances) {
      int64_t last = (geometry.channels - 1) * kernel.planes.getPlaneSize();
      channel = index.min(channel, index.add(inputBase, last));
    }
    kernel.prefetchTile(b, channel);
  }

  StreamExecutable &executable;
  const ConvolutionKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  int64_t lanes, vectors, filters;
  VectorType vectorType;
  Value imageBase, inputBase, filterInGroup;
  std::unique_ptr<TileOutput> output;
};

} // namespace

void ConvolutionKernel::emitVector(StreamExecutable &executable) const {
  VectorKernel vectorKernel(executable, *this);
  if (!maker)
    return vectorKernel.emit();
  VectorKernel makerKernel(executable, *maker);
  vectorKernel.emitWithInput(makerKernel);
}
