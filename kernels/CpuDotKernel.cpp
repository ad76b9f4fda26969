// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A tile is a flat run of output positions; the 32-bit sums of some filters of
// a group stay in registers while loops go over the records that the group
// keeps, those of one pattern after the other. A record is a kernel, of which
// four taps at a time make a quad, or four kernels of one pattern in different
// channels, of which each tap makes one. The bytes of a quad are loaded for all
// positions of the tile, with one load for those that lie in one row, and
// interleaved so that a lane has its four; each filter then costs one
// instruction a vector. Where a quad is not full, its weights are zero.

#include "kernels/CpuDotKernel.h"

#include "kernels/ByteBlocks.h"
#include "kernels/DotProducts.h"
#include "kernels/IndexArithmetic.h"
#include "kernels/Requantization.h"
#include "kernels/TileOutput.h"
#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

/// The greatest distance between channels that a byte holds.
static constexpr int32_t maxDistance = std::numeric_limits<uint8_t>::max();

/// Calls `found` with the stored kernels of each filter group and pattern.
static void forEachRun(
    const FkwIndices &indices, int64_t patterns,
    function_ref<void(int64_t group, int64_t first, int64_t last)> found) {
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int64_t p = 0; p < patterns; ++p) {
      const int32_t *ends = &indices.patternOffset[i * (patterns + 1) + p];
      found(i, indices.offset[i] + ends[0], indices.offset[i] + ends[1]);
    }
}

int64_t patternc::countQuads(const FkwIndices &indices,
                             KernelPatternsAttr patterns, Quads quads) {
  int64_t taps = patterns.getEntries(), count = 0;
  forEachRun(indices, patterns.getNumPatterns(),
             [&](int64_t, int64_t first, int64_t last) {
               count += quads == Quads::Taps
                            ? (last - first) * llvm::divideCeilSigned(taps, 4)
                            : llvm::divideCeilSigned(last - first, 4) * taps;
             });
  return count;
}

/// A kernel of a record: how many channels it is behind the one before, and its
/// number in FKW; none for zeros that stand where that distance is too long.
struct RecordKernel {
  int32_t distance;
  std::optional<int64_t> kernel;
};

/// The stored kernels from `first` to `last`, which have one pattern, in
/// records of `perRecord` kernels; the channel before the first is `before`.
static SmallVector<RecordKernel> recordsOf(const FkwIndices &indices,
                                           int64_t first, int64_t last,
                                           int64_t perRecord, int32_t before) {
  SmallVector<RecordKernel> kernels;
  for (int64_t k = first; k < last; ++k) {
    int32_t channel = indices.index[k];
    for (; channel - before > maxDistance; before += maxDistance)
      kernels.push_back({maxDistance, std::nullopt});
    kernels.push_back({channel - before, k});
    before = channel;
  }
  kernels.resize(llvm::alignTo(kernels.size(), perRecord), {0, std::nullopt});
  return kernels;
}

namespace {

/// Where the bytes of one of the four places of all quads are: in the vector
/// that was loaded from `address` on, `shift` bytes behind its first.
struct Place {
  Value row;
  int64_t shift;
};

} // namespace

/// Writes the loops; the members are the values that several steps read.
class CpuDotKernel::Loops {
public:
  Loops(KernelBuilder &builder, const CpuDotKernel &kernel)
      : builder(builder), kernel(kernel), b(builder.body()), index(b),
        geometry(kernel.geometry), schedule(kernel.schedule),
        lanes(schedule.getLanes()), vectors(schedule.getVectors()),
        filters(schedule.getFilters()),
        patterns(kernel.patterns().getNumPatterns()),
        quads(kernel.quadsOfRecord()),
        rowType(VectorType::get(4 * lanes, b.getI8Type())),
        sumType(VectorType::get(lanes, b.getI32Type())),
        dots(b, schedule.getProducts(), lanes, kernel.quantization.getBytes()) {
  }

