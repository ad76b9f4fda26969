// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Chooses tile sizes and loop splits of packed convolutions. Precondition:
// pattern.packed_conv2d on planes. Postcondition: each has a schedule; one that
// was there is kept. Refuses options out of range, and a convolution that is
// not on planes, unless its images are one position.

#include "dialect/ConvolutionGeometry.h"
#include "kernels/Placement.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/CommandLine.h"

#include <numeric>

namespace patternc {
#define GEN_PASS_DEF_SCHEDULECONVOLUTIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// Workgroups below which threads would stay idle at the end of a layer.
static constexpr int64_t minWorkgroups = 16;

/// Multiply-adds of a vector needed to hide the prefetch of one cache line.
static constexpr int64_t multiplyAddsPerLine = 4;

/// Multiply-adds of a vector between a prefetch and the load: 200 cycles.
static constexpr int64_t multiplyAddsAhead = 400;

/// Filters of a block that have to read a channel for it to stay in registers.
static constexpr int64_t minReaders = 24;

/// Rows of a matrix product that are computed at once.
static constexpr int64_t maxRows = 16;

/// Taps of a kernel that are worth loading and storing a sum.
static constexpr int64_t minStationaryTaps = 3;

namespace {

class ScheduleConvolutions
    : public patternc::impl::ScheduleConvolutionsPassBase<
          ScheduleConvolutions> {
public:
  using ScheduleConvolutionsPassBase::ScheduleConvolutionsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (maxVectors <= 0 || filters < 0 || cacheBytes < 0)
      return emitError(UnknownLoc::get(context))
             << "expected positive max-vectors, and filters and cache-bytes "
                "that are not negative, but found "
             << maxVectors.getValue() << ", " << filters.getValue() << " and "
             << cacheBytes.getValue();
    return success();
  }

