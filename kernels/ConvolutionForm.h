// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_CONVOLUTIONFORM_H
#define KERNELS_CONVOLUTIONFORM_H

#include "kernels/KernelForm.h"

namespace patternc {

/// A form of loops of packed convolutions.
template <typename ScheduleAttr, typename KernelOfForm>
class ConvolutionForm : public KernelForm {
public:
  bool has(Schedule schedule) const final {
    return llvm::isa_and_nonnull<ScheduleAttr>(schedule);
  }

  Schedule choose(mlir::Operation *operation,
                  const ScheduleOptions &options) const final {
    PackedConv2DOp op = convolutionOf(operation);
    return op ? chooseFor(op, options) : ScheduleAttr();
  }

  void enumerate(mlir::Operation *operation,
                 llvm::function_ref<void(Schedule)> found) const final {
    if (PackedConv2DOp op = convolutionOf(operation))
      enumerateFor(op, found);
  }

  std::unique_ptr<Kernel> kernelOf(mlir::Operation *op) const final {
    return std::make_unique<KernelOfForm>(llvm::cast<PackedConv2DOp>(op));
  }

private:
  /// Whether it is for such convolutions on the target of `op`.
  virtual bool takes(PackedConv2DOp op) const = 0;

  /// As `choose` and `enumerate`, of a convolution that it takes.
  virtual ScheduleAttr chooseFor(PackedConv2DOp op,
                                 const ScheduleOptions &options) const = 0;
  virtual void enumerateFor(PackedConv2DOp op,
                            llvm::function_ref<void(Schedule)> found) const = 0;

  PackedConv2DOp convolutionOf(mlir::Operation *operation) const {
    auto op = llvm::dyn_cast<PackedConv2DOp>(operation);
    return op && takes(op) ? op : PackedConv2DOp();
  }
};

} // namespace patternc

#endif // KERNELS_CONVOLUTIONFORM_H
