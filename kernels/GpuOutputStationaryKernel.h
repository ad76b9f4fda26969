// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_GPUOUTPUTSTATIONARYKERNEL_H
#define KERNELS_GPUOUTPUTSTATIONARYKERNEL_H

#include "kernels/ConvolutionKernel.h"
#include "kernels/Quads.h"
#include "kernels/Schedules.h"

namespace patternc {

/// The kernel of a #schedule.gpu_output_stationary.
class GpuOutputStationaryKernel : public ConvolutionKernel {
public:
  explicit GpuOutputStationaryKernel(PackedConv2DOp op);

  Grid grid() const override;

protected:
  llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                FkwIndices indices, KernelOperands &operands,
                                std::string &reason) override;
  void bindArrays(BufferCursor &buffers) override;
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  GpuOutputStationaryAttr schedule;
  GpuTiles tiles;
  RecordWeights record;

  mlir::Value bases;   // stored kernels, i32: the quad a channel begins with
  mlir::Value runs;    // filter groups × patterns + 1, i32: the first of each
  mlir::Value reorder; // filters, i32
};

} // namespace patternc

#endif // KERNELS_GPUOUTPUTSTATIONARYKERNEL_H