  void runOnOperation() override {
    target = TargetAttr::of(getOperation());
    llvm::SmallPtrSet<Operation *, 32> scheduled;
    WalkResult result = getOperation().walk([&](Operation *operation) {
      llvm::TypeSwitch<Operation *>(operation).Case<PackOp, UnpackOp, Pool2DOp>(
          [&](auto op) {
            if (!op.getSchedule())
              op.setScheduleAttr(scheduleRows(op.getType()));
          });
      auto op = dyn_cast<PackedConv2DOp>(operation);
      if (!op || op.getSchedule())
        return WalkResult::advance();
      PlanesAttr planes = planesOf(op.getInput());
      if (!planes && !ConvolutionGeometry::of(op).isFullyConnected()) {
        op.emitOpError("reads no planes; run pattern-layout-activations first");
        return WalkResult::interrupt();
      }
      op.setScheduleAttr(schedule(op));
      scheduled.insert(op);
      auto maker = op.getInput().getDefiningOp<PackedConv2DOp>();
      if (placeInReaders && scheduled.contains(maker) &&
          reasonAgainstReader(maker).empty())
        placeInReader(maker, op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    remarkStatistics(*this, getOperation(), {{"scheduled", scheduled.size()}});
  }

private:
  /// Elements of an image of that type in a vector register.
  int64_t lanesOf(ShapedType image) const {
    return target.getLanes(image.getElementType());
  }

  /// Half of a core's cache is for the input of a workgroup's tiles.
  int64_t inputBytes() const {
    return cacheBytes ? cacheBytes.getValue() : target.getL2Bytes() / 2;
  }

  bool prefetches() const {
    return prefetch && target.has(TargetFeature::SoftwarePrefetch);
  }

  /// What moves rows goes by vectors or threads, like the convolutions.
  ScheduleAttr scheduleRows(ShapedType image) {
    int64_t width = target.isGpu() ? target.getSubgroup() : lanesOf(image);
    return ScheduleAttr::get(&getContext(), target.getDevice(), width, 1, 1, 1,
                             0, 0, Stationary::Filter, Placement::Memory);
  }

  ScheduleAttr schedule(PackedConv2DOp op) {
    int64_t group = op.getStorage().getGroup();
    int64_t together = std::gcd(group, filters.getValue());
    int64_t part = together == group ? 0 : together;
    switch (target.getDevice()) {
    case Device::Cpu:
      return scheduleVectors(op, together, part);
    case Device::Gpu:
      return ScheduleAttr::get(&getContext(), Device::Gpu, target.getSubgroup(),
                               1, 1, 1, 0, part, Stationary::Filter,
                               Placement::Memory);
    case Device::Vm:
      return ScheduleAttr::get(&getContext(), Device::Vm, 1, 1, 1, 1, 0, part,
                               Stationary::Filter, Placement::Memory);
    }
    llvm_unreachable("unknown device");
  }

  /// Parts of the filter groups that make enough workgroups of `others`.
  static int64_t blocksOf(int64_t filterGroups, int64_t others) {
    return std::min(filterGroups,
                    llvm::divideCeilSigned(minWorkgroups, others));
  }

  /// Each workgroup makes one filter group of the input after the other, for
  /// the whole of the image. The fewer they are, the more often the same memory
  /// takes the next one; so there is one for each core.
  void placeInReader(PackedConv2DOp maker, PackedConv2DOp reader) {
    ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(maker);
    int64_t filterGroups = geometry.filters / maker.getStorage().getGroup();
    int64_t blocks = std::min<int64_t>(filterGroups, target.getCores());
    auto place = [&](PackedConv2DOp op, Placement placement) {
      ScheduleAttr now = *op.getSchedule();
      int64_t run = ConvolutionGeometry::onPlanes(op).runLength(
          planesOf(op.getInput()).getPitch());
      op.setScheduleAttr(ScheduleAttr::get(
          &getContext(), now.getDevice(), now.getLanes(), now.getVectors(),
          llvm::divideCeilSigned(run, now.getLanes() * now.getVectors()),
          blocks, now.getPrefetch(), now.getFilters(), now.getStationary(),
          placement));
    };
    place(maker, Placement::Reader);
    place(reader, Placement::Memory);
  }

  /// The sums of as many rows as fit the registers, with one vector of weights
  /// for each vector of filters and a row's input. Rows are far apart in
  /// memory, and more of them at once gain nothing.
  ScheduleAttr scheduleFullyConnected(PackedConv2DOp op,
                                      const ConvolutionGeometry &geometry) {
    int64_t group = op.getStorage().getGroup();
    int64_t width = std::min<int64_t>(lanesOf(op.getType()),
                                      llvm::bit_floor(uint64_t(group)));
    int64_t vectors = llvm::divideCeilSigned(group, width);
    // Sums are in f32.
    int64_t sums = vectors * 32 / op.getType().getElementTypeBitWidth();
    int64_t most = std::clamp<int64_t>(
        (target.getRegisters() - 2 - sums) / sums, 1, maxRows);
    int64_t parts = llvm::divideCeilSigned(geometry.batch, most);
    return ScheduleAttr::get(
        &getContext(), Device::Cpu, width, vectors,
        /*tiles=*/llvm::divideCeilSigned(geometry.batch, parts),
        blocksOf(geometry.filters / group, parts), prefetches() ? 1 : 0,
        /*filters=*/0, Stationary::Filter, Placement::Memory);
  }

  /// Null where channels had better not be stationary.
  ScheduleAttr scheduleChannels(PackedConv2DOp op,
                                const ConvolutionGeometry &geometry,
                                int64_t run, int64_t width) {
    KernelPatternsAttr set = op.getStorage().getSet();
    if (!channelStationary || op.getStorage().getGroup() != 1 ||
        geometry.groups != 1 || set.getEntries() < minStationaryTaps)
      return {};
    // In registers: all positions of the patterns, the sums of one filter, and
    // one weight.
    llvm::SmallSet<int32_t, 16> positions(llvm::from_range, set.getPositions());
    int64_t most =
        std::min<int64_t>((target.getRegisters() - 1) / (positions.size() + 1),
                          PlanesAttr::slack(op.getType()) / width);
    if (most < 2)
      return {};
    int64_t vectors = llvm::divideCeilSigned(
        run, width * llvm::divideCeilSigned(run, width * most));
    int64_t sumBytes =
        vectors * width * op.getType().getElementTypeBitWidth() / 8;
    int64_t blocks = llvm::divideCeilSigned(geometry.filters,
                                            target.getStackBytes() / sumBytes);
    int64_t kernels = op.getIndex().getType().getNumElements();
    if (kernels < minReaders * geometry.channels * blocks)
      return {};
    int64_t tiles = llvm::divideCeilSigned(run, width * vectors);
    int64_t bands = std::min(
        tiles, llvm::divideCeilSigned(minWorkgroups, blocks * geometry.batch));
    return ScheduleAttr::get(&getContext(), Device::Cpu, width, vectors,
                             llvm::divideCeilSigned(tiles, bands), blocks,
                             prefetches() ? 1 : 0, /*filters=*/0,
                             Stationary::Channel, Placement::Memory);
  }

  /// Of `group` filters that are computed together, `part` in the schedule.
  ScheduleAttr scheduleVectors(PackedConv2DOp op, int64_t group, int64_t part) {
    ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(op);
    if (geometry.isFullyConnected())
      return scheduleFullyConnected(op, geometry);
    int64_t pitch = planesOf(op.getInput()).getPitch();
    int64_t run = geometry.runLength(pitch);

    // Two masked stores write a vector of a plain output.
    int64_t width = lanesOf(op.getType());
    while (!planesOf(op.getOutput()) && width > geometry.maxLanes(pitch))
      width /= 2;
    if (ScheduleAttr schedule = scheduleChannels(op, geometry, run, width))
      return schedule;

    // Accumulators share the registers with the weights of the group or the
    // input vectors, whichever are fewer, and with what is being loaded.
    int64_t registers = target.getRegisters();
    auto fits = [&](int64_t vectors) {
      return vectors * width <= PlanesAttr::slack(op.getType()) &&
             group * vectors + std::min(group, vectors) + registers / 8 <=
                 registers;
    };
    int64_t mostVectors = 1;
    while (mostVectors < maxVectors && fits(mostVectors + 1))
      ++mostVectors;
    int64_t tiles = llvm::divideCeilSigned(run, width * mostVectors);
    int64_t vectors = llvm::divideCeilSigned(run, width * tiles);
    tiles = llvm::divideCeilSigned(run, width * vectors);

    // A workgroup makes as many tiles as have their input in the cache, for all
    // filter groups.
    int64_t halo =
        (geometry.tapRow(geometry.kernelHeight - 1) - geometry.tapRow(0)) *
        pitch;
    int64_t elementBytes = op.getType().getElementTypeBitWidth() / 8;
    int64_t cached =
        inputBytes() / (elementBytes * geometry.channelsPerGroup());
    int64_t band =
        std::clamp<int64_t>((cached - halo) / (width * vectors), 1, tiles);
    int64_t bands = llvm::divideCeilSigned(tiles, band);
    band = llvm::divideCeilSigned(tiles, bands);
    int64_t blocks = blocksOf(geometry.filters / group,
                              bands * geometry.batch * geometry.phases);

    int64_t taps = op.getStorage().getSet().getEntries();
    int64_t lines = llvm::divideCeilSigned(
        width * vectors + halo,
        target.getLineElements(op.getType().getElementType()));
    int64_t work = taps * group * vectors;
    bool pays = prefetches() && work >= multiplyAddsPerLine * lines;
    int64_t ahead = llvm::divideCeilSigned(multiplyAddsAhead, work);
    return ScheduleAttr::get(&getContext(), Device::Cpu, width, vectors, band,
                             blocks, pays ? ahead : 0, part, Stationary::Filter,
                             Placement::Memory);
  }

  TargetAttr target;
};

} // namespace
