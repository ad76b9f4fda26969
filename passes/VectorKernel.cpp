// The filter-group schedule for CPUs. A tile is a flat run of output positions
// over the plane, `vectors` vectors long; for each group of filters all its
// accumulators stay in registers while one loop goes over the kernels that the
// group keeps. Every input vector is loaded once and multiplied into all
// filters of the group. Positions between the rows of the image are computed
// and not stored.

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/ConvolutionKernel.h"
#include "passes/IndexArithmetic.h"

using namespace mlir;
using namespace patternc;

/// Multiply-adds of one kernel up to which its taps are unrolled.
static constexpr int64_t maxUnrolled = 512;

/// NEON multiplies by a lane of a register: weights come as vectors of four.
static constexpr int64_t laneWeights = 4;

/// 32-bit elements of a cache line.
static constexpr int64_t lineElements = 16;

namespace {

/// Emits the kernel; the members are the values that several steps read.
class VectorKernel {
public:
  VectorKernel(StreamExecutable &executable, const ConvolutionKernel &kernel)
      : executable(executable), kernel(kernel), b(executable.body()), index(b),
        geometry(kernel.geometry), lanes(kernel.schedule.getLanes()),
        vectors(kernel.schedule.getVectors()), group(kernel.group),
        vectorType(VectorType::get(lanes, b.getF32Type())),
        maskType(VectorType::get(lanes, b.getI1Type())) {}

  void emit() {
    Value tile = executable.workgroupId(0);
    Value block = executable.workgroupId(1);
    Value image = executable.workgroupId(2);
    runStart = index.mul(tile, kernel.tile());
    inputBase = index.add(
        index.mul(image, geometry.channels * kernel.planes.getPlaneSize()),
        runStart);
    outputBase = index.mul(image, geometry.filters * geometry.outHeight *
                                      geometry.outWidth);
    emitPlacements();

    int64_t perBlock = llvm::divideCeilSigned(kernel.filterGroups(),
                                              kernel.schedule.getBlocks());
    Value first = index.mul(block, perBlock);
    Value last = index.min(index.add(first, perBlock),
                           index.constant(kernel.filterGroups()));
    auto loop = scf::ForOp::create(b, first, last, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    emitFilterGroup(loop.getInductionVar());
  }

private:
  /// Part of a vector that lies in one row of the output.
  struct Segment {
    Value mask;     // lanes in the row
    Value position; // output position of lane 0, in its channel
  };

  /// Where the lanes of one vector of the tile belong in the output. It starts
  /// in one row and may end in the next.
  struct Placement {
    Value whole; // all lanes lie in the first segment
    SmallVector<Segment, 2> segments;
  };

  void emitPlacements() {
    int64_t rows = geometry.runRows(kernel.pitch());
    int64_t columns = geometry.runColumns(kernel.pitch());
    int64_t pitch = rows == 1 ? columns : kernel.pitch();
    Value zero = index.constant(0);
    for (int64_t v = 0; v < vectors; ++v) {
      Value start = index.add(runStart, v * lanes);
      Value row = index.div(start, pitch);
      Value column = index.sub(start, index.mul(row, pitch));
      Value inRow = index.max(index.sub(index.constant(columns), column), zero);
      Value count =
          arith::SelectOp::create(b, index.less(row, rows), inRow, zero);
      // A vector without a lane in the row keeps an address in the output.
      Value position = index.add(index.mul(row, columns), column);
      Value some =
          arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, count, zero);
      position = arith::SelectOp::create(b, some, position, zero);
      Placement &placement = placements.emplace_back();
      placement.whole = arith::CmpIOp::create(b, arith::CmpIPredicate::sge,
                                              count, index.constant(lanes));
      placement.segments.push_back(
          {vector::CreateMaskOp::create(b, maskType, count), position});
      if (rows == 1)
        continue;

      Value before = index.sub(index.constant(pitch), column);
      Value nextRow = index.add(row, 1);
      Value notBefore = vector::CreateMaskOp::create(b, maskType, before);
      Value all =
          arith::ConstantOp::create(b, DenseElementsAttr::get(maskType, true));
      Value mask = arith::XOrIOp::create(b, notBefore, all);
      Value inImage =
          vector::BroadcastOp::create(b, maskType, index.less(nextRow, rows));
      mask = arith::AndIOp::create(b, mask, inImage);
      Value nextPosition = index.sub(index.mul(nextRow, columns), before);
      placement.segments.push_back({mask, index.max(nextPosition, zero)});
    }
  }

  /// All of one filter group: its kernels, then its epilogue.
  void emitFilterGroup(Value filterGroup) {
    Value firstFilter = index.mul(filterGroup, group);
    SmallVector<Value> filters, init;
    for (int64_t g = 0; g < group; ++g) {
      Value filter = index.load(kernel.reorder, index.add(firstFilter, g));
      filters.push_back(filter);
      Value start;
      if (kernel.bias)
        start = vector::BroadcastOp::create(
            b, vectorType, memref::LoadOp::create(b, kernel.bias, filter));
      else
        start = arith::ConstantOp::create(
            b, DenseElementsAttr::get(vectorType, 0.0f));
      init.append(vectors, start);
    }

    SmallVector<Value> channels;
    for (Value filter : filters)
      channels.push_back(
          index.add(outputBase,
                    index.mul(filter, geometry.outHeight * geometry.outWidth)));
    Value firstKernel = index.load(kernel.offset, filterGroup);
    Value lastKernel = index.load(kernel.offset, index.add(filterGroup, 1));
    auto loop =
        scf::ForOp::create(b, firstKernel, lastKernel, index.constant(1), init);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      scf::YieldOp::create(
          b, emitKernel(loop.getInductionVar(), loop.getRegionIterArgs()));
    }
    emitStores(channels, loop.getResults());
  }

