// The filter-group schedule for CPUs. A tile is a flat run of output positions
// over the plane, `vectors` vectors long; for each group of filters all its
// accumulators stay in registers while one loop goes over the kernels that the
// group keeps. Every input vector is loaded once and multiplied into all
// filters of the group. Positions between the rows of the image are computed
// as well.

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
        vectors(kernel.schedule.getVectors()), group(kernel.group),
        vectorType(VectorType::get(lanes, b.getF32Type())) {}

  void emit() {
    Value band = executable.workgroupId(0);
    Value block = executable.workgroupId(1);
    Value image = executable.workgroupId(2);
    imageBase = kernel.inputBase(b, image);
    output = TileOutput::create(executable, kernel, image);

    auto [firstGroup, lastGroup] =
        index.part(block, kernel.filterGroups(), kernel.schedule.getBlocks());
    int64_t bands = kernel.workgroups()[0];
    auto [firstTile, lastTile] = index.part(band, kernel.tiles(), bands);
    auto loop = scf::ForOp::create(b, firstGroup, lastGroup, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    emitFilterGroup(loop.getInductionVar(), firstTile, lastTile);
  }

private:
  /// The tiles of one filter group. Its weights stay in the cache for all of
  /// them, and its outputs are written one after the other.
  void emitFilterGroup(Value filterGroup, Value firstTile, Value lastTile) {
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
    Value firstKernel = index.load(kernel.offset, filterGroup);
    Value lastKernel = index.load(kernel.offset, index.add(filterGroup, 1));

    auto tiles = scf::ForOp::create(b, firstTile, lastTile, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tiles.getBody());
    Value runStart = index.mul(tiles.getInductionVar(), kernel.tile());
    inputBase = index.add(imageBase, runStart);
    auto loop =
        scf::ForOp::create(b, firstKernel, lastKernel, index.constant(1), init);
    {
      OpBuilder::InsertionGuard inner(b);
      b.setInsertionPointToStart(loop.getBody());
      scf::YieldOp::create(
          b, emitKernel(loop.getInductionVar(), loop.getRegionIterArgs()));
    }
    output->store(runStart, filters, loop.getResults());
  }

  /// The taps of one stored kernel; returns the new accumulators.
  SmallVector<Value> emitKernel(Value k, ValueRange accumulators) {
    if (kernel.schedule.getPrefetch() &&
        geometry.strideH * geometry.strideW == 1)
      emitPrefetch(k);
    KernelReads reads = readKernel(b, kernel, k);
    Value channel = index.add(reads.channelBase, inputBase);
    int64_t entries = kernel.set.getEntries();
    Value firstWeight = index.mul(k, entries * group);

    auto emitTaps = [&](Value first, int64_t count, ValueRange accumulators) {
      SmallVector<Value> result(accumulators);
      for (int64_t i = 0; i < count; ++i) {
        Value entry = index.add(first, i);
        result =
            emitTap(index.add(channel, reads.tapOffset(entry)),
                    index.add(firstWeight, index.mul(entry, group)), result);
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

  /// One tap: each vector of input and each weight is loaded once. Whichever
  /// are fewer stay in registers for all of the others.
  SmallVector<Value> emitTap(Value position, Value firstWeight,
                             ValueRange accumulators) {
    SmallVector<Value> result(accumulators);
    auto input = [&](int64_t v) -> Value {
      return vector::LoadOp::create(b, vectorType, kernel.input,
                                    index.add(position, v * lanes));
    };
    auto multiply = [&](int64_t g, int64_t v, Value weight, Value x) {
      Value &accumulator = result[g * vectors + v];
      accumulator = vector::FMAOp::create(b, weight, x, accumulator);
    };
    if (vectors < group) {
      SmallVector<Value> inputs =
          llvm::map_to_vector(llvm::seq(vectors), input);
      forEachWeight(firstWeight, [&](int64_t g, Value weight) {
        for (int64_t v = 0; v < vectors; ++v)
          multiply(g, v, weight, inputs[v]);
      });
      return result;
    }
    SmallVector<Value> weights;
    forEachWeight(firstWeight,
                  [&](int64_t, Value weight) { weights.push_back(weight); });
    for (int64_t v = 0; v < vectors; ++v) {
      Value x = input(v);
      for (int64_t g = 0; g < group; ++g)
        multiply(g, v, weights[g], x);
    }
    return result;
  }

  /// Loads the weights of the group's filters for one tap, each in all lanes.
  void forEachWeight(Value firstWeight,
                     function_ref<void(int64_t, Value)> body) {
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
      body(g, vector::BroadcastOp::create(b, vectorType, scalar));
    }
  }

  /// Asks for the cache lines that a later kernel will read.
  /// The kernels of the filter groups follow each other, so the first one of
  /// the next group is asked for as well.
  void emitPrefetch(Value k) {
    auto type = cast<MemRefType>(kernel.descriptors.getType());
    Value ahead = index.min(index.add(k, kernel.schedule.getPrefetch()),
                            index.constant(type.getNumElements() - 1));
    Value base = index.add(readKernel(b, kernel, ahead).channelBase, inputBase);
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
  int64_t lanes, vectors, group;
  VectorType vectorType;
  Value imageBase, inputBase;
  std::unique_ptr<TileOutput> output;
};

} // namespace

void ConvolutionKernel::emitVector(StreamExecutable &executable) const {
  VectorKernel(executable, *this).emit();
}
