// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_CPUMATRIXKERNEL_H
#define KERNELS_CPUMATRIXKERNEL_H

#include "kernels/FilterGroups.h"

namespace patternc {

/// The kernel of a #schedule.cpu_matrix.
class CpuMatrixKernel : public ConvolutionKernel {
public:
  explicit CpuMatrixKernel(PackedConv2DOp op);

  Grid grid() const override;

protected:
  llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                FkwIndices indices, KernelOperands &operands,
                                std::string &reason) override;
  void bindArrays(BufferCursor &buffers) override;
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  CpuMatrixAttr schedule;
  FilterGroups groups;
};

} // namespace patternc

#endif // KERNELS_CPUMATRIXKERNEL_H
