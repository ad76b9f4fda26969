// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

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
  int64_t phases = 1; // of such images that the convolution runs over

  static ConvolutionGeometry of(Conv2DOp op);
  static ConvolutionGeometry of(PackedConv2DOp op);
  /// As the convolution runs over the planes that it reads: over each of their
  /// phases on its own if the convolution itself has no strides. Plain images
  /// are one phase.
  static ConvolutionGeometry onPlanes(PackedConv2DOp op);

  /// The convolution of one phase of an image that is split by `strides`;
  /// nothing if it reads other phases as well or phases differ in size.
  std::optional<ConvolutionGeometry>
  ofPhase(llvm::ArrayRef<int64_t> strides) const;

  /// Height or width of an output; 0 where the kernel does not fit.
  static int64_t outputSize(int64_t padded, int64_t kernel, int64_t dilation,
                            int64_t stride) {
    if (padded < 1 || (kernel > 1 && dilation > (padded - 1) / (kernel - 1)))
      return 0;
    return (padded - 1 - dilation * (kernel - 1)) / stride + 1;
  }

  /// A product with a matrix: the rows are images of one position, with nothing
  /// around them. A phase of one position is no image.
  bool isFullyConnected() const {
    return phases * height * width == 1 && kernelHeight * kernelWidth == 1 &&
           strideH * strideW == 1 && outHeight * outWidth == 1;
  }

  /// Each channel has one filter, which reads nothing else.
  bool isDepthwise() const {
    return groups > 1 && groups == channels && groups == filters;
  }

  int64_t channelsPerGroup() const { return channels / groups; }
  int64_t filtersPerGroup() const { return filters / groups; }

  /// Row and column of a tap from the output position that it is for, in the
  /// phase of #pattern.planes that it reads; negative in the padding.
  int64_t tapRow(int64_t y) const {
    return llvm::divideFloorSigned(y * dilationH - top, strideH);
  }
  int64_t tapColumn(int64_t x) const {
    return llvm::divideFloorSigned(x * dilationW - left, strideW);
  }
  /// Offset of a tap in a plane from its output position in a flat run.
  int64_t tapOffset(int64_t position, PlanesAttr planes) const;

  /// Positions that taps reach beyond those of the output, in whole rows.
  int64_t halo(int64_t pitch) const {
    return (tapRow(kernelHeight - 1) - tapRow(0)) * pitch;
  }

  /// What the planes that it reads need at least, for rows of the output and
  /// the columns without image between those of the input;
  int64_t leastPitch() const;
  /// for the image to begin behind the first element that a tap reads;
  int64_t leastOrigin(int64_t pitch) const;
  /// and for all of the image and the elements that taps of outputs read.
  int64_t leastSize(int64_t origin, int64_t pitch) const;
  /// Checks that all taps of all outputs find image or zeros in `planes`.
  llvm::LogicalResult
  verifyPlanes(PlanesAttr planes,
               llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const;

  /// The output in positions of a flat run over planes of the given pitch.
  /// Where rows have no columns between them, all of the output is one row.
  int64_t runRows(int64_t pitch) const {
    return pitch == outWidth ? 1 : outHeight;
  }
  int64_t runColumns(int64_t pitch) const {
    return pitch == outWidth ? outHeight * outWidth : outWidth;
  }
  int64_t runLength(int64_t pitch) const {
    return (outHeight - 1) * pitch + outWidth;
  }
  /// Multiply-adds of the convolution with no kernel removed.
  int64_t denseMultiplyAdds() const {
    return saturatedProduct({batch, filters, outHeight, outWidth,
                             channelsPerGroup(), kernelHeight, kernelWidth});
  }
};

/// Checks the attributes and the shapes of input and output of a convolution
/// with a kernel of the given size against each other.
template <typename ConvolutionOp>
llvm::LogicalResult verifyGeometry(ConvolutionOp op, int64_t kernelHeight,
                                   int64_t kernelWidth);

} // namespace patternc

#endif // DIALECT_CONVOLUTIONGEOMETRY_H
