// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_GPUOUTPUTSTATIONARYKERNEL_H
#define KERNELS_GPUOUTPUTSTATIONARYKERNEL_H

#include "kernels/ConvolutionKernel.h"
#include "kernels/GpuBand.h"
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
  ConvolutionKernel *inputKernel() const override { return producer.get(); }
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  GpuOutputStationaryAttr schedule;
  GpuTiles tiles;
  RecordWeights record;
  /// What makes the input in the same workgroups, or null: a band of it at a
  /// time, so that the channel of a stored kernel is a place in the band.
  std::unique_ptr<GpuOutputStationaryKernel> producer;
  std::optional<GpuBand> band;

  mlir::Value bases;   // stored kernels, i32: the quad a channel begins with
  mlir::Value runs;    // filter groups × patterns + 1, i32: the first of each
  mlir::Value reorder; // filters, i32
};

} // namespace patternc

#endif // KERNELS_GPUOUTPUTSTATIONARYKERNEL_H