  /// The taps of one stored kernel; returns the new accumulators.
  SmallVector<Value> emitKernel(Value k, ValueRange accumulators) {
    if (kernel.schedule.getPrefetch() && kernel.planes.getPhases() == 1)
      emitPrefetch(k);
    KernelReads reads = readKernel(b, kernel, k);
    Value channel = index.add(reads.channelBase, inputBase);
    int64_t entries = kernel.set.getEntries();
    Value firstWeight = index.mul(k, entries * group);

    if (!kernel.taps || entries * group * vectors <= maxUnrolled) {
      SmallVector<Value> result(accumulators);
      for (int64_t entry = 0; entry < entries; ++entry)
        result =
            emitTap(index.add(channel, reads.tapOffset(index.constant(entry))),
                    index.add(firstWeight, entry * group), result);
      return result;
    }
    auto loop =
        scf::ForOp::create(b, index.constant(0), index.constant(entries),
                           index.constant(1), accumulators);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value entry = loop.getInductionVar();
    scf::YieldOp::create(
        b, emitTap(index.add(channel, reads.tapOffset(entry)),
                   index.add(firstWeight, index.mul(entry, group)),
                   loop.getRegionIterArgs()));
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// One tap: each vector of input is loaded once for all filters of the group.
  SmallVector<Value> emitTap(Value position, Value firstWeight,
                             ValueRange accumulators) {
    SmallVector<Value> weights = emitWeights(firstWeight);
    SmallVector<Value> result(accumulators);
    for (int64_t v = 0; v < vectors; ++v) {
      Value x = vector::LoadOp::create(b, vectorType, kernel.input,
                                       index.add(position, v * lanes));
      for (int64_t g = 0; g < group; ++g) {
        Value &accumulator = result[g * vectors + v];
        accumulator = vector::FMAOp::create(b, weights[g], x, accumulator);
      }
    }
    return result;
  }

  /// The weights of the group's filters for one tap, each in all lanes.
  SmallVector<Value> emitWeights(Value firstWeight) {
    SmallVector<Value> weights;
    bool byLane = lanes == laneWeights && group % laneWeights == 0;
    auto laneType = VectorType::get(laneWeights, b.getF32Type());
    Value lanesOfFour;
    for (int64_t g = 0; g < group; ++g) {
      Value at = index.add(firstWeight, g);
      Value scalar;
      if (byLane) {
        if (g % laneWeights == 0)
          lanesOfFour = vector::LoadOp::create(b, laneType, kernel.weight, at);
        scalar = vector::ExtractOp::create(b, lanesOfFour, g % laneWeights);
      } else {
        scalar = memref::LoadOp::create(b, kernel.weight, at);
      }
      weights.push_back(vector::BroadcastOp::create(b, vectorType, scalar));
    }
    return weights;
  }

  /// Asks for the cache lines that a later kernel will read.
  /// The kernels of the filter groups follow each other, so the first one of
  /// the next group is asked for as well.
  void emitPrefetch(Value k) {
    auto type = cast<MemRefType>(kernel.descriptors.getType());
    Value ahead = index.min(index.add(k, kernel.schedule.getPrefetch()),
                            index.constant(type.getNumElements() - 1));
    Value base = index.add(readKernel(b, kernel, ahead).channelBase, inputBase);
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

  void emitStores(ArrayRef<Value> channels, ValueRange accumulators) {
    for (int64_t v = 0; v < vectors; ++v) {
      const Placement &placement = placements[v];
      auto branch = scf::IfOp::create(b, placement.whole,
                                      /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      for (int64_t g = 0; g < group; ++g) {
        b.setInsertionPoint(branch);
        Value value =
            activate(b, accumulators[g * vectors + v], kernel.activation);
        auto positionOf = [&](const Segment &segment) {
          return index.add(channels[g], segment.position);
        };
        b.setInsertionPoint(branch.thenYield());
        vector::StoreOp::create(b, value, kernel.output,
                                ValueRange{positionOf(placement.segments[0])});
        b.setInsertionPoint(branch.elseYield());
        for (const Segment &segment : placement.segments)
          vector::MaskedStoreOp::create(b, kernel.output,
                                        ValueRange{positionOf(segment)},
                                        segment.mask, value);
      }
    }
  }

  StreamExecutable &executable;
  const ConvolutionKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  int64_t lanes, vectors, group;
  VectorType vectorType, maskType;
  Value runStart, inputBase, outputBase;
  SmallVector<Placement> placements;
};

} // namespace

void ConvolutionKernel::emitVector(StreamExecutable &executable) const {
  VectorKernel(executable, *this).emit();
}
