// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_CPUINPUTSTATIONARYKERNEL_H
#define KERNELS_CPUINPUTSTATIONARYKERNEL_H

#include "kernels/VectorTile.h"

namespace patternc {

/// The kernel of a #schedule.cpu_input_stationary. Its arrays are in the order
/// of ChannelStorage.
class CpuInputStationaryKernel : public ConvolutionKernel {
public:
  explicit CpuInputStationaryKernel(PackedConv2DOp op);

  Grid grid() const override;

protected:
  llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                FkwIndices indices, KernelOperands &operands,
                                std::string &reason) override;
  void bindArrays(BufferCursor &buffers) override;
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  CpuInputStationaryAttr schedule;
  VectorTile tile;
  mlir::Value filters; // kernels, i16: the filter, in its block
  mlir::Value ends;    // 0, then where the kernels of each pattern end, i32
};

} // namespace patternc

#endif // KERNELS_CPUINPUTSTATIONARYKERNEL_H
