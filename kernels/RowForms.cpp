// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of pooling and of copies between layouts.

#include "kernels/Forms.h"
#include "kernels/RowKernel.h"
#include "kernels/Schedules.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

/// Elements of a window up to which it is written out.
static constexpr int64_t maxUnrolledWindow = 16;

/// Elements of the window that makes one of `op`; nothing if it makes no rows.
static std::optional<int64_t> windowOf(Operation *op) {
  if (auto pool = dyn_cast<Pool2DOp>(op))
    return saturatedProduct(pool.getKernel());
  return isa<PackOp, UnpackOp>(op) ? std::optional<int64_t>(1) : std::nullopt;
}

/// The same, if `op` is compiled for `device`.
static std::optional<int64_t> windowFor(Device device, Operation *op) {
  return TargetAttr::of(op).getDevice() == device ? windowOf(op) : std::nullopt;
}

/// Columns of a phase of an image that are not at its edges.
static int64_t columnsOf(RankedTensorType image) {
  auto planes = dyn_cast_or_null<PlanesAttr>(image.getEncoding());
  int64_t stride = planes ? planes.getStrides()[1] : 1;
  return std::max<int64_t>(image.getDimSize(3) / stride - 2, 1);
}

static int64_t chooseUnroll(int64_t window) {
  return window <= maxUnrolledWindow ? window : 1;
}

static std::string reasonAgainstRows(Operation *op, int64_t unroll) {
  std::optional<int64_t> window = windowOf(op);
  if (!window)
    return "it is no pooling and no copy";
  if (unroll != 1 && unroll != *window)
    return llvm::formatv("it writes out {0} elements of a window, expected 1 "
                         "or all of {1}",
                         unroll, *window);
  if (unroll > maxWrittenOut)
    return llvm::formatv("it writes out {0} elements of a window, expected at "
                         "most {1}",
                         unroll, maxWrittenOut);
  return {};
}

std::string CpuRowsAttr::reasonAgainst(Operation *op, TargetAttr target) const {
  std::string reason = reasonAgainstRows(op, getUnroll());
  if (!reason.empty())
    return reason;
  return reasonAgainstLanes(
      getLanes(), getElementTypeOrSelf(op->getResult(0).getType()), target);
}

std::string GpuRowsAttr::reasonAgainst(Operation *op, TargetAttr target) const {
  std::string reason = reasonAgainstRows(op, getUnroll());
  if (reason.empty())
    reason = reasonAgainstThreads(getThreads(), target);
  if (reason.empty())
    reason = reasonAgainstElement(op, target);
  if (!reason.empty() || getSlices() == 1)
    return reason;
  if (!llvm::isPowerOf2_64(getSlices()) || getThreads() % getSlices() != 0)
    return llvm::formatv("{0} slices are no power of two that divides {1} "
                         "threads",
                         getSlices(), getThreads());
  auto image = cast<RankedTensorType>(op->getResult(0).getType());
  if (getUnroll() != 1 || *windowOf(op) == 1 || image.getEncoding() ||
      image.getElementType().isInteger())
    return "slices share windows of floats that loops go over, of outputs that "
           "are not in planes";
  return reasonAgainstShared(getThreads() * sizeof(float), target);
}

std::string VmRowsAttr::reasonAgainst(Operation *op, TargetAttr) const {
  return reasonAgainstRows(op, getUnroll());
}

namespace {

class CpuRowsForm : public KernelForm {
public:
  bool has(Schedule schedule) const override {
    return isa_and_nonnull<CpuRowsAttr>(schedule);
  }

  Schedule choose(Operation *op, const ScheduleOptions &) const override {
    auto window = windowFor(Device::Cpu, op);
    return window ? schedule(op, chooseUnroll(*window)) : CpuRowsAttr();
  }

  void enumerate(Operation *op,
                 function_ref<void(Schedule)> found) const override {
    auto window = windowFor(Device::Cpu, op);
    if (!window)
      return;
    found(schedule(op, 1));
    if (*window > 1)
      found(schedule(op, *window));
  }

