// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The channel-stationary schedule for CPUs, for filters that share nothing. Of
// a tile of output positions, everything that the patterns read of one input
// channel is loaded once and stays in registers, while loops go over the
// filters that keep a kernel of this channel, pattern by pattern. Each adds to
// the sums of its filter, which lie in the first-level cache, on the stack.

#include "kernels/ConvolutionKernel.h"
#include "kernels/IndexArithmetic.h"
#include "kernels/TileOutput.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <map>

using namespace mlir;
using namespace patternc;

namespace {

/// Emits the kernel; the members are the values that several steps read.
class ChannelKernel {
public:
  ChannelKernel(StreamExecutable &executable, const ConvolutionKernel &kernel)
      : executable(executable), kernel(kernel), b(executable.body()), index(b),
        geometry(kernel.geometry), vectors(kernel.schedule.getVectors()),
        patterns(kernel.set.getNumPatterns()),
        vectorType(VectorType::get(kernel.schedule.getLanes(),
                                   kernel.elementType())) {}

  void emit() {
    Value band = executable.workgroupId(0);
    block = executable.workgroupId(1);
    Value image = executable.workgroupId(2);
    imageBase = kernel.inputBase(b, image);
    output =
        TileOutput::create(executable, kernel, kernel.outputBase(b, image));
    // Of vectors, because these are aligned.
    sums = memref::AllocaOp::create(
        b, MemRefType::get({kernel.filterBlock() * vectors}, vectorType));

    int64_t bands = kernel.workgroups()[0];
    auto [firstTile, lastTile] = index.part(band, kernel.tiles(), bands);
    std::tie(firstFilter, lastFilter) =
        index.part(block, geometry.filters, kernel.schedule.getBlocks());
    forEach(firstTile, lastTile, [&](Value tile) {
      Value runStart = index.mul(tile, kernel.tile());
      inputBase = index.add(imageBase, runStart);
      forEach(firstFilter, lastFilter, [&](Value filter) { begin(filter); });
      forEach(index.constant(0), index.constant(geometry.channels),
              [&](Value channel) { emitChannel(channel); });
      forEach(firstFilter, lastFilter, [&](Value filter) {
        output->store(runStart, {filter}, load(firstSum(filter)));
      });
    });
  }

private:
  void forEach(Value begin, Value end, function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, begin, end, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

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
    if (int64_t ahead = kernel.schedule.getPrefetch()) {
      Value later = index.min(index.add(channel, ahead),
                              index.constant(geometry.channels - 1));
      kernel.prefetchTile(b, index.add(index.mul(later, planeSize), inputBase));
    }
    // What each position of a kernel reads.
    std::map<int32_t, SmallVector<Value>> inputs;
    Value base = index.add(index.mul(channel, planeSize), inputBase);
    for (int32_t position : kernel.set.getPositions())
      inputs.try_emplace(position);
    for (auto &[position, values] : inputs)
      for (int64_t v = 0; v < vectors; ++v)
        values.push_back(vector::LoadOp::create(
            b, vectorType, kernel.input,
            index.add(base, geometry.tapOffset(position, kernel.planes) +
                                v * kernel.schedule.getLanes())));

    Value run = index.mul(
        index.add(index.mul(block, geometry.channels), channel), patterns);
    Value first = index.load(kernel.offset, run);
    for (int64_t p = 0; p < patterns; ++p) {
      Value end = index.load(kernel.offset, index.add(run, p + 1));
      forEach(first, end, [&](Value k) {
        Value firstWeight = index.mul(k, kernel.set.getEntries());
        Value at = index.mul(index.load(kernel.descriptors, k), vectors);
        SmallVector<Value> values = load(at);
        for (auto [entry, position] : llvm::enumerate(kernel.set.getPattern(p)))
          for (int64_t v = 0; v < vectors; ++v)
            values[v] = vector::FMAOp::create(
                b,
                kernel.loadWeight(b, firstWeight, entry,
                                  kernel.set.getEntries()),
                inputs[position][v], values[v]);
        store(values, at);
      });
      first = end;
    }
  }

  StreamExecutable &executable;
  const ConvolutionKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  int64_t vectors, patterns;
  VectorType vectorType;
  Value sums, block, firstFilter, lastFilter, imageBase, inputBase;
  std::unique_ptr<TileOutput> output;
};

} // namespace

void ConvolutionKernel::emitChannels(StreamExecutable &executable) const {
  ChannelKernel(executable, *this).emit();
}
