// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_CPUDOTMATRIXKERNEL_H
#define KERNELS_CPUDOTMATRIXKERNEL_H

#include "kernels/ConvolutionKernel.h"
#include "kernels/Requantization.h"
#include "kernels/Schedules.h"

namespace patternc {

/// The channels that a filter group reads four at a time.
struct ChannelQuads {
  llvm::SmallVector<int32_t, 0> channels; // four each, or the first of a run
  llvm::SmallVector<int32_t, 0> kernels;  // four each; -1 for a product by zero
};

/// Those of filter group `i`, of `channels` channels.
ChannelQuads quadsOf(const FkwIndices &indices, int64_t i, int64_t channels,
                     InputQuads inputs);

/// The kernel of a #schedule.cpu_dot_matrix.
class CpuDotMatrixKernel : public ConvolutionKernel {
public:
  explicit CpuDotMatrixKernel(PackedConv2DOp op);

  Grid grid() const override;

protected:
  llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                FkwIndices indices, KernelOperands &operands,
                                std::string &reason) override;
  void bindArrays(BufferCursor &buffers) override;
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  CpuDotMatrixAttr schedule;

  mlir::Value channels; // quads × 1 or 4
  mlir::Value bounds;   // filter groups + 1: first quads
  mlir::Value reorder;  // filters
  ScaleArrays scales;
};

} // namespace patternc

#endif // KERNELS_CPUDOTMATRIXKERNEL_H
