// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// For filters that share nothing. Of
// a tile of output positions, everything that the patterns read of one input
// channel is loaded once and stays in registers, while loops go over the
// filters that keep a kernel of this channel, pattern by pattern. Each adds to
// the sums of its filter, which lie in the first-level cache, on the stack.

#include "kernels/CpuInputStationaryKernel.h"

#include "kernels/IndexArithmetic.h"
#include "kernels/TileOutput.h"
#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "storage/ChannelStorage.h"

#include <map>

using namespace mlir;
using namespace patternc;

/// Writes the loops; the members are the values that several steps read.
class CpuInputStationaryKernel::Loops {
public:
  Loops(KernelBuilder &builder, const CpuInputStationaryKernel &kernel)
      : builder(builder), kernel(kernel), b(builder.body()), index(b),
        geometry(kernel.geometry), schedule(kernel.schedule), tile(kernel.tile),
        vectors(tile.vectors), patterns(kernel.patterns().getNumPatterns()),
        vectorType(tile.vectorType()) {}

  void emit() {
    Value band = builder.workgroupId(0);
    block = builder.workgroupId(1);
    Value image = builder.workgroupId(2);
    imageBase = kernel.inputBase(b, image);
    output = TileOutput::create(b, kernel, tile, kernel.outputBase(b, image));
    int64_t filterBlock =
        llvm::divideCeilSigned(geometry.filters, schedule.getBlocks());
    // Of vectors, because these are aligned.
    sums = memref::AllocaOp::create(
        b, MemRefType::get({filterBlock * vectors}, vectorType));

    int64_t bands = kernel.grid().workgroups[0];
    auto [firstTile, lastTile] = index.part(band, tile.tiles(), bands);
    std::tie(firstFilter, lastFilter) =
        index.part(block, geometry.filters, schedule.getBlocks());
    emitLoop(b, firstTile, lastTile, [&](Value i) {
      Value runStart = index.mul(i, tile.size());
      inputBase = index.add(imageBase, runStart);
      emitLoop(b, firstFilter, lastFilter,
               [&](Value filter) { begin(filter); });
      emitLoop(b, index.constant(0), index.constant(geometry.channels),
               [&](Value channel) { emitChannel(channel); });
      emitLoop(b, firstFilter, lastFilter, [&](Value filter) {
        output->store(runStart, {filter}, load(firstSum(filter)));
      });
    });
  }

private:
  Value firstSum(Value filter) {
    return index.mul(index.sub(filter, firstFilter), vectors);
  }

  SmallVector<Value> load(Value firstSum) {
    return llvm::map_to_vector(llvm::seq(vectors), [&](int64_t v) -> Value {
      return memref::LoadOp::create(b, sums, index.add(firstSum, v));
    });
  }

  void store(ArrayRef<Value> values, Value firstSum) {
    for (auto [v, value] : llvm::enumerate(values))
      memref::StoreOp::create(b, value, sums, index.add(firstSum, v));
  }

  /// The sums of a filter begin with its bias.
  void begin(Value filter) {
    Value start;
    if (kernel.bias)
      start = vector::BroadcastOp::create(
          b, vectorType, memref::LoadOp::create(b, kernel.bias, filter));
    else
      start = arith::ConstantOp::create(b, b.getZeroAttr(vectorType));
    store(SmallVector<Value>(vectors, start), firstSum(filter));
  }

  /// All kernels of one channel, for the filters of the block.
  void emitChannel(Value channel) {
    int64_t planeSize = kernel.planes.getPlaneSize();
    if (int64_t ahead = schedule.getPrefetch()) {
      Value later = index.min(index.add(channel, ahead),
                              index.constant(geometry.channels - 1));
      tile.prefetchInput(b, index.add(index.mul(later, planeSize), inputBase));
    }
    // What each position of a kernel reads.
    std::map<int32_t, SmallVector<Value>> inputs;
    Value base = index.add(index.mul(channel, planeSize), inputBase);
    for (int32_t position : kernel.patterns().getPositions())
      inputs.try_emplace(position);
    for (auto &[position, values] : inputs)
      for (int64_t v = 0; v < vectors; ++v)
        values.push_back(vector::LoadOp::create(
            b, vectorType, kernel.input,
            index.add(base, geometry.tapOffset(position, kernel.planes) +
                                v * tile.lanes)));

    Value run = index.mul(
        index.add(index.mul(block, geometry.channels), channel), patterns);
    Value first = index.load(kernel.ends, run);
    for (int64_t p = 0; p < patterns; ++p) {
      Value end = index.load(kernel.ends, index.add(run, p + 1));
      emitLoop(b, first, end, [&](Value k) {
        Value firstWeight = index.mul(k, kernel.taps());
        Value at = index.mul(index.load(kernel.filters, k), vectors);
        SmallVector<Value> values = load(at);
        for (auto [entry, position] :
             llvm::enumerate(kernel.patterns().getPattern(p)))
          for (int64_t v = 0; v < vectors; ++v)
            values[v] = vector::FMAOp::create(
                b, tile.loadWeight(b, firstWeight, entry, kernel.taps()),
                inputs[position][v], values[v]);
        store(values, at);
      });
      first = end;
    }
  }

  KernelBuilder &builder;
  const CpuInputStationaryKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  CpuInputStationaryAttr schedule;
  const VectorTile &tile;
  int64_t vectors, patterns;
  VectorType vectorType;
  Value sums, block, firstFilter, lastFilter, imageBase, inputBase;
  std::unique_ptr<TileOutput> output;
};

CpuInputStationaryKernel::CpuInputStationaryKernel(PackedConv2DOp op)
    : ConvolutionKernel(op), schedule(scheduleOf<CpuInputStationaryAttr>(op)),
      tile(*this, schedule.getLanes(), schedule.getVectors(),
           schedule.getWeights()) {}

Grid CpuInputStationaryKernel::grid() const {
  return {{llvm::divideCeilSigned(tile.tiles(), schedule.getTiles()),
           schedule.getBlocks(), images()}};
}

LogicalResult CpuInputStationaryKernel::addArrays(ArrayRef<float> weights,
                                                  FkwIndices indices,
                                                  KernelOperands &operands,
                                                  std::string &) {
  ChannelArrays channels = orderByChannel(
      weights, indices, patterns(), geometry.channels, schedule.getBlocks());
  // A buffer cannot be empty.
  if (!channels.weight.empty())
    operands.front() =
        KernelArray{arrayName(".fkw"), std::move(channels.weight)};
  operands.push_back(KernelArray{
      arrayName(".filters"),
      StoredNumbers{llvm::to_vector_of<int32_t, 0>(channels.filter), 16}});
  operands.push_back(KernelArray{arrayName(".ends"),
                                 StoredNumbers{std::move(channels.ends), 32}});
  return success();
}

void CpuInputStationaryKernel::bindArrays(BufferCursor &buffers) {
  filters = buffers.take();
  ends = buffers.take();
}

void CpuInputStationaryKernel::emitLoops(KernelBuilder &builder) {
  Loops(builder, *this).emit();
}
