// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_DIRECTKERNEL_H
#define KERNELS_DIRECTKERNEL_H

#include "kernels/FilterGroups.h"
#include "kernels/Requantization.h"

namespace patternc {

/// The kernel of a #schedule.gpu_direct or a #schedule.vm_direct.
class DirectKernel : public ConvolutionKernel {
public:
  /// With `threads` in a workgroup, or without threads if that is 0.
  DirectKernel(PackedConv2DOp op, int64_t threads, int64_t filters,
               int64_t unroll, TapOffsets offsets);

  Grid grid() const override;

protected:
  llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                FkwIndices indices, KernelOperands &operands,
                                std::string &reason) override;
  void bindArrays(BufferCursor &buffers) override;
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  int64_t threads, unroll;
  FilterGroups groups;
  ScaleArrays scales; // of bytes
};

} // namespace patternc

#endif // KERNELS_DIRECTKERNEL_H
