// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_CPUOUTPUTSTATIONARYKERNEL_H
#define KERNELS_CPUOUTPUTSTATIONARYKERNEL_H

#include "kernels/FilterGroups.h"
#include "kernels/VectorTile.h"

namespace patternc {

/// The kernel of a #schedule.cpu_output_stationary.
class CpuOutputStationaryKernel : public ConvolutionKernel {
public:
  explicit CpuOutputStationaryKernel(PackedConv2DOp op);

  Grid grid() const override;
  std::optional<KernelOperands> operands(std::string &reason) override;
  llvm::SmallVector<mlir::RankedTensorType> workspaces() const override;

protected:
  llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                FkwIndices indices, KernelOperands &operands,
                                std::string &reason) override;
  void bindArrays(BufferCursor &buffers) override;
  ConvolutionKernel *inputKernel() const override { return producer.get(); }
  void bindResults(BufferCursor &buffers) override;
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  /// Of a filter group of the producer's output for each workgroup.
  int64_t workspaceBytes() const;

  CpuOutputStationaryAttr schedule;
  VectorTile tile;
  FilterGroups groups;
  /// What makes the input in the same workgroups, or null. Its output is one
  /// filter group for each workgroup, and the channel of a stored kernel a
  /// place in that group.
  std::unique_ptr<CpuOutputStationaryKernel> producer;
};

} // namespace patternc

#endif // KERNELS_CPUOUTPUTSTATIONARYKERNEL_H
