// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of products with a matrix on a GPU.

#include "kernels/ConvolutionForm.h"
#include "kernels/Forms.h"
#include "kernels/GpuMatrixKernel.h"
#include "kernels/WorkSplits.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

/// Rows at once: each has a quad of sums, and an input of its own to load.
static constexpr int64_t maxRows = 8;
/// Kernels an iteration, whose loads are in flight together.
static constexpr int64_t kernelsAtOnce = 4;
/// Threads that read a line of weights together.
static constexpr int64_t minSlots = 8;
/// Subgroups in flight on a core.
static constexpr int64_t subgroupsOfCore = 16;

std::string GpuMatrixAttr::reasonAgainst(Operation *operation,
                                         TargetAttr target) const {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  if (!op || op.getQuantizationAttr() ||
      !ConvolutionGeometry::of(op).isFullyConnected())
    return "it is no product of floats with a matrix";
  int64_t group = op.getStorage().getGroup();
  if (!RecordWeights(op.getStorage(), group).inQuads)
    return llvm::formatv("{0} filters of a group are fewer than {1}", group,
                         quad);
  if (getRows() > op.getType().getDimSize(0))
    return llvm::formatv("it computes {0} rows at once, but there are {1}",
                         getRows(), op.getType().getDimSize(0));
  if (getThreads() % getSlices() != 0)
    return llvm::formatv("{0} threads are no multiple of {1} slices",
                         getThreads(), getSlices());
  if (saturatedProduct({getRows(), getUnroll()}) > maxWrittenOut)
    return llvm::formatv("it writes out more than {0} multiply-adds",
                         maxWrittenOut);
  std::string reason = reasonAgainstThreads(getThreads(), target);
  if (!reason.empty() || getSlices() == 1)
    return reason;
  return reasonAgainstShared(
      saturatedProduct({getThreads(), getRows(), quad, sizeof(float)}), target);
}

namespace {

class GpuMatrixForm : public ConvolutionForm<GpuMatrixAttr, GpuMatrixKernel> {
  bool takes(PackedConv2DOp op) const override {
    return TargetAttr::of(op).isGpu() && !op.getQuantizationAttr() &&
           ConvolutionGeometry::of(op).isFullyConnected();
  }

  /// As few slices as give all cores enough to do.
  GpuMatrixAttr chooseFor(PackedConv2DOp op,
                          const ScheduleOptions &) const override {
    TargetAttr target = TargetAttr::of(op);
    int64_t batch = op.getType().getDimSize(0);
    int64_t parts = llvm::divideCeilSigned(batch, maxRows);
    int64_t quads =
        op.getType().getDimSize(1) / op.getStorage().getGroup() *
        RecordWeights(op.getStorage(), op.getStorage().getGroup()).quads();
    int64_t wanted = target.getCores() * subgroupsOfCore * target.getSubgroup();
    GpuMatrixAttr best;
    for (int64_t slices = 1; slices <= target.getLeastThreads() / minSlots;
         slices *= 2) {
      auto schedule = GpuMatrixAttr::get(
          op.getContext(), target.getLeastThreads(),
          llvm::divideCeilSigned(batch, parts), slices, kernelsAtOnce);
      if (!schedule.reasonAgainst(op, target).empty())
        break;
      best = schedule;
      if (saturatedProduct({quads, parts, slices}) >= wanted)
        break;
    }
    return best;
  }

  void enumerateFor(PackedConv2DOp op,
                    function_ref<void(Schedule)> found) const override {
    TargetAttr target = TargetAttr::of(op);
    for (int64_t threads = target.getLeastThreads();
         threads <= target.getThreads(); threads *= 2)
      for (int64_t rows :
           powersUpTo(std::min(maxRows, op.getType().getDimSize(0))))
        for (int64_t slices = 1; slices <= threads; slices *= 2)
          for (int64_t unroll : {1, 2, 4, 8})
            found(GpuMatrixAttr::get(op.getContext(), threads, rows, slices,
                                     unroll));
  }
};

} // namespace

const KernelForm &patternc::gpuMatrixForm() {
  static const GpuMatrixForm form;
  return form;
}