  void emit() {
    Value band = builder.workgroupId(0);
    Value block = builder.workgroupId(1);
    Value image = builder.workgroupId(2);
    imageBase = kernel.inputBase(b, image);
    output =
        TileOutput::create(b, kernel, kernel.tile, kernel.outputBase(b, image));
    auto filterTiles =
        index.part(block, kernel.filterTiles(), schedule.getBlocks());
    auto tiles =
        index.part(band, kernel.tile.tiles(), kernel.grid().workgroups[0]);
    emitLoop(b, filterTiles.first, filterTiles.second,
             [&](Value i) { emitFilterTile(i, tiles.first, tiles.second); });
  }

private:
  /// The tiles of the filters that are computed at once.
  void emitFilterTile(Value filterTile, Value firstTile, Value lastTile) {
    int64_t parts = kernel.group() / filters;
    Value filterGroup = index.div(filterTile, parts);
    filterInGroup = index.mul(index.rem(filterTile, parts), filters);
    Value firstFilter = index.mul(filterTile, filters);
    SmallVector<Value> numbers, init;
    for (int64_t f = 0; f < filters; ++f) {
      Value filter = index.load(kernel.reorder, index.add(firstFilter, f));
      numbers.push_back(filter);
      Value start;
      if (kernel.scales.starts)
        start = vector::BroadcastOp::create(
            b, sumType,
            memref::LoadOp::create(b, kernel.scales.starts, filter));
      else
        start = arith::ConstantOp::create(b, b.getZeroAttr(sumType));
      init.append(vectors, start);
    }
    Value firstRun = index.mul(filterGroup, patterns);
    Value firstRecord = index.load(kernel.firsts, filterGroup);

    auto tiles = scf::ForOp::create(b, firstTile, lastTile, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tiles.getBody());
    Value runStart = index.mul(tiles.getInductionVar(), kernel.tile.size());
    inputBase = index.add(
        index.add(imageBase, runStart),
        index.mul(groupOf(numbers.front()), kernel.geometry.channelsPerGroup() *
                                                kernel.planes.getPlaneSize()));
    // Beside the sums, the record that is next.
    SmallVector<Value> carried = init;
    carried.push_back(firstRecord);
    if (kernel.hasTable())
      carried = emitFor(index.constant(0), index.constant(patterns), carried,
                        [&](Value pattern, ValueRange so) {
                          return emitRun(index.add(firstRun, pattern), pattern,
                                         /*positions=*/{}, so);
                        });
    else
      for (int64_t p = 0; p < patterns; ++p)
        carried = emitRun(index.add(firstRun, p), /*pattern=*/nullptr,
                          kernel.patterns().getPattern(p), carried);
    output->store(runStart, numbers, ArrayRef(carried).drop_back());
  }

  /// The group of the convolution that a filter is in.
  Value groupOf(Value filter) {
    return index.div(filter, geometry.filters / geometry.groups);
  }

