// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of convolutions that keep a channel of their input in vector
// registers.

#include "kernels/ConvolutionForm.h"
#include "kernels/CpuInputStationaryKernel.h"
#include "kernels/Forms.h"
#include "kernels/WorkSplits.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

using namespace mlir;
using namespace patternc;

/// Filters of a block that have to read a channel for it to stay in registers.
static constexpr int64_t minReaders = 24;

/// Taps of a kernel that are worth loading and storing a sum.
static constexpr int64_t minStationaryTaps = 3;

std::string CpuInputStationaryAttr::reasonAgainst(Operation *operation,
                                                  TargetAttr target) const {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  if (!op || op.getQuantizationAttr())
    return "it is no convolution of floats";
  ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(op);
  if (geometry.isFullyConnected())
    return "it is a product with a matrix";
  if (geometry.groups != 1)
    return "its groups read different channels";
  KernelPatternsAttr set = op.getStorage().getSet();
  if (op.getStorage().getGroup() != 1)
    return llvm::formatv("inputs are stationary for groups of one filter, but "
                         "the storage has groups of {0}",
                         op.getStorage().getGroup());
  int64_t multiplyAdds = saturatedProduct(
      {getVectors(), static_cast<int64_t>(set.getPositions().size())});
  if (multiplyAdds > maxWrittenOut)
    return llvm::formatv("it writes out {0} multiply-adds, expected at most "
                         "{1}",
                         multiplyAdds, maxWrittenOut);
  if (getWeights() == WeightLoads::Lanes &&
      std::gcd(getLanes(), set.getEntries()) == 1)
    return "weights are in lanes, but no two are used together";
  int64_t bytes =
      saturatedProduct({llvm::divideCeilSigned(geometry.filters, getBlocks()),
                        getTile(), op.getType().getElementTypeBitWidth() / 8});
  if (bytes > target.getStackBytes())
    return llvm::formatv("the sums of a block take {0} bytes, expected at most "
                         "{1}",
                         bytes, target.getStackBytes());
  int64_t ends =
      saturatedProduct({getBlocks(), geometry.channels, set.getNumPatterns()});
  if (ends > maxKernels)
    return llvm::formatv("patterns of the channels of all blocks are {0}, "
                         "expected at most {1}",
                         ends, maxKernels);
  return reasonAgainstTile(op, target, getLanes(), getVectors());
}

namespace {

/// The numbers that schedules of one layer are made from.
struct Layer {
  Layer(PackedConv2DOp op, bool prefetch)
      : image(op.getType()), set(op.getStorage().getSet()),
        geometry(ConvolutionGeometry::onPlanes(op)), target(TargetAttr::of(op)),
        run(geometry.runLength(planesOf(op.getInput()).getPitch())),
        width(target.getLanes(image.getElementType())),
        prefetch(prefetch && target.has(TargetFeature::SoftwarePrefetch)) {}

  int64_t vectorBytes() const {
    return width * image.getElementTypeBitWidth() / 8;
  }

  /// In registers: all positions of the patterns, the sums of one filter, and
  /// one weight.
  int64_t mostVectors() const {
    llvm::SmallSet<int32_t, 16> positions(llvm::from_range, set.getPositions());
    int64_t inRegisters = (target.getRegisters() - 1) / (positions.size() + 1);
    return std::min({inRegisters, PlanesAttr::slack(image) / width,
                     target.getStackBytes() / vectorBytes()});
  }

  /// Blocks whose sums fit the stack.
  int64_t fewestBlocks(int64_t vectors) const {
    return llvm::divideCeilSigned(
        geometry.filters, target.getStackBytes() / (vectors * vectorBytes()));
  }

  CpuInputStationaryAttr schedule(int64_t vectors, int64_t tiles,
                                  int64_t blocks) const {
    return CpuInputStationaryAttr::get(
        set.getContext(), width, vectors, tiles, blocks,
        chooseWeightLoads(target, width, set.getEntries()), prefetch ? 1 : 0);
  }

  RankedTensorType image;
  KernelPatternsAttr set;
  ConvolutionGeometry geometry;
  TargetAttr target;
  int64_t run, width;
  bool prefetch;
};

class CpuInputStationaryForm
    : public ConvolutionForm<CpuInputStationaryAttr, CpuInputStationaryKernel> {
  /// A convolution of single filters without groups on planes, on a CPU.
  bool takes(PackedConv2DOp op) const override {
    return TargetAttr::of(op).isCpu() && !op.getQuantizationAttr() &&
           planesOf(op.getInput()) && op.getStorage().getGroup() == 1 &&
           ConvolutionGeometry::of(op).groups == 1;
  }

  CpuInputStationaryAttr
  chooseFor(PackedConv2DOp op, const ScheduleOptions &options) const override {
    if (!options.inputStationary ||
        op.getStorage().getSet().getEntries() < minStationaryTaps)
      return {};
    Layer layer(op, options.prefetch);
    int64_t most = layer.mostVectors();
    if (most < 2)
      return {};
    int64_t vectors = llvm::divideCeilSigned(
        layer.run,
        layer.width * llvm::divideCeilSigned(layer.run, layer.width * most));
    int64_t blocks = layer.fewestBlocks(vectors);
    int64_t kernels = op.getIndex().getType().getNumElements();
    if (kernels < minReaders * layer.geometry.channels * blocks)
      return {};
    int64_t tiles = llvm::divideCeilSigned(layer.run, layer.width * vectors);
    int64_t bands = blocksFor(tiles, blocks * layer.geometry.batch);
    return layer.schedule(vectors, llvm::divideCeilSigned(tiles, bands),
                          blocks);
  }

  void enumerateFor(PackedConv2DOp op,
                    function_ref<void(Schedule)> found) const override {
    for (bool prefetch : {false, true}) {
      Layer layer(op, prefetch);
      if (layer.prefetch != prefetch)
        continue; // it does not pay on the target
      for (int64_t vectors = 1; vectors <= layer.mostVectors(); ++vectors) {
        int64_t tile = layer.width * vectors;
        if (tile - layer.width >= layer.run)
          break; // a vector more than the image is long
        for (int64_t tiles :
             powersUpTo(llvm::divideCeilSigned(layer.run, tile)))
          for (int64_t blocks : powersUpTo(layer.geometry.filters))
            if (blocks >= layer.fewestBlocks(vectors))
              found(layer.schedule(vectors, tiles, blocks));
      }
    }
  }
};

} // namespace

const KernelForm &patternc::cpuInputStationaryForm() {
  static const CpuInputStationaryForm form;
  return form;
}
