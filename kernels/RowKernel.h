// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_ROWKERNEL_H
#define KERNELS_ROWKERNEL_H

#include "dialect/PatternOps.h"
#include "kernels/Kernel.h"

namespace patternc {

/// Loops that make the rows of one image from windows of another: pooling, and
/// with windows of one element the copies between layouts. Each image is plain
/// or in planes; the one that is read has planes without strides.
class RowKernel : public Kernel {
public:
  /// By vectors of `lanes` elements, or with `threads` in a workgroup if that
  /// is not 0, `slices` of which share a window. Windows are written out, or
  /// loops go over them.
  RowKernel(mlir::Operation *op, int64_t lanes, int64_t threads,
            bool isUnrolled, int64_t slices = 1);

  Grid grid() const override;
  std::optional<KernelOperands> operands(std::string &reason) override;
  void emit(KernelBuilder &builder) override;

  /// An image in memory: `phases` planes of `size` elements for a channel, in
  /// which the image begins at `origin` and rows follow each other by `pitch`.
  struct Image {
    int64_t batch, channels, height, width;
    int64_t strideH = 1, strideW = 1;
    int64_t origin = 0, pitch, size, padding = 0;

    explicit Image(mlir::RankedTensorType type);
    int64_t phases() const { return strideH * strideW; }
  };

private:
  class Loops;

  mlir::Value source;
  Image input, output;
  mlir::Type element;
  int64_t lanes, threads;
  bool isUnrolled;
  int64_t slices;
  Pooling pooling = Pooling::Max;
  QuantizationAttr quantization; // of pooled bytes, or null
  int64_t kernelHeight = 1, kernelWidth = 1, strideH = 1, strideW = 1;
  int64_t top = 0, left = 0, bottom = 0, right = 0;
};

} // namespace patternc

#endif // KERNELS_ROWKERNEL_H