  std::unique_ptr<Kernel> kernelOf(Operation *op) const override {
    auto schedule = cast<CpuRowsAttr>(scheduleOf(op));
    return std::make_unique<RowKernel>(op, schedule.getLanes(), /*threads=*/0,
                                       schedule.getUnroll() == *windowOf(op));
  }

private:
  static CpuRowsAttr schedule(Operation *op, int64_t unroll) {
    auto image = cast<RankedTensorType>(op->getResult(0).getType());
    int64_t lanes = TargetAttr::of(op).getLanes(image.getElementType());
    // Vectors of bytes may be longer than a row without the columns at its
    // edges, of which there are few. One output is of a whole channel.
    if (image.getElementType().isInteger() &&
        (image.getDimSize(2) > 1 || image.getDimSize(3) > 1))
      lanes =
          std::min<int64_t>(lanes, llvm::bit_floor<uint64_t>(columnsOf(image)));
    return CpuRowsAttr::get(op->getContext(), lanes, unroll);
  }
};

class GpuRowsForm : public KernelForm {
public:
  bool has(Schedule schedule) const override {
    return isa_and_nonnull<GpuRowsAttr>(schedule);
  }

  Schedule choose(Operation *op, const ScheduleOptions &) const override {
    auto window = windowFor(Device::Gpu, op);
    if (!window)
      return {};
    TargetAttr target = TargetAttr::of(op);
    int64_t threads = target.getLeastThreads();
    // As many as leave no thread without a window, and not more than that has
    // elements.
    auto image = cast<RankedTensorType>(op->getResult(0).getType());
    int64_t elements = image.getDimSize(2) * image.getDimSize(3);
    for (int64_t slices = threads; slices > 1; slices /= 2) {
      auto shared = GpuRowsAttr::get(op->getContext(), threads, 1, slices);
      if (slices * elements <= threads && slices < 2 * *window &&
          *window > maxUnrolledWindow &&
          shared.reasonAgainst(op, target).empty())
        return shared;
    }
    return GpuRowsAttr::get(op->getContext(), threads, chooseUnroll(*window),
                            /*slices=*/1);
  }

  void enumerate(Operation *op,
                 function_ref<void(Schedule)> found) const override {
    auto window = windowFor(Device::Gpu, op);
    TargetAttr target = TargetAttr::of(op);
    for (int64_t threads = target.getLeastThreads();
         window && threads <= target.getThreads(); threads *= 2) {
      for (int64_t slices = 1; slices <= threads; slices *= 2)
        found(GpuRowsAttr::get(op->getContext(), threads, 1, slices));
      if (*window > 1)
        found(GpuRowsAttr::get(op->getContext(), threads, *window, 1));
    }
  }

  std::unique_ptr<Kernel> kernelOf(Operation *op) const override {
    auto schedule = cast<GpuRowsAttr>(scheduleOf(op));
    return std::make_unique<RowKernel>(op, /*lanes=*/1, schedule.getThreads(),
                                       schedule.getUnroll() == *windowOf(op),
                                       schedule.getSlices());
  }
};

class VmRowsForm : public KernelForm {
public:
  bool has(Schedule schedule) const override {
    return isa_and_nonnull<VmRowsAttr>(schedule);
  }

  Schedule choose(Operation *op, const ScheduleOptions &) const override {
    auto window = windowFor(Device::Vm, op);
    return window ? VmRowsAttr::get(op->getContext(), chooseUnroll(*window))
                  : VmRowsAttr();
  }

  void enumerate(Operation *op,
                 function_ref<void(Schedule)> found) const override {
    auto window = windowFor(Device::Vm, op);
    if (!window)
      return;
    found(VmRowsAttr::get(op->getContext(), 1));
    if (*window > 1)
      found(VmRowsAttr::get(op->getContext(), *window));
  }

  std::unique_ptr<Kernel> kernelOf(Operation *op) const override {
    auto schedule = cast<VmRowsAttr>(scheduleOf(op));
    return std::make_unique<RowKernel>(op, /*lanes=*/1, /*threads=*/0,
                                       schedule.getUnroll() == *windowOf(op));
  }
};

} // namespace

const KernelForm &patternc::cpuRowsForm() {
  static const CpuRowsForm form;
  return form;
}

const KernelForm &patternc::gpuRowsForm() {
  static const GpuRowsForm form;
  return form;
}

const KernelForm &patternc::vmRowsForm() {
  static const VmRowsForm form;
  return form;
}
