// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_CPUDOTKERNEL_H
#define KERNELS_CPUDOTKERNEL_H

#include "kernels/Requantization.h"
#include "kernels/VectorTile.h"

namespace patternc {

/// Into how many quads of bytes the kernels of a filter group are put, all
/// groups together.
int64_t countQuads(const FkwIndices &indices, KernelPatternsAttr patterns,
                   Quads quads);

/// The kernel of a #schedule.cpu_dot.
class CpuDotKernel : public ConvolutionKernel {
public:
  explicit CpuDotKernel(PackedConv2DOp op);

  Grid grid() const override;
  mlir::Value finish(mlir::ImplicitLocOpBuilder &b, mlir::ValueRange sums,
                     mlir::Value filter, mlir::Value position) const override;

protected:
  llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                FkwIndices indices, KernelOperands &operands,
                                std::string &reason) override;
  void bindArrays(BufferCursor &buffers) override;
  void emitLoops(KernelBuilder &builder) override;

private:
  class Loops;

  bool inBlocks() const {
    return schedule.getInterleave() == Interleave::Blocks;
  }
  bool joinsChannels() const { return schedule.getQuads() == Quads::Channels; }
  bool hasTable() const { return schedule.getOffsets() == TapOffsets::Table; }
  /// Channels of a record, which is what one iteration reads, and its quads.
  int64_t channelsOfRecord() const { return joinsChannels() ? 4 : 1; }
  int64_t quadsOfRecord() const {
    return joinsChannels() ? taps() : llvm::divideCeilSigned(taps(), 4);
  }
  int64_t filterTiles() const {
    return geometry.filters / schedule.getFilters();
  }

  CpuDotAttr schedule;
  VectorTile tile;

  mlir::Value channels; // records × channels of each: distances, i8
  mlir::Value counts;   // filter groups × patterns: records, i8, i16 or i32
  mlir::Value firsts;   // filter groups: their first records, i16 or i32
  mlir::Value reorder;  // filters, i16 or i32
  mlir::Value offsets;  // patterns × quads × 4, i32; null without a table
  ScaleArrays scales;
};

} // namespace patternc

#endif // KERNELS_CPUDOTKERNEL_H
