// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A tile is a flat run of output positions
// over the plane, `vectors` vectors long; the accumulators of `filters` filters
// of a group stay in registers while one loop goes over the kernels that the
// group keeps. Every multiply-add has loads of its own, in an order in which
// pattern-eliminate-redundant-loads leaves few values in registers. Positions
// between the rows of the image are computed as well.
//
// A depthwise convolution may compute its input in the same workgroups. Then a
// filter group of the input is made for the whole image, and read before the
// next one takes its place.

#include "kernels/CpuOutputStationaryKernel.h"

#include "kernels/IndexArithmetic.h"
#include "kernels/Placement.h"
#include "kernels/TileOutput.h"
#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

/// Writes the loops; the members are the values that several steps read.
class CpuOutputStationaryKernel::Loops {
public:
  Loops(KernelBuilder &builder, const CpuOutputStationaryKernel &kernel)
      : builder(builder), kernel(kernel), b(builder.body()), index(b),
        geometry(kernel.geometry), schedule(kernel.schedule),
        groups(kernel.groups), tile(kernel.tile), lanes(tile.lanes),
        vectors(tile.vectors), filters(groups.filterTile()),
        vectorType(tile.vectorType()) {}

  void emit() {
    Value band = builder.workgroupId(0);
    Value block = builder.workgroupId(1);
    Value image = builder.workgroupId(2);
    imageBase = kernel.inputBase(b, image);
    output = TileOutput::create(b, kernel, tile, kernel.outputBase(b, image));

    auto filterTiles =
        index.part(block, groups.filterTiles(), schedule.getBlocks());
    int64_t bands = kernel.grid().workgroups[0];
    auto tiles = index.part(band, tile.tiles(), bands);
    emitLoop(b, filterTiles.first, filterTiles.second,
             [&](Value i) { emitFilterTile(i, tiles.first, tiles.second); });
  }

  /// Makes the input, too: a filter group of `producer` at a time, and what
  /// reads it at once.
  void emitWithInput(Loops &producer) {
    Value block = builder.workgroupId(1);
    Value image = builder.workgroupId(2);
    int64_t blocks = schedule.getBlocks();
    int64_t group = producer.kernel.group();
    imageBase = index.mul(index.add(index.mul(image, blocks), block),
                          group * kernel.planes.getPlaneSize());
    output = TileOutput::create(b, kernel, tile, kernel.outputBase(b, image));

    auto [first, last] = index.part(block, geometry.filters / group, blocks);
    emitLoop(b, first, last, [&](Value filterGroup) {
      producer.emitGroup(filterGroup, image, imageBase);
      Value filter = index.mul(filterGroup, group);
      emitLoop(b, filter, index.add(filter, group), [&](Value f) {
        emitFilterTile(f, index.constant(0), index.constant(tile.tiles()));
      });
    });
  }

private:
  /// All of one filter group, in all phases of an image. Its filters are
  /// written one after the other from `base` on.
  void emitGroup(Value filterGroup, Value image, Value base) {
    int64_t phases = geometry.phases, parts = kernel.group() / filters;
    emitLoop(b, index.constant(0), index.constant(phases), [&](Value phase) {
      imageBase =
          kernel.inputBase(b, index.add(index.mul(image, phases), phase));
      output = TileOutput::create(
          b, kernel, tile,
          index.add(base, index.mul(phase, kernel.channelSize())));
      Value part = index.mul(filterGroup, parts);
      emitLoop(b, part, index.add(part, parts), [&](Value i) {
        emitFilterTile(i, index.constant(0), index.constant(tile.tiles()));
      });
    });
  }

