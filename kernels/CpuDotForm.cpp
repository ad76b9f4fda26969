// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of convolutions of bytes.

#include "kernels/ByteBlocks.h"
#include "kernels/ConvolutionForm.h"
#include "kernels/CpuDotKernel.h"
#include "kernels/DotProducts.h"
#include "kernels/Forms.h"
#include "kernels/WorkSplits.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

/// Patterns up to which each has a loop of its own.
static constexpr int64_t maxLoops = 16;

/// Vectors of sums for each filter: a row that is loaded at once is four long,
/// of which neighbouring taps take three.
static constexpr int64_t maxVectors = 4, maxVectorsOfTaps = 3;

/// Filters beyond which a load of input has enough work.
static constexpr int64_t maxFilters = 8;

/// Filters at once that are worth four vectors each, if a group has so many.
static constexpr int64_t minFiltersInBlocks = 4;

/// Whether vectors whose positions lie in blocks can be stored.
static bool hasBlocks(TargetAttr target, Bytes bytes, int64_t lanes) {
  return target.has(TargetFeature::SaturatingPack) &&
         bytes == Bytes::Unsigned && lanes >= lanesOfBlock;
}

std::string CpuDotAttr::reasonAgainst(Operation *operation,
                                      TargetAttr target) const {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  if (!op || !op.getQuantizationAttr())
    return "it is no convolution of bytes";
  if (ConvolutionGeometry::onPlanes(op).isFullyConnected())
    return "it is a product with a matrix";
  if (op.getStorage().getGroup() % getFilters() != 0)
    return "it computes filters at once that do not divide the filter group";
  // Sums are longer than bytes.
  std::string reason = reasonAgainstLanes(
      getLanes(), IntegerType::get(op.getContext(), 32), target);
  if (reason.empty())
    reason = reasonAgainstTile(op, target, storedLanes(), storedVectors());
  if (reason.empty())
    reason = reasonAgainstProducts(getProducts(), target, getLanes(),
                                   op.getQuantizationAttr().getBytes());
  if (reason.empty() && getInterleave() == Interleave::Blocks &&
      !hasBlocks(target, op.getQuantizationAttr().getBytes(), getLanes()))
    reason = llvm::formatv("the target packs no {0} from blocks of {1} lanes",
                           stringifyBytes(op.getQuantizationAttr().getBytes()),
                           getLanes());
  if (!reason.empty())
    return reason;
  KernelPatternsAttr set = op.getStorage().getSet();
  int64_t quads = getQuads() == Quads::Channels
                      ? set.getEntries()
                      : llvm::divideCeilSigned(set.getEntries(), 4);
  int64_t loops = getOffsets() == TapOffsets::Table ? 1 : set.getNumPatterns();
  if (saturatedProduct({loops, quads, getFilters(), getVectors()}) >
      maxWrittenOut)
    return "it writes out too many products";
  return {};
}

namespace {

/// The numbers that schedules of one layer are made from.
struct Layer {
  Layer(PackedConv2DOp op, const ScheduleOptions &options)
      : op(op), storage(op.getStorage()),
        geometry(ConvolutionGeometry::onPlanes(op)), target(TargetAttr::of(op)),
        run(geometry.runLength(planesOf(op.getInput()).getPitch())),
        options(options) {
    bytes = op.getQuantizationAttr().getBytes();
    std::optional<FkwIndices> indices = readFkwIndices(op);
    if (indices && countQuads(*indices, storage.getSet(), Quads::Channels) <
                       countQuads(*indices, storage.getSet(), Quads::Taps))
      quads = Quads::Channels;
    interleave(Interleave::Blocks);
    if (!canInterleave() || !paysInBlocks())
      interleave(Interleave::Permute);
  }

  void interleave(Interleave how) {
    blocks = how == Interleave::Blocks;
    filters = largestDivisor(options.filters ? options.filters
                             : blocks        ? mostFiltersInBlocks()
                                             : maxFilters);
    lanes = target.getVectorBits() / 32;
    while (blocks && lanes > lanesOfBlock && storedLanes() / 2 >= run)
      lanes /= 2;
  }

  bool canInterleave() const {
    return !blocks || hasBlocks(target, bytes, lanes);
  }

