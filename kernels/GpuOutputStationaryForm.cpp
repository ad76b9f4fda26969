// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of convolutions whose sums stay in the registers of threads.

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
/// Subgroups that are in flight on a core, and hide the latency of each other.
static constexpr int64_t subgroupsOfCore = 16;

/// Bytes that a workgroup shares: a sum of each slice for each other one.
static int64_t sharedBytes(GpuOutputStationaryAttr schedule, Type element) {
  if (schedule.getSlices() == 1)
    return 0;
  return saturatedProduct({schedule.getThreads(), schedule.getSlices(), quad,
                           element.getIntOrFloatBitWidth() / 8});
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
  return reasonAgainstShared(sharedBytes(*this, op.getType().getElementType()),
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
                  target.getContext(), threads, rows, filters, slices, parts);
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

  /// Cycles that the layer should take: of a core, as many as its subgroups
  /// compute or load, unless too few of them wait for each other.
  double cycles(GpuOutputStationaryAttr schedule) const {
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
    double perWorkgroup =
        llvm::divideCeilSigned(schedule.getThreads(), target.getSubgroup());
    double workgroups =
        double(GpuTiles(geometry, rows).count()) / schedule.getSlots();
    // Of the last workgroup, subgroups without a tile end at once.
    double subgroups = parts == 1
                           ? std::ceil(workgroups * perWorkgroup)
                           : std::ceil(workgroups) * perWorkgroup / parts;
    subgroups *=
        double(geometry.filters) / filters * geometry.batch * geometry.phases;
    double step = compute + load;
    double busy = subgroups / target.getCores() * (steps * step + epilogue);
    double inFlight = subgroupsOfCore;
    if (int64_t shared = sharedBytes(schedule, element))
      inFlight = std::min(inFlight, double(target.getSharedBytes() / shared) *
                                        perWorkgroup);
    double waiting =
        std::ceil(subgroups / target.getCores() / inFlight) *
        (steps * (cyclesOfLatency + step) + epilogue + cyclesOfLatency);
    return std::max(busy, waiting);
  }

  PackedConv2DOp op;
  TargetAttr target;
  FkwAttr storage;
  ConvolutionGeometry geometry;
  PlanesAttr planes;
  Type element;
  int64_t kernels;
};

class GpuOutputStationaryForm : public KernelForm {
public:
  bool has(Schedule schedule) const override {
    return isa_and_nonnull<GpuOutputStationaryAttr>(schedule);
  }

  Schedule choose(Operation *operation,
                  const ScheduleOptions &options) const override {
    PackedConv2DOp op = convolutionOf(operation);
    if (!op)
      return {};
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

  void enumerate(Operation *operation,
                 function_ref<void(Schedule)> found) const override {
    if (PackedConv2DOp op = convolutionOf(operation))
      Layer(op).enumerate(found);
  }

  std::unique_ptr<Kernel> kernelOf(Operation *op) const override {
    return std::make_unique<GpuOutputStationaryKernel>(
        cast<PackedConv2DOp>(op));
  }

private:
  /// A convolution of floats on planes, on a GPU.
  static PackedConv2DOp convolutionOf(Operation *operation) {
    auto op = dyn_cast<PackedConv2DOp>(operation);
    bool takes = op && TargetAttr::of(op).isGpu() &&
                 !op.getQuantizationAttr() && planesOf(op.getInput());
    return takes ? op : PackedConv2DOp();
  }
};

} // namespace

const KernelForm &patternc::gpuOutputStationaryForm() {
  static const GpuOutputStationaryForm form;
  return form;
}
