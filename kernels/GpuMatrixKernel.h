// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_GPUMATRIXKERNEL_H
#define KERNELS_GPUMATRIXKERNEL_H

#include "kernels/FilterGroups.h"
#include "kernels/Quads.h"

namespace patternc {

/// The kernel of a #schedule.gpu_matrix.
class GpuMatrixKernel : public ConvolutionKernel {
public:
  explicit GpuMatrixKernel(PackedConv2DOp op);

  Grid grid() const override;

protected:
  llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                FkwIndices indices, KernelOperands &operands,
                                std::string &reason) override;
  void bindArrays(BufferCursor &buffers) override;
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  /// Threads of a workgroup that have filters of their own.
  int64_t slots() const { return schedule.getThreads() / schedule.getSlices(); }

  GpuMatrixAttr schedule;
  RecordWeights record;
  FilterGroups groups;
};

} // namespace patternc

#endif // KERNELS_GPUMATRIXKERNEL_H