  /// A loop that carries the sums and what comes after them.
  SmallVector<Value>
  emitFor(Value first, Value last, ValueRange carried,
          function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    auto loop = scf::ForOp::create(b, first, last, index.constant(1), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(
        b, body(loop.getInductionVar(), loop.getRegionIterArgs()));
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// The records of a filter group that have one pattern: number `pattern`, of
  /// which the offsets are in the table, or with taps at `positions`. The first
  /// is the last that is `carried`; so is the one behind them.
  SmallVector<Value> emitRun(Value run, Value pattern,
                             ArrayRef<int32_t> positions, ValueRange carried) {
    SmallVector<Value> offsets;
    if (pattern)
      for (int64_t i = 0; i < offsetsOfPattern(kernel); ++i)
        offsets.push_back(index.load(
            kernel.offsets,
            index.add(index.mul(pattern, offsetsOfPattern(kernel)), i)));
    Value first = carried.back();
    Value last = index.add(first, index.load(kernel.counts, run));
    // Beside the sums, where the channel begins that was read last.
    SmallVector<Value> before(carried.drop_back());
    before.push_back(inputBase);
    SmallVector<Value> after =
        emitFor(first, last, before, [&](Value record, ValueRange so) {
          SmallVector<Value> result(so.drop_back());
          SmallVector<Value, 4> bases = channelBases(record, so.back());
          for (int64_t quad = 0; quad < quads; ++quad) {
            SmallVector<Place, 4> places =
                pattern ? placesByTable(bases, offsets, quad)
                        : placesByCode(bases, positions, quad);
            emitQuad(index.add(index.mul(record, quads), quad), places, result);
          }
          result.push_back(bases.back());
          return result;
        });
    after.back() = last;
    return after;
  }

  /// Where the channels of a record begin; the one before them, at `base`.
  SmallVector<Value, 4> channelBases(Value record, Value base) {
    SmallVector<Value, 4> bases;
    int64_t count = kernel.channelsOfRecord();
    for (int64_t i = 0; i < count; ++i) {
      Value distance =
          index.load(kernel.channels, index.add(index.mul(record, count), i));
      base = index.add(base, index.mul(distance, kernel.planes.getPlaneSize()));
      bases.push_back(base);
    }
    return bases;
  }

  Value loadRow(Value at) {
    return vector::LoadOp::create(b, rowType, kernel.input, at);
  }

  /// Every place from a row of its own.
  SmallVector<Place, 4> placesByTable(ArrayRef<Value> bases,
                                      ArrayRef<Value> offsets, int64_t quad) {
    SmallVector<Place, 4> places;
    for (int64_t i = 0; i < 4; ++i) {
      bool isChannel = kernel.joinsChannels();
      Value base = isChannel ? bases[i] : bases[0];
      Value offset = isChannel ? offsets[quad] : offsets[4 * quad + i];
      places.push_back({loadRow(index.add(base, offset)), 0});
    }
    return places;
  }

  SmallVector<Place, 4> placesByCode(ArrayRef<Value> bases,
                                     ArrayRef<int32_t> positions,
                                     int64_t quad) {
    auto offsetOf = [&](int64_t tap) {
      return geometry.tapOffset(positions[tap], kernel.planes);
    };
    SmallVector<Place, 4> places;
    if (kernel.joinsChannels()) {
      for (Value base : bases)
        places.push_back({loadRow(index.add(base, offsetOf(quad))), 0});
      return places;
    }
    // Rows of their own are interleaved without vectors of indices, if that is
    // within 128 bits.
    if (kernel.inBlocks() || lanes <= lanesOfBlock) {
      for (int64_t i = 0; i < 4; ++i) {
        int64_t tap = std::min(4 * quad + i, kernel.taps() - 1);
        places.push_back({loadRow(index.add(bases[0], offsetOf(tap))), 0});
      }
      return places;
    }
    // Taps, in ascending order, share a row as far as it reaches.
    SmallVector<std::pair<int64_t, int64_t>, 4> byOffset;
    for (int64_t i = 0; i < 4; ++i)
      byOffset.push_back(
          {offsetOf(std::min(4 * quad + i, kernel.taps() - 1)), i});
    llvm::sort(byOffset);
    places.resize(4);
    int64_t reach = (4 - vectors) * lanes;
    Value row;
    int64_t rowOffset = 0;
    for (auto [offset, i] : byOffset) {
      if (!row || offset - rowOffset > reach) {
        row = loadRow(index.add(bases[0], offset));
        rowOffset = offset;
      }
      places[i] = {row, offset - rowOffset};
    }
    return places;
  }

  /// The four bytes of every lane of all vectors.
  SmallVector<Value, 4> interleave(ArrayRef<Place> places) {
    if (kernel.inBlocks())
      return unpackToBlocks(
          b, llvm::map_to_vector(places, [](const Place &p) { return p.row; }));
    SmallVector<Value, 4> all;
    for (int64_t v = 0; v < vectors; ++v)
      all.push_back(permute(places, v));
    return all;
  }

  /// The same of vector `v`, with its positions in their order.
  Value permute(ArrayRef<Place> places, int64_t v) {
    SmallVector<Value, 4> rows;
    for (const Place &place : places)
      if (!llvm::is_contained(rows, place.row))
        rows.push_back(place.row);
    if (rows.size() == 4)
      return permutePairs(rows, v);
    // Takes places from one or two rows; others hold anything.
    auto take = [&](Value first, Value second) -> Value {
      SmallVector<int64_t> mask;
      for (int64_t lane = 0; lane < lanes; ++lane)
        for (const Place &place : places) {
          int64_t at = v * lanes + lane + place.shift;
          mask.push_back(place.row == first    ? at
                         : place.row == second ? 4 * lanes + at
                                               : 0);
        }
      return vector::ShuffleOp::create(b, first, second, mask);
    };
    Value made = take(rows[0], rows.size() > 1 ? rows[1] : rows[0]);
    if (rows.size() <= 2)
      return made;
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < lanes; ++lane)
      for (auto [i, place] : llvm::enumerate(places))
        mask.push_back(place.row == rows[2]
                           ? 4 * lanes + v * lanes + lane + place.shift
                           : 4 * lane + i);
    return vector::ShuffleOp::create(b, made, rows[2], mask);
  }

  /// The same of four rows: the bytes of two by two, which serve two vectors,
  /// and then their pairs.
  Value permutePairs(ArrayRef<Value> rows, int64_t v) {
    SmallVector<int64_t> bytes, pairs;
    for (int64_t i = 0; i < 2 * lanes; ++i) {
      int64_t at = v / 2 * 2 * lanes + i;
      bytes.append({at, 4 * lanes + at});
    }
    for (int64_t lane = 0; lane < lanes; ++lane) {
      int64_t at = 2 * (v % 2 * lanes + lane);
      pairs.append({at, at + 1, 4 * lanes + at, 4 * lanes + at + 1});
    }
    Value first = vector::ShuffleOp::create(b, rows[0], rows[1], bytes);
    Value second = vector::ShuffleOp::create(b, rows[2], rows[3], bytes);
    return vector::ShuffleOp::create(b, first, second, pairs);
  }

  /// One quad of all positions and filters.
  void emitQuad(Value quad, ArrayRef<Place> places,
                SmallVectorImpl<Value> &sums) {
    SmallVector<DotProducts::Prepared> inputs;
    for (Value quads : interleave(places))
      inputs.push_back(dots.prepareInput(quads));
    Value firstWeight =
        index.mul(index.add(index.mul(quad, kernel.group()), filterInGroup), 4);
    for (int64_t f = 0; f < filters; ++f) {
      DotProducts::Prepared weights =
          dots.prepareWeights(loadWeights(firstWeight, f));
      for (int64_t v = 0; v < vectors; ++v) {
        Value &sum = sums[f * vectors + v];
        sum = dots.add(sum, inputs[v], weights);
      }
    }
  }

  /// The weights of one filter in every lane.
  Value loadWeights(Value first, int64_t f) {
    if (schedule.getWeights() == WeightLoads::Lanes) {
      int64_t lane = f % lanes;
      Value all = vector::LoadOp::create(b, rowType, kernel.weight,
                                         index.add(first, 4 * (f - lane)));
      SmallVector<int64_t> mask;
      for (int64_t i = 0; i < 4 * lanes; ++i)
        mask.push_back(4 * lane + i % 4);
      return vector::ShuffleOp::create(b, all, all, mask);
    }
    Value four = vector::LoadOp::create(b, VectorType::get(4, b.getI8Type()),
                                        kernel.weight, index.add(first, 4 * f));
    return dots.inAllLanes(four);
  }

  static int64_t offsetsOfPattern(const CpuDotKernel &kernel) {
    return kernel.quadsOfRecord() * (kernel.joinsChannels() ? 1 : 4);
  }

  KernelBuilder &builder;
  const CpuDotKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  CpuDotAttr schedule;
  int64_t lanes, vectors, filters, patterns, quads;
  VectorType rowType, sumType;
  DotProducts dots;
  Value imageBase, inputBase, filterInGroup;
  std::unique_ptr<TileOutput> output;
};

CpuDotKernel::CpuDotKernel(PackedConv2DOp op)
    : ConvolutionKernel(op), schedule(scheduleOf<CpuDotAttr>(op)),
      tile(*this, schedule.storedLanes(), schedule.storedVectors(),
           WeightLoads::Broadcast) {}

Grid CpuDotKernel::grid() const {
  return {{llvm::divideCeilSigned(tile.tiles(), schedule.getTiles()),
           schedule.getBlocks(), images()}};
}

Value CpuDotKernel::finish(ImplicitLocOpBuilder &b, ValueRange sums,
                           Value filter, Value position) const {
  auto type = cast<VectorType>(sums.front().getType());
  auto ofFilter = [&](Value numbers) -> Value {
    return vector::BroadcastOp::create(
        b, type.clone(b.getF32Type()),
        memref::LoadOp::create(b, numbers, filter));
  };
  FilterScales filters{ofFilter(scales.multiplier),
                       bias ? ofFilter(bias) : Value()};
  Value added;
  if (residual && position)
    added = vector::LoadOp::create(b, tile.vectorType(), residual, position);
  Value bytes = inBlocks()
                    ? requantizeBlocks(b, sums, filters, added, quantization,
                                       scales.fitI32)
                    : requantize(b, sums.front(), filters, added, quantization);
  return scales.lookUp(b, bytes, target);
}

LogicalResult CpuDotKernel::addArrays(ArrayRef<float> weights,
                                      FkwIndices indices,
                                      KernelOperands &operands,
                                      std::string &reason) {
  int64_t taps = this->taps(), group = this->group(),
          perRecord = channelsOfRecord();
  // Distances count from the first channel that the filters could read.
  auto firstChannelOf = [&](int64_t filter) {
    return filter / (geometry.filters / geometry.groups) *
           geometry.channelsPerGroup();
  };
  SmallVector<float, 0> quads;
  SmallVector<int32_t, 0> distances, counts, firsts;
  forEachRun(
      indices, patterns().getNumPatterns(),
      [&](int64_t filterGroup, int64_t first, int64_t last) {
        SmallVector<RecordKernel> kernels =
            recordsOf(indices, first, last, perRecord,
                      firstChannelOf(indices.reorder[filterGroup * group]));
        firsts.resize(filterGroup + 1, distances.size() / perRecord);
        counts.push_back(kernels.size() / perRecord);
        for (const RecordKernel &kernel : kernels)
          distances.push_back(kernel.distance);
        for (size_t record = 0; record < kernels.size(); record += perRecord)
          for (int64_t quad = 0; quad < quadsOfRecord(); ++quad)
            for (int64_t filter = 0; filter < group; ++filter)
              for (int64_t i = 0; i < 4; ++i) {
                auto kernel =
                    kernels[record + (joinsChannels() ? i : 0)].kernel;
                int64_t tap = joinsChannels() ? quad : 4 * quad + i;
                quads.push_back(
                    kernel && tap < taps
                        ? weights[(*kernel * taps + tap) * group + filter]
                        : 0);
              }
      });
  // A buffer cannot be empty, and a vector of weights is read whole.
  distances.resize(std::max<size_t>(distances.size(), 1));
  quads.append(schedule.getWeights() == WeightLoads::Lanes
                   ? 4 * schedule.getLanes()
                   : quads.empty(),
               0);
  operands.front() = KernelArray{arrayName(".quads"), std::move(quads)};
  if (failed(scales.addArrays(*this, weights, indices, operands, reason)))
    return failure();
  operands.push_back(KernelArray{arrayName(".channels"),
                                 StoredNumbers{std::move(distances), 8}});
  operands.push_back(KernelArray{
      arrayName(".runs"), StoredNumbers::inFewBits(std::move(counts), 8)});
  operands.push_back(KernelArray{arrayName(".groups"),
                                 StoredNumbers::inFewBits(std::move(firsts))});
  operands.push_back(
      KernelArray{"", StoredNumbers::inFewBits(std::move(indices.reorder))});
  if (hasTable()) {
    StoredNumbers table;
    for (int64_t p = 0; p < patterns().getNumPatterns(); ++p)
      for (int64_t tap = 0;
           tap < (joinsChannels() ? taps : 4 * quadsOfRecord()); ++tap)
        table.values.push_back(geometry.tapOffset(
            patterns().getPattern(p)[std::min(tap, taps - 1)], planes));
    operands.push_back(KernelArray{"", std::move(table)});
  }
  return success();
}

void CpuDotKernel::bindArrays(BufferCursor &buffers) {
  scales.bind(buffers, quantization);
  channels = buffers.take();
  counts = buffers.take();
  firsts = buffers.take();
  reorder = buffers.take();
  offsets = hasTable() ? buffers.take() : Value();
}

void CpuDotKernel::emitLoops(KernelBuilder &builder) {
  Loops(builder, *this).emit();
}
