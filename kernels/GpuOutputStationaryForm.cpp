// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of convolutions whose sums stay in the registers of threads.

#include "kernels/ConvolutionForm.h"
#include "kernels/Forms.h"
#include "kernels/GpuOutputStationaryKernel.h"
#include "kernels/WorkSplits.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

using namespace mlir;
using namespace patternc;

/// Quads of sums of a thread: inputs and weights take about twice as many.
static int64_t mostSums(TargetAttr target) {
  return std::max<int64_t>(target.getRegisters() / 3, 1);
}

/// Rows of a tile.
static constexpr int64_t maxRows = 4;

/// What a GPU does, in cycles of a core for all threads that run in step. A
/// core has a unit for one element of each of these threads, and reads a line
/// of 64 bytes a cycle.
static constexpr int64_t cyclesOfMultiplyAdd = 4; // of a quad
static constexpr int64_t cyclesOfQuad = 16;       // one for each thread
static constexpr int64_t cyclesOfUniform = 4;     // one for all threads
static constexpr int64_t cyclesOfLatency = 400;   // from a load to its use
static constexpr int64_t cyclesOfDispatch = 4000; // until the next may begin
/// Subgroups that are in flight on a core, and hide the latency of each other.
static constexpr int64_t subgroupsOfCore = 16;

int64_t GpuOutputStationaryAttr::getExchangedBytes(Type element) const {
  if (getSlices() == 1)
    return 0;
  return saturatedProduct(
      {getThreads(), getSlices(), quad, element.getIntOrFloatBitWidth() / 8});
}

static bool startsQuads(PlanesAttr planes) {
  return planes.getOrigin() % quad == 0 && planes.getPitch() % quad == 0 &&
         planes.getSize() % quad == 0;
}

std::string GpuOutputStationaryAttr::reasonAgainst(Operation *operation,
                                                   TargetAttr target) const {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  if (!op || op.getQuantizationAttr())
    return "it is no convolution of floats";
  ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(op);
  if (geometry.isFullyConnected())
    return "it is a product with a matrix";
  for (Value image : {Value(op.getInput()), Value(op.getOutput())})
    if (PlanesAttr planes = planesOf(image); planes && !startsQuads(planes))
      return llvm::formatv("rows of {0} begin within {1} elements", planes,
                           quad);
  if (getRows() > geometry.outHeight)
    return llvm::formatv("it computes {0} rows at once, but there are {1}",
                         getRows(), geometry.outHeight);
  if (getBands() > geometry.outHeight)
    return llvm::formatv("it has {0} bands, but there are {1} rows", getBands(),
                         geometry.outHeight);
  if (getFilters() % getSlices() != 0)
    return llvm::formatv("{0} filters are no multiple of {1} slices",
                         getFilters(), getSlices());
  if (getThreads() % saturatedProduct({getSlices(), getParts()}) != 0)
    return llvm::formatv("{0} threads are no multiple of {1} slices of {2} "
                         "parts",
                         getThreads(), getSlices(), getParts());
  if (geometry.filters % saturatedProduct({getFilters(), getParts()}) != 0)
    return llvm::formatv("{0} filters are no multiple of {1} parts of {2}",
                         geometry.filters, getParts(), getFilters());
  KernelPatternsAttr set = op.getStorage().getSet();
  std::string reason = reasonAgainstThreads(getThreads(), target);
  if (reason.empty())
    reason = reasonAgainstTaps(
        op.getStorage(), getFilters(), set.getEntries(), TapOffsets::Table,
        saturatedProduct({getRows(), set.getNumPatterns()}));
  if (!reason.empty() || getSlices() == 1)
    return reason;
  return reasonAgainstShared(getExchangedBytes(op.getType().getElementType()),
                             target);
}

namespace {

/// The numbers that schedules of one layer are made from.
struct Layer {
  explicit Layer(PackedConv2DOp op)
      : op(op), target(TargetAttr::of(op)), storage(op.getStorage()),
        geometry(ConvolutionGeometry::onPlanes(op)),
        planes(planesOf(op.getInput())), element(op.getType().getElementType()),
        kernels(op.getWeight().getType().getNumElements() /
                (taps() * storage.getGroup())) {}

  int64_t taps() const { return storage.getSet().getEntries(); }