  /// Vectors of a tile, as they are stored, at most. Beside the sums, the
  /// inputs of each are in registers, and what interleaves and multiplies them.
  int64_t storedVectors() const {
    if (blocks)
      return 1;
    int64_t vectors = 1,
            most = quads == Quads::Taps ? maxVectorsOfTaps : maxVectors;
    while (vectors < std::min(most, options.maxVectors) &&
           (filters + 1) * (vectors + 1) + 4 <= target.getRegisters())
      ++vectors;
    return vectors;
  }

  CpuDotAttr schedule(int64_t vectors, int64_t tiles, int64_t parts) const {
    bool inLanes =
        target.has(TargetFeature::LaneMultiply) && filters % lanes == 0;
    return CpuDotAttr::get(
        storage.getContext(), lanes, vectors, filters, tiles, parts, quads,
        storage.getSet().getNumPatterns() <= maxLoops ? TapOffsets::Code
                                                      : TapOffsets::Table,
        blocks ? Interleave::Blocks : Interleave::Permute,
        chooseProducts(target, lanes, bytes),
        inLanes ? WeightLoads::Lanes : WeightLoads::Broadcast);
  }

  int64_t storedLanes() const {
    return blocks ? vectorsOfBlocks * lanes : lanes;
  }

  PackedConv2DOp op;
  FkwAttr storage;
  ConvolutionGeometry geometry;
  TargetAttr target;
  int64_t run, lanes, filters;
  Quads quads = Quads::Taps;
  bool blocks;
  Bytes bytes;
  ScheduleOptions options;

private:
  /// Blocks are cheap to make and to store, but each filter takes four
  /// registers.
  bool paysInBlocks() const {
    return chooseProducts(target, lanes, bytes) == Products::DotU8S8 &&
           mostFiltersInBlocks() >=
               std::min(storage.getGroup(), minFiltersInBlocks);
  }

  /// Beside the sums, the interleaved inputs, the weights and one more.
  int64_t mostFiltersInBlocks() const {
    return (target.getRegisters() - vectorsOfBlocks - 2) / vectorsOfBlocks;
  }

  int64_t largestDivisor(int64_t most) const {
    int64_t divisor = std::min(most, storage.getGroup());
    while (storage.getGroup() % divisor != 0)
      --divisor;
    return divisor;
  }
};

class CpuDotForm : public ConvolutionForm<CpuDotAttr, CpuDotKernel> {
  /// A convolution of bytes on planes, on a CPU.
  bool takes(PackedConv2DOp op) const override {
    return TargetAttr::of(op).isCpu() && op.getQuantizationAttr() &&
           planesOf(op.getInput());
  }

  CpuDotAttr chooseFor(PackedConv2DOp op,
                       const ScheduleOptions &options) const override {
    Layer layer(op, options);
    TileSplit split = splitTiles(op, layer.storedLanes(), layer.storedVectors(),
                                 layer.filters, options);
    return layer.schedule(layer.blocks ? vectorsOfBlocks : split.vectors,
                          split.tiles, split.blocks);
  }

  void enumerateFor(PackedConv2DOp op,
                    function_ref<void(Schedule)> found) const override {
    for (int64_t filters : divisorsOf(op.getStorage().getGroup())) {
      ScheduleOptions options;
      options.filters = filters;
      Layer layer(op, options);
      for (Interleave how : {Interleave::Permute, Interleave::Blocks}) {
        layer.interleave(how);
        if (layer.canInterleave())
          for (Quads quads : {Quads::Taps, Quads::Channels}) {
            layer.quads = quads;
            enumerateTiles(layer, found);
          }
      }
    }
  }

  static void enumerateTiles(const Layer &layer,
                             function_ref<void(Schedule)> found) {
    int64_t lanes = layer.storedLanes();
    for (int64_t vectors = 1;
         vectors <= layer.storedVectors() && (vectors - 1) * lanes < layer.run;
         ++vectors)
      for (int64_t tiles :
           powersUpTo(llvm::divideCeilSigned(layer.run, lanes * vectors)))
        for (int64_t parts : powersUpTo(layer.geometry.filters / layer.filters))
          found(layer.schedule(layer.blocks ? vectorsOfBlocks : vectors, tiles,
                               parts));
  }
};

} // namespace

const KernelForm &patternc::cpuDotForm() {
  static const CpuDotForm form;
  return form;
}
