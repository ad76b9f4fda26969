// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_ROWKERNEL_H
#define KERNELS_ROWKERNEL_H

#include "dialect/PatternOps.h"
#include "iree/StreamExecutable.h"

namespace patternc {

/// Loops that make the rows of one image from windows of another: pooling, and
/// with windows of one element the copies between layouts. Each image is plain
/// or in planes; the one that is read has planes without strides.
class RowKernel {
public:
  explicit RowKernel(PackOp op);
  explicit RowKernel(UnpackOp op);
  explicit RowKernel(Pool2DOp op);

  /// The grid that the schedule asks for.
  std::array<int64_t, 3> workgroups() const;

  /// Writes the loops into the body of `executable`, whose buffers are the
  /// image that is read and the one that is written.
  void emit(StreamExecutable &executable) const;

  /// An image in memory: `phases` planes of `size` elements for a channel, in
  /// which the image begins at `origin` and rows follow each other by `pitch`.
  struct Image {
    int64_t batch, channels, height, width;
    int64_t strideH = 1, strideW = 1;
    int64_t origin = 0, pitch, size;

    explicit Image(mlir::RankedTensorType type);
    int64_t phases() const { return strideH * strideW; }
  };

private:
  friend class RowKernelEmitter;

  RowKernel(mlir::Value input, mlir::Value output, ScheduleAttr schedule);

  Image input, output;
  mlir::Type element;
  ScheduleAttr schedule;
  Pooling pooling = Pooling::Max;
  int64_t kernelHeight = 1, kernelWidth = 1, strideH = 1, strideW = 1;
  int64_t top = 0, left = 0, bottom = 0, right = 0;
};

} // namespace patternc

#endif // KERNELS_ROWKERNEL_H
