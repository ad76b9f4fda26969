#ifndef DIALECT_CONVOLUTIONGEOMETRY_H
#define DIALECT_CONVOLUTIONGEOMETRY_H

#include "dialect/PatternOps.h"
#include "llvm/Support/MathExtras.h"

namespace patternc {

/// The numbers of a 2-D convolution, the same for every form of its weights.
struct ConvolutionGeometry {
  int64_t batch, channels, height, width;
  int64_t filters, outHeight, outWidth;
  int64_t kernelHeight, kernelWidth;
  int64_t strideH, strideW;
  int64_t top, left, bottom, right;
  int64_t dilationH, dilationW;
  int64_t groups;

  static ConvolutionGeometry of(Conv2DOp op);
  static ConvolutionGeometry of(PackedConv2DOp op);

  /// Height or width of an output; 0 where the kernel does not fit.
  static int64_t outputSize(int64_t padded, int64_t kernel, int64_t dilation,
                            int64_t stride) {
    int64_t reach = dilation * (kernel - 1) + 1;
    return padded < reach ? 0 : (padded - reach) / stride + 1;
  }

  int64_t channelsPerGroup() const { return channels / groups; }
  int64_t filtersPerGroup() const { return filters / groups; }
  /// Rows and columns of one phase of the padded input (see #pattern.planes),
  /// without slack.
  int64_t planeRows() const {
    return llvm::divideCeilSigned(height + top + bottom, strideH);
  }
  int64_t planePitch() const {
    return llvm::divideCeilSigned(width + left + right, strideW);
  }
  /// The output in positions of a flat run over the plane. Where rows have no
  /// columns between them, all of the output is one row.
  int64_t runRows() const { return planePitch() == outWidth ? 1 : outHeight; }
  int64_t runColumns() const {
    return planePitch() == outWidth ? outHeight * outWidth : outWidth;
  }
  int64_t runLength() const {
    return (outHeight - 1) * planePitch() + outWidth;
  }
  /// Lanes up to which a vector touches at most two rows of the output.
  int64_t maxLanes() const { return runColumns() + 1; }
  /// Offset of a tap from its output position, in planes of
  /// `phaseSize` elements a phase.
  int64_t tapOffset(int64_t position, int64_t phaseSize) const {
    int64_t y = position / kernelWidth * dilationH;
    int64_t x = position % kernelWidth * dilationW;
    int64_t phase = y % strideH * strideW + x % strideW;
    return phase * phaseSize + y / strideH * planePitch() + x / strideW;
  }
  /// The largest offset of a tap within its phase.
  int64_t tapReach() const {
    return (kernelHeight - 1) * dilationH / strideH * planePitch() +
           (kernelWidth - 1) * dilationW / strideW;
  }
  /// Rows of a phase that `schedule` reads: the padded image, and the slack
  /// that tiles read beyond its last row.
  int64_t rowsRead(ScheduleAttr schedule) const;
  /// Multiply-adds of the convolution with no kernel removed.
  int64_t denseMultiplyAdds() const {
    return batch * filters * outHeight * outWidth * channelsPerGroup() *
           kernelHeight * kernelWidth;
  }
};

/// Checks the attributes and the shapes of input and output of a convolution
/// with a kernel of the given size against each other.
template <typename ConvolutionOp>
llvm::LogicalResult verifyGeometry(ConvolutionOp op, int64_t kernelHeight,
                                   int64_t kernelWidth);

} // namespace patternc

#endif // DIALECT_CONVOLUTIONGEOMETRY_H