  /// The tiles of the filters that are computed at once. Their weights stay in
  /// the cache for all tiles, and outputs are written one after the other.
  void emitFilterTile(Value filterTile, Value firstTile, Value lastTile) {
    Value firstFilter = index.mul(filterTile, filters);
    Value filterGroup;
    std::tie(filterGroup, filterInGroup) = groups.groupOf(b, filterTile);
    SmallVector<Value> channels, init;
    for (int64_t f = 0; f < filters; ++f) {
      Value filter = index.load(groups.reorder, index.add(firstFilter, f));
      channels.push_back(
          schedule.isPlacedInConsumer() ? index.add(filterInGroup, f) : filter);
      Value start;
      if (kernel.bias)
        start = vector::BroadcastOp::create(
            b, vectorType, memref::LoadOp::create(b, kernel.bias, filter));
      else
        start = arith::ConstantOp::create(b, b.getZeroAttr(vectorType));
      init.append(vectors, start);
    }
    Value firstKernel = index.load(groups.offset, filterGroup);
    Value lastKernel = index.load(groups.offset, index.add(filterGroup, 1));
    Value prefetched = groups.storesDistances() && prefetches()
                           ? emitDistance(firstKernel)
                           : Value();

    auto tiles = scf::ForOp::create(b, firstTile, lastTile, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tiles.getBody());
    Value runStart = index.mul(tiles.getInductionVar(), tile.size());
    inputBase = index.add(imageBase, runStart);
    size_t accumulators = init.size();
    // Distances lead from one channel to the next: that of the kernel, and that
    // of the kernel to prefetch.
    if (groups.storesDistances())
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
            base, groups.storesDistances() ? before[after.size()] : inputBase);
        after.push_back(channel);
        return channel;
      };
      KernelReads reads = groups.read(b, k);
      Value channel = step(reads.channelBase);
      if (prefetches())
        emitPrefetch(k, step);
      SmallVector<Value> results = emitKernel(k, channel, reads, sums);
      if (groups.storesDistances())
        results.append(after);
      scf::YieldOp::create(b, results);
    }
    output->store(runStart, channels,
                  loop.getResults().take_front(accumulators));
  }

  bool prefetches() const { return schedule.getPrefetch() != 0; }

  /// The taps of stored kernel `k`; returns the new accumulators.
  SmallVector<Value> emitKernel(Value k, Value channel,
                                const KernelReads &reads,
                                ValueRange accumulators) {
    int64_t entries = kernel.taps();
    Value firstWeight =
        index.add(index.mul(k, entries * kernel.group()), filterInGroup);
    prefetchWeights(b, kernel, firstWeight, entries * kernel.group(),
                    schedule.getPrefetchWeights());

    auto emitTaps = [&](Value first, int64_t count, ValueRange accumulators) {
      SmallVector<Value> result(accumulators);
      for (int64_t i = 0; i < count; ++i) {
        Value entry = index.add(first, i);
        result = emitTap(
            index.add(channel, reads.tapOffset(entry)),
            index.add(firstWeight, index.mul(entry, kernel.group())), result);
      }
      return result;
    };
    int64_t unrolled = schedule.getUnroll();
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

  /// One tap. What varies fastest stays in registers for all of the others,
  /// once loads are shared.
  SmallVector<Value> emitTap(Value position, Value firstWeight,
                             ValueRange accumulators) {
    SmallVector<Value> result(accumulators);
    auto multiply = [&](int64_t f, int64_t v) {
      Value weight = tile.loadWeight(b, firstWeight, f, filters);
      Value x = vector::LoadOp::create(b, vectorType, kernel.input,
                                       index.add(position, v * lanes));
      Value &accumulator = result[f * vectors + v];
      accumulator = vector::FMAOp::create(b, weight, x, accumulator);
    };
    if (schedule.getInner() == InnerLoop::Vectors) {
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
    auto type = cast<MemRefType>(groups.descriptors.getType());
    return index.min(k, index.constant(type.getNumElements() - 1));
  }

  /// Where the channel begins that is prefetched before kernel `first`.
  Value emitDistance(Value first) {
    return emitFold(b, schedule.getPrefetch(), index.constant(0),
                    [&](Value i, Value sum) {
                      Value k = upToLast(index.add(first, i));
                      return index.add(sum, groups.read(b, k).channelBase);
                    });
  }

  /// Asks for what a later kernel will read. The kernels of the filter groups
  /// follow each other, so the first one of the next group is asked for as
  /// well; not by its distance, though, which may lead beyond the last channel.
  void emitPrefetch(Value k, function_ref<Value(Value)> step) {
    Value ahead = upToLast(index.add(k, schedule.getPrefetch()));
    Value channel = step(groups.read(b, ahead).channelBase);
    if (groups.storesDistances()) {
      int64_t last = (geometry.channels - 1) * kernel.planes.getPlaneSize();
      channel = index.min(channel, index.add(inputBase, last));
    }
    tile.prefetchInput(b, channel);
  }

  KernelBuilder &builder;
  const CpuOutputStationaryKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  CpuOutputStationaryAttr schedule;
  const FilterGroups &groups;
  const VectorTile &tile;
  int64_t lanes, vectors, filters;
  VectorType vectorType;
  Value imageBase, inputBase, filterInGroup;
  std::unique_ptr<TileOutput> output;
};

CpuOutputStationaryKernel::CpuOutputStationaryKernel(PackedConv2DOp op)
    : ConvolutionKernel(op), schedule(scheduleOf<CpuOutputStationaryAttr>(op)),
      tile(*this, schedule.getLanes(), schedule.getVectors(),
           schedule.getWeights()),
      groups(*this, schedule.getFilters(), schedule.getOffsets(),
             schedule.getChannels()) {
  PackedConv2DOp placed = placedIn(op);
  if (placed && reasonAgainstConsumer(placed).empty())
    producer = std::make_unique<CpuOutputStationaryKernel>(placed);
}

Grid CpuOutputStationaryKernel::grid() const {
  if (producer)
    return {{1, schedule.getBlocks(), images()}};
  return {{llvm::divideCeilSigned(tile.tiles(), schedule.getTiles()),
           schedule.getBlocks(), images()}};
}

std::optional<KernelOperands>
CpuOutputStationaryKernel::operands(std::string &reason) {
  if (!producer || workspaceBytes() <= maxTensorBytes)
    return ConvolutionKernel::operands(reason);
  reason = "its workgroups take too much memory for the input that is placed "
           "in it";
  return std::nullopt;
}

int64_t CpuOutputStationaryKernel::workspaceBytes() const {
  std::array<int64_t, 3> workgroups = grid().workgroups;
  return saturatedProduct({workgroups[1], workgroups[2], producer->group(),
                           producer->channelStride(),
                           element.getIntOrFloatBitWidth() / 8});
}

LogicalResult CpuOutputStationaryKernel::addArrays(ArrayRef<float>,
                                                   FkwIndices indices,
                                                   KernelOperands &operands,
                                                   std::string &reason) {
  if (producer)
    numberWithin(indices, producer->group());
  return groups.addArrays(std::move(indices), operands, reason);
}

SmallVector<RankedTensorType> CpuOutputStationaryKernel::workspaces() const {
  if (!producer)
    return {};
  RankedTensorType made = producer->op.getType();
  std::array<int64_t, 3> workgroups = grid().workgroups;
  int64_t shape[] = {workgroups[1] * workgroups[2], producer->group(),
                     made.getDimSize(2), made.getDimSize(3)};
  return {
      RankedTensorType::get(shape, made.getElementType(), made.getEncoding())};
}

void CpuOutputStationaryKernel::bindArrays(BufferCursor &buffers) {
  groups.bind(buffers);
}

void CpuOutputStationaryKernel::bindResults(BufferCursor &buffers) {
  ConvolutionKernel::bindResults(buffers);
  if (producer)
    producer->output = input = buffers.take();
}

void CpuOutputStationaryKernel::emitLoops(KernelBuilder &builder) {
  Loops loops(builder, *this);
  if (!producer)
    return loops.emit();
  Loops loopsOfInput(builder, *producer);
  loops.emitWithInput(loopsOfInput);
}
