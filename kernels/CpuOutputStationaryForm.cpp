// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of convolutions whose sums stay in vector registers.

#include "kernels/ConvolutionForm.h"
#include "kernels/CpuOutputStationaryKernel.h"
#include "kernels/Forms.h"
#include "kernels/WorkSplits.h"

#include <numeric>

using namespace mlir;
using namespace patternc;

/// Multiply-adds of one kernel up to which its taps are written out.
static constexpr int64_t maxUnrolled = 512;

/// Weights of a stored kernel beside which a byte of its index matters. Adding
/// up distances costs 3 % of the time of 1x1 layers in groups of 8.
static constexpr int64_t maxWeightsByDistance = 4;

/// Multiply-adds of a vector needed to hide the prefetch of one cache line.
static constexpr int64_t multiplyAddsPerLine = 4;

/// Multiply-adds of a vector between a prefetch and the load: 200 cycles.
static constexpr int64_t multiplyAddsAhead = 400;

std::string CpuOutputStationaryAttr::reasonAgainst(Operation *operation,
                                                   TargetAttr target) const {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  if (!op || op.getQuantizationAttr())
    return "it is no convolution of floats";
  ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(op);
  if (geometry.isFullyConnected())
    return "it is a product with a matrix";
  std::string reason = reasonAgainstTaps(
      op.getStorage(), getFilters(), getUnroll(), getOffsets(), getVectors());
  if (reason.empty())
    reason = reasonAgainstTile(op, target, getLanes(), getVectors());
  if (!reason.empty())
    return reason;
  if (getChannels() == ChannelNumbers::Distance &&
      (geometry.groups != 1 || op.getStorage().getSet().getNumPatterns() != 1))
    return "channels are known by distance, which takes one pattern and no "
           "groups";
  if (getWeights() == WeightLoads::Lanes &&
      std::gcd(getLanes(), getFilters()) == 1)
    return "weights are in lanes, but no two are used together";
  if (getPrefetch() && geometry.strideH * geometry.strideW != 1)
    return "its input is prefetched, but has strides";
  return {};
}

/// The most taps up to `most` that divide those of a kernel.
static int64_t largestDivisor(int64_t taps, int64_t most) {
  int64_t unroll = std::clamp<int64_t>(most, 1, taps);
  while (taps % unroll != 0)
    --unroll;
  return unroll;
}

namespace {

/// The numbers that schedules of one layer are made from.
struct Layer {
  Layer(PackedConv2DOp op, const ScheduleOptions &options)
      : image(op.getType()), storage(op.getStorage()),
        geometry(ConvolutionGeometry::onPlanes(op)), target(TargetAttr::of(op)),
        element(image.getElementType()),
        pitch(planesOf(op.getInput()).getPitch()),
        run(geometry.runLength(pitch)), width(target.getLanes(element)),
        filters(std::gcd(storage.getGroup(), options.filters)),
        taps(storage.getSet().getEntries()), storesDistances(distancesPay(op)),
        options(options) {}

  /// Accumulators share the registers with the weights of the group or the
  /// input vectors, whichever are fewer, and with what is being loaded.
  bool fitRegisters(int64_t vectors) const {
    int64_t registers = target.getRegisters();
    return vectors * width <= PlanesAttr::slack(image) &&
           filters * vectors + std::min(filters, vectors) + registers / 8 <=
               registers;
  }

  int64_t mostVectors() const {
    int64_t vectors = 1;
    while (vectors < options.maxVectors && fitRegisters(vectors + 1))
      ++vectors;
    return vectors;
  }

  /// How many kernels ahead to prefetch; 0 where that does not pay.
  int64_t prefetchAhead(int64_t vectors) const {
    int64_t lines =
        llvm::divideCeilSigned(width * vectors + geometry.halo(pitch),
                               target.getLineElements(element));
    int64_t work = taps * filters * vectors;
    if (!options.prefetch || !target.has(TargetFeature::SoftwarePrefetch) ||
        work < multiplyAddsPerLine * lines)
      return 0;
    return llvm::divideCeilSigned(multiplyAddsAhead, work);
  }

  /// Whether a byte for a channel would do, and saves something.
  bool distancesPay(PackedConv2DOp op) const {
    if (geometry.groups != 1 || storage.getSet().getNumPatterns() != 1 ||
        taps * storage.getGroup() > maxWeightsByDistance)
      return false;
    std::optional<FkwIndices> indices = readFkwIndices(op);
    return indices && distancesOf(*indices);
  }

