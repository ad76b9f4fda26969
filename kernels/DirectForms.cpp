// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of convolutions in scalars: a thread or an iteration for each
// output position.

#include "kernels/DirectKernel.h"
#include "kernels/Forms.h"
#include "kernels/WorkSplits.h"

#include <numeric>

using namespace mlir;
using namespace patternc;

/// Taps of one kernel up to which they are written out, where a table says
/// where they are.
static constexpr int64_t maxUnrolledTaps = 9;

/// Whether an operation is a convolution for `device`, whose input lies as its
/// kernel reads it.
static PackedConv2DOp convolutionFor(Device device, Operation *operation) {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  bool takes = op && TargetAttr::of(op).getDevice() == device &&
               (planesOf(op.getInput()) ||
                ConvolutionGeometry::of(op).isFullyConnected());
  return takes ? op : PackedConv2DOp();
}

template <typename ScheduleAttr>
static std::string reasonAgainstDirect(ScheduleAttr schedule,
                                       Operation *operation) {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  if (!op)
    return "it is no convolution";
  return reasonAgainstTaps(op.getStorage(), schedule.getFilters(),
                           schedule.getUnroll(), schedule.getOffsets(),
                           /*positions=*/1);
}

std::string GpuDirectAttr::reasonAgainst(Operation *op,
                                         TargetAttr target) const {
  std::string reason = reasonAgainstThreads(getThreads(), target);
  if (reason.empty())
    reason = reasonAgainstDirect(*this, op);
  return reason.empty() ? reasonAgainstElement(op, target) : reason;
}

std::string VmDirectAttr::reasonAgainst(Operation *op, TargetAttr) const {
  return reasonAgainstDirect(*this, op);
}

/// Where offsets of taps may stand with `unroll` of them written out.
static SmallVector<TapOffsets> offsetsFor(FkwAttr storage, int64_t filters,
                                          int64_t unroll) {
  SmallVector<TapOffsets> all;
  for (TapOffsets offsets : {TapOffsets::Code, TapOffsets::Table})
    if (reasonAgainstTaps(storage, filters, unroll, offsets, 1).empty())
      all.push_back(offsets);
  return all;
}

/// A kernel of one pattern has its offsets in the code, unless that is too
/// long.
static std::pair<int64_t, TapOffsets> chooseTaps(FkwAttr storage,
                                                 int64_t filters) {
  int64_t taps = storage.getSet().getEntries();
  if (llvm::is_contained(offsetsFor(storage, filters, taps), TapOffsets::Code))
    return {taps, TapOffsets::Code};
  return {taps <= maxUnrolledTaps ? taps : 1, TapOffsets::Table};
}

/// Calls `found` with filters at once, taps written out and their offsets.
static void enumerateTaps(
    PackedConv2DOp op,
    function_ref<void(int64_t filters, int64_t unroll, TapOffsets)> found) {
  FkwAttr storage = op.getStorage();
  for (int64_t filters : divisorsOf(storage.getGroup()))
    for (int64_t unroll : divisorsOf(storage.getSet().getEntries()))
      for (TapOffsets offsets : offsetsFor(storage, filters, unroll))
        found(filters, unroll, offsets);
}

namespace {

class GpuDirectForm : public KernelForm {
public:
  bool has(Schedule schedule) const override {
    return isa_and_nonnull<GpuDirectAttr>(schedule);
  }

  Schedule choose(Operation *operation,
                  const ScheduleOptions &options) const override {
    PackedConv2DOp op = convolutionFor(Device::Gpu, operation);
    if (!op)
      return {};
    int64_t filters = std::gcd(op.getStorage().getGroup(), options.filters);
    auto [unroll, offsets] = chooseTaps(op.getStorage(), filters);
    return GpuDirectAttr::get(op.getContext(),
                              TargetAttr::of(op).getLeastThreads(), filters,
                              unroll, offsets);
  }

  void enumerate(Operation *operation,
                 function_ref<void(Schedule)> found) const override {
    PackedConv2DOp op = convolutionFor(Device::Gpu, operation);
    if (!op)
      return;
    TargetAttr target = TargetAttr::of(op);
    for (int64_t threads = target.getLeastThreads();
         threads <= target.getThreads(); threads *= 2)
      enumerateTaps(op,
                    [&](int64_t filters, int64_t unroll, TapOffsets offsets) {
                      found(GpuDirectAttr::get(op.getContext(), threads,
                                               filters, unroll, offsets));
                    });
  }

  std::unique_ptr<Kernel> kernelOf(Operation *operation) const override {
    auto op = cast<PackedConv2DOp>(operation);
    auto schedule = scheduleOf<GpuDirectAttr>(op);
    return std::make_unique<DirectKernel>(
        op, schedule.getThreads(), schedule.getFilters(), schedule.getUnroll(),
        schedule.getOffsets());
  }
};

class VmDirectForm : public KernelForm {
public:
  bool has(Schedule schedule) const override {
    return isa_and_nonnull<VmDirectAttr>(schedule);
  }

  Schedule choose(Operation *operation,
                  const ScheduleOptions &options) const override {
    PackedConv2DOp op = convolutionFor(Device::Vm, operation);
    if (!op)
      return {};
    int64_t filters = std::gcd(op.getStorage().getGroup(), options.filters);
    auto [unroll, offsets] = chooseTaps(op.getStorage(), filters);
    return VmDirectAttr::get(op.getContext(), filters, unroll, offsets);
  }

  void enumerate(Operation *operation,
                 function_ref<void(Schedule)> found) const override {
    PackedConv2DOp op = convolutionFor(Device::Vm, operation);
    if (!op)
      return;
    enumerateTaps(op, [&](int64_t filters, int64_t unroll, TapOffsets offsets) {
      found(VmDirectAttr::get(op.getContext(), filters, unroll, offsets));
    });
  }

  std::unique_ptr<Kernel> kernelOf(Operation *operation) const override {
    auto op = cast<PackedConv2DOp>(operation);
    auto schedule = scheduleOf<VmDirectAttr>(op);
    return std::make_unique<DirectKernel>(
        op, /*threads=*/0, schedule.getFilters(), schedule.getUnroll(),
        schedule.getOffsets());
  }
};

} // namespace

const KernelForm &patternc::gpuDirectForm() {
  static const GpuDirectForm form;
  return form;
}

const KernelForm &patternc::vmDirectForm() {
  static const VmDirectForm form;
  return form;
}
