// Chooses tile sizes and loop splits of packed convolutions. Precondition:
// pattern.packed_conv2d on planes. Postcondition: each has a schedule; one that
// was there is kept. Refuses lanes or registers that are not positive, and a
// convolution that is not on planes.

#include "dialect/ConvolutionGeometry.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "llvm/Support/CommandLine.h"

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
static constexpr int64_t lineElements = 16;

namespace {

class ScheduleConvolutions
    : public patternc::impl::ScheduleConvolutionsPassBase<
          ScheduleConvolutions> {
public:
  using ScheduleConvolutionsPassBase::ScheduleConvolutionsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (lanes > 0 && registers > 0)
      return success();
    return emitError(UnknownLoc::get(context))
           << "expected positive lanes and registers, but found "
           << lanes.getValue() << " and " << registers.getValue();
  }

  void runOnOperation() override {
    int64_t scheduled = 0;
    WalkResult result = getOperation().walk([&](PackedConv2DOp op) {
      if (op.getSchedule())
        return WalkResult::advance();
      auto planes =
          dyn_cast_or_null<PlanesAttr>(op.getInput().getType().getEncoding());
      if (!planes) {
        op.emitOpError("reads no planes; run pattern-layout-activations first");
        return WalkResult::interrupt();
      }
      op.setScheduleAttr(schedule(op, planes.getPitch()));
      ++scheduled;
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    remarkStatistics(*this, getOperation(), {{"scheduled", scheduled}});
  }

private:
  ScheduleAttr schedule(PackedConv2DOp op, int64_t pitch) {
    switch (device) {
    case Device::Cpu:
      return scheduleVectors(op, pitch);
    case Device::Gpu:
      return ScheduleAttr::get(&getContext(), device, lanes, 1, 1, 0);
    case Device::Vm:
      return ScheduleAttr::get(&getContext(), device, 1, 1, 1, 0);
    }
    llvm_unreachable("unknown device");
  }

  ScheduleAttr scheduleVectors(PackedConv2DOp op, int64_t pitch) {
    ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
    int64_t group = op.getStorage().getGroup();
    int64_t run = geometry.runLength(pitch);

    // Two masked stores write a vector.
    int64_t width = lanes;
    while (width > geometry.maxLanes(pitch))
      width /= 2;

    // Accumulators share the registers with the weights of the group and with
    // the vectors that are being loaded; more weights want more of the latter.
    int64_t accumulators =
        group >= 8 ? registers / 2 : registers - group - registers / 8;
    int64_t mostVectors = std::max<int64_t>(1, accumulators / group);
    mostVectors =
        std::min({mostVectors, int64_t(12), PlanesAttr::slack / width});
    int64_t tiles = llvm::divideCeilSigned(run, width * mostVectors);
    int64_t vectors = llvm::divideCeilSigned(run, width * tiles);
    tiles = llvm::divideCeilSigned(run, width * vectors);

    int64_t filterGroups = geometry.filters / group;
    int64_t blocks =
        std::min(filterGroups,
                 llvm::divideCeilSigned(minWorkgroups, tiles * geometry.batch));

    // x86 alone has 16 lanes; its hardware prefetchers do not follow the jumps
    // from channel to channel, and a load across lines that misses is dear.
    int64_t taps = op.getStorage().getSet().getEntries();
    int64_t rows =
        geometry.tapRow(geometry.kernelHeight - 1) - geometry.tapRow(0);
    int64_t lines =
        llvm::divideCeilSigned(width * vectors + rows * pitch, lineElements);
    bool pays = lanes == 16 && geometry.strideH * geometry.strideW == 1 &&
                taps * group * vectors >= multiplyAddsPerLine * lines;
    return ScheduleAttr::get(&getContext(), Device::Cpu, width, vectors, blocks,
                             pays ? 1 : 0);
  }
};

} // namespace