  CpuOutputStationaryAttr schedule(int64_t vectors, int64_t unroll,
                                   int64_t tiles, int64_t blocks,
                                   int64_t ahead) const {
    bool isInCode = unroll == taps && storage.getSet().getNumPatterns() == 1;
    // Input vectors and weights, whichever are fewer, vary fastest.
    return CpuOutputStationaryAttr::get(
        storage.getContext(), width, vectors, filters, tiles, blocks, unroll,
        isInCode ? TapOffsets::Code : TapOffsets::Table,
        storesDistances ? ChannelNumbers::Distance : ChannelNumbers::Absolute,
        chooseWeightLoads(target, width, filters),
        vectors < filters ? InnerLoop::Vectors : InnerLoop::Filters,
        geometry.strideH * geometry.strideW == 1 ? ahead : 0,
        // Hardware prefetchers stop where a page ends.
        ahead ? target.getPageBytes() : 0, Placement::Memory);
  }

  RankedTensorType image;
  FkwAttr storage;
  ConvolutionGeometry geometry;
  TargetAttr target;
  Type element;
  int64_t pitch, run, width, filters, taps;
  bool storesDistances;
  ScheduleOptions options;
};

class CpuOutputStationaryForm
    : public ConvolutionForm<CpuOutputStationaryAttr,
                             CpuOutputStationaryKernel> {
public:
  /// Each workgroup makes one filter group of the input after the other, for
  /// the whole of the image. The fewer they are, the more often the same memory
  /// takes the next one; so there is one for each core.
  void place(PackedConv2DOp producer, PackedConv2DOp consumer,
             const ScheduleOptions &) const override {
    int64_t filterGroups = ConvolutionGeometry::onPlanes(producer).filters /
                           producer.getStorage().getGroup();
    int64_t blocks =
        std::min<int64_t>(filterGroups, TargetAttr::of(consumer).getCores());
    auto place = [&](PackedConv2DOp op, Placement placement) {
      auto schedule = scheduleOf<CpuOutputStationaryAttr>(op);
      int64_t run = ConvolutionGeometry::onPlanes(op).runLength(
          planesOf(op.getInput()).getPitch());
      op.setScheduleAttr(schedule.placed(
          placement, llvm::divideCeilSigned(run, schedule.getTile()), blocks));
    };
    place(producer, Placement::Consumer);
    place(consumer, Placement::Memory);
  }

private:
  /// A convolution of floats on planes, on a CPU.
  bool takes(PackedConv2DOp op) const override {
    return TargetAttr::of(op).isCpu() && !op.getQuantizationAttr() &&
           planesOf(op.getInput());
  }

  CpuOutputStationaryAttr
  chooseFor(PackedConv2DOp op, const ScheduleOptions &options) const override {
    Layer layer(op, options);
    TileSplit split = splitTiles(op, layer.width, layer.mostVectors(),
                                 layer.filters, options);
    int64_t unroll = largestDivisor(
        layer.taps, maxUnrolled / (layer.filters * split.vectors));
    return layer.schedule(split.vectors, unroll, split.tiles, split.blocks,
                          layer.prefetchAhead(split.vectors));
  }

  void enumerateFor(PackedConv2DOp op,
                    function_ref<void(Schedule)> found) const override {
    for (int64_t filters : divisorsOf(op.getStorage().getGroup())) {
      ScheduleOptions options;
      options.filters = filters;
      Layer layer(op, options);
      for (int64_t vectors = 1; vectors <= layer.mostVectors(); ++vectors) {
        int64_t tile = layer.width * vectors;
        if (tile - layer.width >= layer.run)
          break; // a vector more than the image is long
        SmallVector<int64_t> distances{0};
        if (int64_t ahead = layer.prefetchAhead(vectors))
          distances.push_back(ahead);
        for (int64_t tiles :
             powersUpTo(llvm::divideCeilSigned(layer.run, tile)))
          for (int64_t blocks : powersUpTo(layer.geometry.filters / filters))
            for (int64_t unroll : divisorsOf(layer.taps))
              for (int64_t ahead : distances)
                found(layer.schedule(vectors, unroll, tiles, blocks, ahead));
      }
    }
  }
};

} // namespace

const KernelForm &patternc::cpuOutputStationaryForm() {
  static const CpuOutputStationaryForm form;
  return form;
}