  /// Calls `found` with every schedule that the target takes.
  void enumerate(function_ref<void(GpuOutputStationaryAttr)> found,
                 int64_t filtersAtOnce = 0) const {
    int64_t mostFilters = std::gcd(storage.getGroup(), filtersAtOnce);
    for (int64_t filters : divisorsOf(mostFilters))
      for (int64_t rows = 1;
           rows <= std::min(maxRows, mostSums(target) / filters); rows *= 2)
        for (int64_t slices = 1; slices <= filters; slices *= 2)
          for (int64_t threads = target.getLeastThreads();
               threads <= target.getThreads(); threads *= 2)
            // Parts are for images that leave threads without a tile.
            for (int64_t parts = 1, tiles = GpuTiles(geometry, rows).count();
                 parts == 1 || threads / slices / parts >= tiles; parts *= 2) {
              auto schedule = GpuOutputStationaryAttr::get(
                  target.getContext(), threads, rows, filters, slices, parts,
                  Placement::Memory, /*bands=*/1);
              if (schedule.reasonAgainst(op, target).empty())
                found(schedule);
            }
  }

  /// Quads of input that one kernel of a pattern reads for a tile.
  int64_t quadsOf(ArrayRef<int32_t> pattern, int64_t rows) const {
    llvm::SmallDenseSet<int64_t> quads;
    for (int32_t place : pattern)
      for (int64_t row = 0; row < rows; ++row) {
        int64_t first =
            geometry.tapOffset(place, planes) + row * planes.getPitch();
        quads.insert(first / quad);
        quads.insert((first + quad - 1) / quad);
      }
    return quads.size();
  }

  /// Cycles of a subgroup for a tile of each of its threads.
  struct Cycles {
    double busy;    // in which it computes or loads
    double waiting; // until it is done
  };
  Cycles cyclesOfTile(GpuOutputStationaryAttr schedule) const {
    int64_t rows = schedule.getRows(), filters = schedule.getFilters(),
            slices = schedule.getSlices();
    KernelPatternsAttr set = storage.getSet();
    double inputs = 0;
    for (int64_t p = 0; p < set.getNumPatterns(); ++p)
      inputs += quadsOf(set.getPattern(p), rows);
    inputs /= set.getNumPatterns();
    RecordWeights record(storage, filters);
    double uniform =
        1.0 + taps() * filters / (record.inQuads ? double(quad) : 1.0);
    double compute = cyclesOfMultiplyAdd * taps() * filters * rows;
    // Weights are the same for the threads of a slice and a part.
    int64_t parts = schedule.getParts();
    int64_t distinct =
        std::max<int64_t>(target.getSubgroup() / schedule.getSlots(), 1);
    double load = cyclesOfQuad * inputs +
                  std::min(cyclesOfUniform * distinct, cyclesOfQuad) * uniform;

    double steps =
        double(kernels) * storage.getGroup() / geometry.filters / slices;
    double epilogue = cyclesOfQuad * filters * rows / slices;
    if (slices > 1)
      epilogue += cyclesOfQuad * 2 * filters * rows + cyclesOfLatency;
    // Filter groups that run in step wait for the one with the most kernels of
    // each pattern.
    if (int64_t together = std::min(distinct, parts); together > 1) {
      double each = steps / set.getNumPatterns();
      steps =
          set.getNumPatterns() * (each + std::sqrt(each * std::log(together)));
    }
    double step = compute + load;
    return {steps * step + epilogue,
            steps * (cyclesOfLatency + step) + epilogue + cyclesOfLatency};
  }

  double subgroupsOf(GpuOutputStationaryAttr schedule) const {
    return llvm::divideCeilSigned(schedule.getThreads(), target.getSubgroup());
  }

  /// Cycles that `subgroups` should take: of a core, as many as those on it
  /// compute or load, unless too few of them wait for each other.
  double cyclesOf(double subgroups, Cycles each, double perWorkgroup,
                  int64_t shared) const {
    double inFlight = subgroupsOfCore;
    if (shared)
      inFlight = std::min(inFlight, double(target.getSharedBytes() / shared) *
                                        perWorkgroup);
    double perCore = subgroups / target.getCores();
    return std::max(perCore * each.busy,
                    std::ceil(perCore / inFlight) * each.waiting);
  }

  /// Cycles that the layer should take.
  double cycles(GpuOutputStationaryAttr schedule) const {
    double perWorkgroup = subgroupsOf(schedule);
    double workgroups = double(GpuTiles(geometry, schedule.getRows()).count()) /
                        schedule.getSlots();
    // Of the last workgroup, subgroups without a tile end at once.
    int64_t parts = schedule.getParts();
    double subgroups = parts == 1
                           ? std::ceil(workgroups * perWorkgroup)
                           : std::ceil(workgroups) * perWorkgroup / parts;
    subgroups *= double(geometry.filters) / schedule.getFilters() *
                 geometry.batch * geometry.phases;
    return cyclesOf(subgroups, cyclesOfTile(schedule), perWorkgroup,
                    schedule.getExchangedBytes(element));
  }

