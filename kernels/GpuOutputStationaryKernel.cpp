// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A thread computes a quad of neighbouring positions in `rows` rows, of
// `filters` filters of a group. The sums stay in registers while a loop for
// each pattern goes over the kernels that the group keeps with it: their taps
// stand in the code, and what they read are whole quads, of which those that
// begin in between are shuffled together. Every multiply-add has loads of its
// own, which pattern-eliminate-redundant-loads shares.
//
// Where there are few positions, the kernels of a group are split over slices
// of a workgroup, whose sums are added through shared memory. Then each slice
// stores some of the filters. Or a workgroup computes several times `filters`
// filters, each in some of its threads.
//
// A depthwise convolution may compute its input in the same workgroups. Then
// all of their threads make a band of some channels, in memory that they share,
// and after that what reads it.

#include "kernels/GpuOutputStationaryKernel.h"

#include "kernels/IndexArithmetic.h"
#include "kernels/Placement.h"
#include "kernels/QuadOutput.h"
#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

/// Weights that one loop multiplies by: drivers load what all its taps need
/// before they multiply.
static constexpr int64_t maxWeights = 36;

/// Writes the loops; the members are the values that several steps read.
class GpuOutputStationaryKernel::Loops {
public:
  Loops(KernelBuilder &builder, const GpuOutputStationaryKernel &kernel)
      : builder(builder), kernel(kernel), b(builder.body()), index(b),
        geometry(kernel.geometry), tiles(kernel.tiles),
        filters(kernel.schedule.getFilters()),
        slices(kernel.schedule.getSlices()), parts(kernel.schedule.getParts()),
        slots(kernel.schedule.getSlots()),
        type(VectorType::get(quad, kernel.element)) {}

  void emit() {
    image = builder.workgroupId(2);
    inputRow = outputRow = index.constant(0);
    output.emplace(builder, kernel, tiles, image);
    locateThread();
    emitTile(builder.workgroupId(0));
    output->fillAround(storedChannels(), number,
                       slots * kernel.grid().workgroups[0]);
  }

  /// Makes the input, too: a band of it by `producer`, and what reads it.
  void emitWithInput(Loops &producer) {
    const GpuBand &band = *kernel.band;
    image = builder.workgroupId(2);
    output.emplace(builder, kernel, tiles, image);
    Value workgroup = builder.workgroupId(0);
    outputRow = index.min(index.mul(workgroup, band.outputRows),
                          index.constant(geometry.outHeight - band.outputRows));
    // The image may begin or end within what the band would have of it.
    Value before = index.constant(band.rowsBefore);
    Value bandRow = index.min(index.sub(index.max(outputRow, before), before),
                              index.constant(band.lastRow));
    inputRow = index.sub(outputRow, bandRow);
    input = builder.sharedMemory(MemRefType::get(band.elements() / quad, type));

    producer.emitBand(image, bandRow, input);
    builder.barrier();
    locateThread();
    emitTiles();
    output->fillAround(storedChannels(),
                       index.add(index.mul(workgroup, slots), slot),
                       slots * kernel.grid().workgroups[0]);
  }

private:
  /// Makes all phases of an image from `firstRow` on, in planes in `band`.
  void emitBand(Value image, Value firstRow, Value band) {
    inputRow = firstRow;
    outputRow = index.constant(0);
    locateThread();
    emitLoop(b, 0, geometry.phases, 1, [&](Value phase) {
      this->image = index.add(index.mul(image, geometry.phases), phase);
      output.emplace(builder, kernel, tiles, phase, band);
      emitTiles();
      output->fillAround(storedChannels(), slot, slots);
    });
  }

  /// The filters of a thread, and its place among those that compute them.
  void locateThread() {
    Value thread = builder.threadId();
    filterTile = builder.workgroupId(1);
    slice = index.constant(0);
    slot = thread;
    if (slices > 1) {
      slice = index.div(thread, slots * parts);
      slot = index.rem(thread, slots * parts);
    }
    inSlice = slot;
    part = index.constant(0);
    if (parts > 1) {
      part = index.div(slot, slots);
      slot = index.rem(slot, slots);
      filterTile = index.add(index.mul(filterTile, parts), part);
    }
    int64_t perGroup = kernel.group() / filters;
    filterGroup = index.div(filterTile, perGroup);
    filterInGroup = index.mul(index.rem(filterTile, perGroup), filters);
  }

