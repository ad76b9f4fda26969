// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of convolutions of bytes.

#include "kernels/CpuDotKernel.h"
#include "kernels/DotProducts.h"
#include "kernels/Forms.h"
#include "kernels/WorkSplits.h"

using namespace mlir;
using namespace patternc;

/// Patterns up to which each has a loop of its own.
static constexpr int64_t maxLoops = 16;

/// Vectors of sums for each filter: a row that is loaded at once is four long,
/// of which neighbouring taps take three.
static constexpr int64_t maxVectors = 4, maxVectorsOfTaps = 3;

/// Filters beyond which a load of input has enough work.
static constexpr int64_t maxFilters = 8;

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
    reason = reasonAgainstTile(op, target, getLanes(), getVectors());
  if (reason.empty())
    reason = reasonAgainstProducts(getProducts(), target, getLanes(),
                                   op.getQuantizationAttr().getBytes());
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
      : storage(op.getStorage()), geometry(ConvolutionGeometry::onPlanes(op)),
        target(TargetAttr::of(op)), pitch(planesOf(op.getInput()).getPitch()),
        run(geometry.runLength(pitch)), lanes(target.getVectorBits() / 32),
        filters(largestDivisor(options.filters ? options.filters : maxFilters)),
        options(options) {
    if (!planesOf(op.getOutput()))
      while (lanes > geometry.maxLanes(pitch))
        lanes /= 2;
    bytes = op.getQuantizationAttr().getBytes();
    std::optional<FkwIndices> indices = readFkwIndices(op);
    if (indices && countQuads(*indices, storage.getSet(), Quads::Channels) <
                       countQuads(*indices, storage.getSet(), Quads::Taps))
      quads = Quads::Channels;
  }

  /// Sums share the registers with interleaved inputs, rows and weights.
  int64_t mostVectors() const {
    int64_t vectors = 1,
            most = quads == Quads::Taps ? maxVectorsOfTaps : maxVectors;
    while (vectors < std::min(most, options.maxVectors) &&
           (filters + 1) * (vectors + 1) + 2 <= target.getRegisters())
      ++vectors;
    return vectors;
  }

  CpuDotAttr schedule(int64_t vectors, int64_t tiles, int64_t blocks) const {
    bool inLanes =
        target.has(TargetFeature::LaneMultiply) && filters % lanes == 0;
    return CpuDotAttr::get(
        storage.getContext(), lanes, vectors, filters, tiles, blocks, quads,
        storage.getSet().getNumPatterns() <= maxLoops ? TapOffsets::Code
                                                      : TapOffsets::Table,
        chooseProducts(target, lanes, bytes),
        inLanes ? WeightLoads::Lanes : WeightLoads::Broadcast);
  }

  int64_t largestDivisor(int64_t most) const {
    int64_t divisor = std::min(most, storage.getGroup());
    while (storage.getGroup() % divisor != 0)
      --divisor;
    return divisor;
  }

  FkwAttr storage;
  ConvolutionGeometry geometry;
  TargetAttr target;
  int64_t pitch, run, lanes, filters;
  Quads quads = Quads::Taps;
  Bytes bytes;
  ScheduleOptions options;
};

class CpuDotForm : public KernelForm {
public:
  bool has(Schedule schedule) const override {
    return isa_and_nonnull<CpuDotAttr>(schedule);
  }

  Schedule choose(Operation *operation,
                  const ScheduleOptions &options) const override {
    PackedConv2DOp op = convolutionOf(operation);
    if (!op)
      return {};
    Layer layer(op, options);
    TileSplit split = splitTiles(op, layer.lanes, layer.mostVectors(),
                                 layer.filters, options);
    return layer.schedule(split.vectors, split.tiles, split.blocks);
  }

  void enumerate(Operation *operation,
                 function_ref<void(Schedule)> found) const override {
    PackedConv2DOp op = convolutionOf(operation);
    if (!op)
      return;
    for (int64_t filters : divisorsOf(op.getStorage().getGroup())) {
      ScheduleOptions options;
      options.filters = filters;
      Layer layer(op, options);
      for (Quads quads : {Quads::Taps, Quads::Channels}) {
        layer.quads = quads;
        for (int64_t vectors = 1; vectors <= layer.mostVectors() &&
                                  (vectors - 1) * layer.lanes < layer.run;
             ++vectors)
          for (int64_t tiles : powersUpTo(
                   llvm::divideCeilSigned(layer.run, layer.lanes * vectors)))
            for (int64_t blocks : powersUpTo(layer.geometry.filters / filters))
              found(layer.schedule(vectors, tiles, blocks));
      }
    }
  }

  std::unique_ptr<Kernel> kernelOf(Operation *op) const override {
    return std::make_unique<CpuDotKernel>(cast<PackedConv2DOp>(op));
  }

private:
  /// A convolution of bytes on planes, on a CPU.
  static PackedConv2DOp convolutionOf(Operation *operation) {
    auto op = dyn_cast<PackedConv2DOp>(operation);
    bool takes = op && TargetAttr::of(op).isCpu() && op.getQuantizationAttr() &&
                 planesOf(op.getInput());
    return takes ? op : PackedConv2DOp();
  }
};

} // namespace

const KernelForm &patternc::cpuDotForm() {
  static const CpuDotForm form;
  return form;
}