  PackedConv2DOp op;
  TargetAttr target;
  FkwAttr storage;
  ConvolutionGeometry geometry;
  PlanesAttr planes;
  Type element;
  int64_t kernels;
};

/// What a depthwise convolution and what it reads are made from, if the same
/// workgroups compute both.
struct Pair {
  /// Calls `found` with every two schedules that can be, and their cycles.
  void enumerate(function_ref<void(GpuOutputStationaryAttr,
                                   GpuOutputStationaryAttr, double)>
                     found,
                 int64_t filtersAtOnce) const {
    TargetAttr target = consumer.target;
    producer.enumerate(
        [&](GpuOutputStationaryAttr own) {
          auto made =
              withPlace(own, own.getRows(), own.getFilters(), own.getSlices(),
                        own.getParts(), Placement::Consumer, /*bands=*/1);
          Layer::Cycles making = producer.cyclesOfTile(made);
          for (int64_t rows = 1; rows <= maxRows; rows *= 2)
            for (int64_t height : powersUpTo(consumer.geometry.outHeight)) {
              auto read = withPlace(
                  own, rows, /*filters=*/1, /*slices=*/1,
                  made.getWorkgroupFilters(), Placement::Memory,
                  llvm::divideCeilSigned(consumer.geometry.outHeight, height));
              GpuBand band(producer.op, consumer.op, made, read);
              if (band.reasonAgainst().empty() &&
                  read.reasonAgainst(consumer.op, target).empty())
                found(made, read, cycles(band, made, making, read));
            }
        },
        filtersAtOnce);
  }

  static GpuOutputStationaryAttr withPlace(GpuOutputStationaryAttr schedule,
                                           int64_t rows, int64_t filters,
                                           int64_t slices, int64_t parts,
                                           Placement placement, int64_t bands) {
    return GpuOutputStationaryAttr::get(schedule.getContext(),
                                        schedule.getThreads(), rows, filters,
                                        slices, parts, placement, bands);
  }

  double cycles(const GpuBand &band, GpuOutputStationaryAttr made,
                Layer::Cycles making, GpuOutputStationaryAttr read) const {
    Layer::Cycles reading = consumer.cyclesOfTile(read);
    double perWorkgroup = consumer.subgroupsOf(read);
    auto rounds = [](const Layer &layer, GpuOutputStationaryAttr schedule,
                     int64_t height) {
      GpuTiles tiles(layer.geometry, schedule.getRows(), height);
      return layer.geometry.phases *
             llvm::divideCeilSigned(tiles.count(), schedule.getSlots());
    };
    double roundsMade = rounds(producer, made, band.inputRows);
    double roundsRead = rounds(consumer, read, band.outputRows);
    double workgroups = double(read.getBands()) * consumer.geometry.filters /
                        band.channels * consumer.geometry.batch;
    return consumer.cyclesOf(
        workgroups * perWorkgroup,
        {roundsMade * making.busy + roundsRead * reading.busy,
         roundsMade * making.waiting + roundsRead * reading.waiting},
        perWorkgroup, band.sharedBytes());
  }

  const Layer &producer, &consumer;
};

class GpuOutputStationaryForm
    : public ConvolutionForm<GpuOutputStationaryAttr,
                             GpuOutputStationaryKernel> {
public:
  void place(PackedConv2DOp producer, PackedConv2DOp consumer,
             const ScheduleOptions &options) const override {
    Layer made(producer), read(consumer);
    double fewest = made.cycles(scheduleOf<GpuOutputStationaryAttr>(producer)) +
                    read.cycles(scheduleOf<GpuOutputStationaryAttr>(consumer)) +
                    cyclesOfDispatch;
    Pair{made, read}.enumerate(
        [&](GpuOutputStationaryAttr ofProducer,
            GpuOutputStationaryAttr ofConsumer, double cycles) {
          if (fewest <= cycles)
            return;
          fewest = cycles;
          producer.setScheduleAttr(ofProducer);
          consumer.setScheduleAttr(ofConsumer);
        },
        options.filters);
  }

private:
  /// A convolution of floats on planes, on a GPU.
  bool takes(PackedConv2DOp op) const override {
    return TargetAttr::of(op).isGpu() && !op.getQuantizationAttr() &&
           planesOf(op.getInput());
  }

  GpuOutputStationaryAttr
  chooseFor(PackedConv2DOp op, const ScheduleOptions &options) const override {
    Layer layer(op);
    GpuOutputStationaryAttr best;
    double fewest = 0;
    layer.enumerate(
        [&](GpuOutputStationaryAttr schedule) {
          double cycles = layer.cycles(schedule);
          if (best && fewest <= cycles)
            return;
          best = schedule;
          fewest = cycles;
        },
        options.filters);
    return best;
  }

  void enumerateFor(PackedConv2DOp op,
                    function_ref<void(Schedule)> found) const override {
    Layer(op).enumerate(found);
  }
};

} // namespace

const KernelForm &patternc::gpuOutputStationaryForm() {
  static const GpuOutputStationaryForm form;
  return form;
}