  /// All tiles, one after the other.
  void emitTiles() {
    emitLoop(b, 0, llvm::divideCeilSigned(tiles.count(), slots), 1,
             [&](Value round) {
               emitTile(round);
               // What the slices exchanged is overwritten.
               if (slices > 1)
                 builder.barrier();
             });
  }

  /// One tile of each thread, after `round` others.
  void emitTile(Value round) {
    number = index.add(index.mul(round, slots), slot);
    Value tile = number;
    // Threads beyond the last tile have no kernels to go over, and no output.
    if (tiles.count() % slots != 0) {
      isInImage = index.less(number, tiles.count());
      tile = index.min(number, index.constant(tiles.count() - 1));
    }
    column = index.rem(tile, tiles.columns);
    row = index.mul(index.div(tile, tiles.columns), tiles.rows);
    if (tiles.height % tiles.rows != 0)
      row = index.min(row, index.constant(tiles.height - tiles.rows));
    SmallVector<Value> sums = emitSums();
    store(slices > 1 ? addSlices(sums) : sums);
  }

  /// The sums of all filters in all rows, filter after filter.
  SmallVector<Value> emitSums() {
    if (!kernel.band)
      input = builder.asVectors(kernel.input, quad);
    weight = kernel.record.inQuads ? builder.asVectors(kernel.weight, quad)
                                   : kernel.weight;
    // A band is of one image.
    Value base =
        kernel.band ? index.constant(0) : kernel.inputBase(b, image, quad);
    position = index.add(base, index.add(index.mul(index.add(row, inputRow),
                                                   kernel.pitch() / quad),
                                         column));
    Value firstFilter = index.mul(filterTile, filters);
    SmallVector<Value> sums;
    for (int64_t f = 0; f < filters; ++f)
      sums.append(tiles.rows, emitStart(index.add(firstFilter, f)));
    int64_t patterns = kernel.patterns().getNumPatterns();
    Value run = index.mul(filterGroup, patterns);
    for (int64_t p = 0; p < patterns; ++p)
      for (auto [first, last] : splitTaps(kernel.patterns().getPattern(p)))
        sums = emitRun(index.add(run, p), p, first, last, sums);
    return sums;
  }

  /// The taps of a pattern in as few parts as leave registers to what each of
  /// them loads; rows stay together, which share it.
  SmallVector<std::pair<int64_t, int64_t>>
  splitTaps(ArrayRef<int32_t> pattern) const {
    SmallVector<std::pair<int64_t, int64_t>> parts;
    int64_t taps = pattern.size();
    int64_t most = std::max<int64_t>(maxWeights / filters, 1);
    for (int64_t first = 0, last; first < taps; first = last) {
      last = std::min(first + most, taps);
      auto isInRow = [&](int64_t tap) {
        return pattern[tap] / geometry.kernelWidth ==
               pattern[last] / geometry.kernelWidth;
      };
      int64_t end = last;
      while (last < taps && end > first && isInRow(end - 1))
        --end;
      if (end > first)
        last = end;
      parts.emplace_back(first, last);
    }
    return parts;
  }

  /// What the sums of a filter begin with: its bias, in one of the slices.
  Value emitStart(Value stored) {
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
    if (!kernel.bias)
      return zero;
    Value start = vector::BroadcastOp::create(
        b, type,
        memref::LoadOp::create(b, kernel.bias,
                               index.load(kernel.reorder, stored)));
    if (slices == 1)
      return start;
    return selectQuad(b, index.less(slice, 1), start, zero);
  }

