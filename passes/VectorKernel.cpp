// The filter-group schedule for CPUs. A tile is a flat run of output positions
// over the plane, `vectors` vectors long; the accumulators of `filters` filters
// of a group stay in registers while one loop goes over the kernels that the
// group keeps. Every multiply-add has loads of its own, in an order in which
// pattern-eliminate-redundant-loads leaves few values in registers. Positions
// between the rows of the image are computed as well.

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/ConvolutionKernel.h"
#include "passes/IndexArithmetic.h"
#include "passes/TileOutput.h"

using namespace mlir;
using namespace patternc;

/// NEON multiplies by a lane of a register: weights come as vectors of four.
static constexpr int64_t laneWeights = 4;

namespace {

/// Emits the kernel; the members are the values that several steps read.
class VectorKernel {
public:
  VectorKernel(StreamExecutable &executable, const ConvolutionKernel &kernel)
      : executable(executable), kernel(kernel), b(executable.body()), index(b),
        geometry(kernel.geometry), lanes(kernel.schedule.getLanes()),
        vectors(kernel.schedule.getVectors()), filters(kernel.filterTile()),
        vectorType(VectorType::get(lanes, b.getF32Type())) {}

  void emit() {
    Value band = executable.workgroupId(0);
    Value block = executable.workgroupId(1);
    Value image = executable.workgroupId(2);
    imageBase = kernel.inputBase(b, image);
    output = TileOutput::create(executable, kernel, image);

    auto [firstFilters, lastFilters] =
        index.part(block, kernel.filterTiles(), kernel.schedule.getBlocks());
    int64_t bands = kernel.workgroups()[0];
    auto [firstTile, lastTile] = index.part(band, kernel.tiles(), bands);
    auto loop =
        scf::ForOp::create(b, firstFilters, lastFilters, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    emitFilterTile(loop.getInductionVar(), firstTile, lastTile);
  }

private:
  /// The tiles of the filters that are computed at once. Their weights stay in
  /// the cache for all tiles, and outputs are written one after the other.
  void emitFilterTile(Value filterTile, Value firstTile, Value lastTile) {
    Value firstFilter = index.mul(filterTile, filters);
    SmallVector<Value> channels, init;
    for (int64_t f = 0; f < filters; ++f) {
      Value filter = index.load(kernel.reorder, index.add(firstFilter, f));
      channels.push_back(filter);
      Value start;
      if (kernel.bias)
        start = vector::BroadcastOp::create(
            b, vectorType, memref::LoadOp::create(b, kernel.bias, filter));
      else
        start = arith::ConstantOp::create(
            b, DenseElementsAttr::get(vectorType, 0.0f));
      init.append(vectors, start);
    }
    Value filterGroup;
    std::tie(filterGroup, filterInGroup) = kernel.groupOf(b, filterTile);
    Value firstKernel = index.load(kernel.offset, filterGroup);
    Value lastKernel = index.load(kernel.offset, index.add(filterGroup, 1));

    auto tiles = scf::ForOp::create(b, firstTile, lastTile, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tiles.getBody());
    Value runStart = index.mul(tiles.getInductionVar(), kernel.tile());
    inputBase = index.add(imageBase, runStart);
    size_t accumulators = init.size();
    if (kernel.storesDistances)
      init.push_back(inputBase);
    auto loop =
        scf::ForOp::create(b, firstKernel, lastKernel, index.constant(1), init);
    {
      OpBuilder::InsertionGuard inner(b);
      b.setInsertionPointToStart(loop.getBody());
      Value k = loop.getInductionVar();
      ValueRange carried = loop.getRegionIterArgs();
      KernelReads reads = readKernel(b, kernel, k);
      Value before = kernel.storesDistances ? carried.back() : inputBase;
      Value channel = index.add(reads.channelBase, before);
      if (kernel.schedule.getPrefetch() &&
          geometry.strideH * geometry.strideW == 1)
        emitPrefetch(k, channel);
      SmallVector<Value> next =
          emitKernel(k, channel, reads, carried.take_front(accumulators));
      if (kernel.storesDistances)
        next.push_back(channel);
      scf::YieldOp::create(b, next);
    }
    output->store(runStart, channels,
                  loop.getResults().take_front(accumulators));
  }

  /// The taps of stored kernel `k`; returns the new accumulators.
  SmallVector<Value> emitKernel(Value k, Value channel,
                                const KernelReads &reads,
                                ValueRange accumulators) {
    int64_t entries = kernel.set.getEntries();
    Value firstWeight =
        index.add(index.mul(k, entries * kernel.group), filterInGroup);

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
      Value weight = emitWeight(firstWeight, f);
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

  /// Loads the weight of filter number `f` for one tap, in all lanes.
  Value emitWeight(Value firstWeight, int64_t f) {
    Value scalar;
    if (lanes == laneWeights && filters % laneWeights == 0) {
      int64_t lane = f % laneWeights;
      auto type = VectorType::get(laneWeights, b.getF32Type());
      Value four = vector::LoadOp::create(b, type, kernel.weight,
                                          index.add(firstWeight, f - lane));
      scalar = vector::ExtractOp::create(b, four, lane);
    } else {
      scalar =
          memref::LoadOp::create(b, kernel.weight, index.add(firstWeight, f));
    }
    return vector::BroadcastOp::create(b, vectorType, scalar);
  }

  /// Asks for the cache lines that a later kernel than `k` will read.
  /// The kernels of the filter groups follow each other, so the first one of
  /// the next group is asked for as well; not by its distance, though, which
  /// may lead beyond the last channel.
  void emitPrefetch(Value k, Value channel) {
    auto type = cast<MemRefType>(kernel.descriptors.getType());
    Value ahead = index.min(index.add(k, kernel.schedule.getPrefetch()),
                            index.constant(type.getNumElements() - 1));
    Value base = index.add(readKernel(b, kernel, ahead).channelBase,
                           kernel.storesDistances ? channel : inputBase);
    if (kernel.storesDistances) {
      int64_t last = (geometry.channels - 1) * kernel.planes.getPlaneSize();
      base = index.min(base, index.add(inputBase, last));
    }
    constexpr int64_t lineElements = PlanesAttr::lineElements;
    int64_t nextLine = 0;
    for (int64_t y = 0; y < geometry.kernelHeight; ++y) {
      int64_t first =
          geometry.tapOffset(y * geometry.kernelWidth, kernel.planes);
      int64_t last = geometry.tapOffset((y + 1) * geometry.kernelWidth - 1,
                                        kernel.planes) +
                     kernel.tile() - 1;
      for (nextLine = std::max(nextLine, first / lineElements);
           nextLine <= last / lineElements; ++nextLine)
        memref::PrefetchOp::create(
            b, kernel.input,
            ValueRange{index.add(base, nextLine * lineElements)},
            /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
    }
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
  VectorKernel(executable, *this).emit();
}