  /// Taps `firstTap` to `lastTap` of the stored kernels of one pattern.
  SmallVector<Value> emitRun(Value run, int64_t pattern, int64_t firstTap,
                             int64_t lastTap, ValueRange sums) {
    Value first = index.load(kernel.runs, run);
    Value last = index.load(kernel.runs, index.add(run, 1));
    Value begin = index.add(first, slice);
    if (isInImage)
      begin = arith::SelectOp::create(b, isInImage, begin, last);
    auto loop =
        scf::ForOp::create(b, begin, last, index.constant(slices), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value k = loop.getInductionVar();
    Value channel = index.add(index.load(kernel.bases, k), position);
    SmallVector<Value> results(loop.getRegionIterArgs());
    for (int64_t tap = firstTap; tap < lastTap; ++tap) {
      int64_t offset = geometry.tapOffset(
          kernel.patterns().getPattern(pattern)[tap], kernel.planes);
      for (int64_t r = 0; r < tiles.rows; ++r)
        for (int64_t f = 0; f < filters; ++f) {
          Value &sum = results[f * tiles.rows + r];
          Value x = loadInput(channel, offset + r * kernel.pitch());
          sum = vector::FMAOp::create(b, loadWeight(k, tap, f), x, sum);
        }
    }
    scf::YieldOp::create(b, results);
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// Four neighbouring elements, from `offset` behind quad `base` on.
  Value loadInput(Value base, int64_t offset) {
    auto load = [&](int64_t i) -> Value {
      return memref::LoadOp::create(b, input, index.add(base, i));
    };
    int64_t i = offset / quad, shift = offset % quad;
    if (shift == 0)
      return load(i);
    return vector::ShuffleOp::create(
        b, load(i), load(i + 1),
        ArrayRef<int64_t>{shift, shift + 1, shift + 2, shift + 3});
  }

  /// A weight of stored kernel `k`, in all lanes.
  Value loadWeight(Value k, int64_t tap, int64_t f) {
    int64_t i = tap * kernel.group() + f;
    Value base = index.mul(k, kernel.record.stride), scalar;
    if (kernel.record.inQuads) {
      base = index.mul(k, kernel.record.quads());
      Value at = index.add(base, index.div(filterInGroup, quad));
      Value four = memref::LoadOp::create(b, weight, index.add(at, i / quad));
      scalar = vector::ExtractOp::create(b, four, i % quad);
    } else {
      scalar = memref::LoadOp::create(
          b, weight, index.add(index.add(base, filterInGroup), i));
    }
    return vector::BroadcastOp::create(b, type, scalar);
  }

  /// Adds the sums of all slices; returns those of the filters that this slice
  /// stores. One sum for each slice is exchanged at a time: the less memory a
  /// workgroup takes, the more of them are in flight.
  SmallVector<Value> addSlices(ArrayRef<Value> sums) {
    Value shared = builder.sharedMemory(
        MemRefType::get({slices * kernel.schedule.getThreads()}, type));
    // Threads beside each other write beside each other.
    auto place = [&](Value owner, Value slice) {
      Value line = index.add(index.mul(owner, slices), slice);
      return index.add(index.mul(line, slots * parts), inSlice);
    };
    int64_t own = sums.size() / slices;
    SmallVector<Value> results;
    for (int64_t i = 0; i < own; ++i) {
      if (i > 0)
        builder.barrier();
      for (int64_t owner = 0; owner < slices; ++owner)
        memref::StoreOp::create(b, sums[owner * own + i], shared,
                                place(index.constant(owner), slice));
      builder.barrier();
      Value result;
      for (int64_t s = 0; s < slices; ++s) {
        Value sum =
            memref::LoadOp::create(b, shared, place(slice, index.constant(s)));
        result = result ? arith::AddFOp::create(b, result, sum) : sum;
      }
      results.push_back(result);
    }
    return results;
  }

  /// The channels of the output whose filters the thread stores: places in a
  /// band, or what the order of filters says.
  SmallVector<Value> storedChannels() {
    Value first =
        index.mul(kernel.isPartOfConsumer() ? part : filterTile, filters);
    if (slices > 1)
      first = index.add(first, index.mul(slice, filters / slices));
    SmallVector<Value> channels;
    for (int64_t f = 0; f < filters / slices; ++f) {
      Value filter = index.add(first, f);
      channels.push_back(kernel.isPartOfConsumer()
                             ? filter
                             : index.load(kernel.reorder, filter));
    }
    return channels;
  }

  void store(ArrayRef<Value> sums) {
    SmallVector<Value> channels = storedChannels();
    OpBuilder::InsertionGuard guard(b);
    if (isInImage)
      b.setInsertionPointToStart(
          scf::IfOp::create(b, isInImage, /*withElseRegion=*/false)
              .thenBlock());
    output->store(channels, index.add(row, outputRow), column, sums);
  }

  KernelBuilder &builder;
  const GpuOutputStationaryKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  const GpuTiles &tiles;
  int64_t filters, slices, parts, slots;
  VectorType type;
  Value image;                      // of the input
  Value slice, inSlice, part, slot; // of the thread, in its workgroup
  Value filterTile, filterGroup, filterInGroup;
  Value number, row, column, position;
  Value isInImage;           // null where all threads have a tile
  Value inputRow, outputRow; // what row 0 is in the input and the output
  Value input, weight;       // in quads
  std::optional<QuadOutput> output;
};

GpuOutputStationaryKernel::GpuOutputStationaryKernel(PackedConv2DOp op)
    : ConvolutionKernel(op), schedule(scheduleOf<GpuOutputStationaryAttr>(op)),
      tiles(geometry, schedule.getRows()),
      record(storage, schedule.getFilters()) {
  PackedConv2DOp placed = placedIn(op);
  if (!placed || !reasonAgainstConsumer(placed).empty())
    return;
  band.emplace(placed, op);
  producer = std::make_unique<GpuOutputStationaryKernel>(placed);
  producer->outputPlanes = planes = band->planes();
  producer->tiles =
      GpuTiles(producer->geometry, producer->tiles.rows, band->inputRows);
  tiles = GpuTiles(geometry, tiles.rows, band->outputRows);
}

Grid GpuOutputStationaryKernel::grid() const {
  if (producer)
    return {{schedule.getBands(), geometry.filters / band->channels, images()},
            schedule.getThreads()};
  return {{llvm::divideCeilSigned(tiles.count(), schedule.getSlots()),
           geometry.filters / schedule.getFilters() / schedule.getParts(),
           images()},
          schedule.getThreads()};
}

LogicalResult GpuOutputStationaryKernel::addArrays(ArrayRef<float> weights,
                                                   FkwIndices indices,
                                                   KernelOperands &operands,
                                                   std::string &reason) {
  if (band)
    numberWithin(indices, band->channels);
  int64_t planeQuads = planes.getPlaneSize() / quad;
  if (!llvm::isInt<32>(geometry.channels * planeQuads)) {
    reason = "its input is longer than 32 bits can address";
    return failure();
  }
  if (record.needsPadding(weights))
    operands.front() =
        KernelArray{arrayName(".padded"), record.padded(weights)};
  int64_t numPatterns = patterns().getNumPatterns();
  StoredNumbers bases, runs;
  for (int32_t channel : indices.index)
    bases.values.push_back(channel * planeQuads);
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int64_t p = 0; p < numPatterns; ++p)
      runs.values.push_back(indices.offset[i] +
                            indices.patternOffset[i * (numPatterns + 1) + p]);
  runs.values.push_back(indices.offset.back());
  operands.push_back(KernelArray{arrayName(".kernels"), std::move(bases)});
  operands.push_back(KernelArray{arrayName(".runs"), std::move(runs)});
  operands.push_back(
      KernelArray{"", StoredNumbers{std::move(indices.reorder)}});
  return success();
}

void GpuOutputStationaryKernel::bindArrays(BufferCursor &buffers) {
  bases = buffers.take();
  runs = buffers.take();
  reorder = buffers.take();
}

void GpuOutputStationaryKernel::emitLoops(KernelBuilder &builder) {
  Loops loops(builder, *this);
  if (!producer)
    return loops.emit();
  Loops loopsOfInput(builder, *producer);
  loops.emitWithInput(loopsOfInput);
}
