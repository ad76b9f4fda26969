// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/ConvolutionGeometry.h"

using namespace mlir;
using namespace patternc;

template <typename ConvolutionOp>
static ConvolutionGeometry geometryOf(ConvolutionOp op,
                                      KernelPatternsAttr set) {
  ArrayRef<int64_t> in = op.getInput().getType().getShape();
  ArrayRef<int64_t> out = op.getOutput().getType().getShape();
  ArrayRef<int64_t> strides = op.getStrides(), padding = op.getPadding(),
                    dilations = op.getDilations();
  return {in[0],        in[1],           in[2],
          in[3],        out[1],          out[2],
          out[3],       set.getHeight(), set.getWidth(),
          strides[0],   strides[1],      padding[0],
          padding[1],   padding[2],      padding[3],
          dilations[0], dilations[1],    static_cast<int64_t>(op.getGroups())};
}

ConvolutionGeometry ConvolutionGeometry::of(Conv2DOp op) {
  return geometryOf(op, op.getMap().getSet());
}

ConvolutionGeometry ConvolutionGeometry::of(PackedConv2DOp op) {
  return geometryOf(op, op.getStorage().getSet());
}

std::optional<ConvolutionGeometry>
ConvolutionGeometry::ofPhase(ArrayRef<int64_t> strides) const {
  if (kernelHeight * kernelWidth != 1 || strideH * strideW != 1 ||
      top + left + bottom + right != 0 || height % strides[0] != 0 ||
      width % strides[1] != 0)
    return std::nullopt;
  ConvolutionGeometry phase = *this;
  phase.phases = strides[0] * strides[1];
  phase.height = phase.outHeight = height / strides[0];
  phase.width = phase.outWidth = width / strides[1];
  return phase;
}

ConvolutionGeometry ConvolutionGeometry::onPlanes(PackedConv2DOp op) {
  ConvolutionGeometry whole = of(op);
  PlanesAttr planes = planesOf(op.getInput());
  if (!planes || planes.getStrides() == op.getStridesAttr())
    return whole;
  return whole.ofPhase(planes.getStrides()).value_or(whole);
}

int64_t ConvolutionGeometry::tapOffset(int64_t position,
                                       PlanesAttr planes) const {
  int64_t y = position / kernelWidth, x = position % kernelWidth;
  int64_t row = tapRow(y), column = tapColumn(x);
  int64_t phase = (y * dilationH - top - row * strideH) * strideW +
                  (x * dilationW - left - column * strideW);
  return phase * planes.getSize() + planes.getOrigin() +
         row * planes.getPitch() + column;
}

int64_t ConvolutionGeometry::leastPitch() const {
  int64_t columns = llvm::divideCeilSigned(width, strideW);
  int64_t before = -tapColumn(0);
  int64_t after = outWidth + tapColumn(kernelWidth - 1) - columns;
  int64_t between = std::max<int64_t>({before, after, 0});
  return std::max(columns + between, outWidth);
}

int64_t ConvolutionGeometry::leastOrigin(int64_t pitch) const {
  return std::max<int64_t>(0, -(tapRow(0) * pitch + tapColumn(0)));
}

int64_t ConvolutionGeometry::leastSize(int64_t origin, int64_t pitch) const {
  int64_t imageEnd = llvm::divideCeilSigned(height, strideH) * pitch;
  int64_t lastTap =
      tapRow(kernelHeight - 1) * pitch + tapColumn(kernelWidth - 1);
  return origin + std::max(imageEnd, runLength(pitch) + lastTap);
}

LogicalResult ConvolutionGeometry::verifyPlanes(
    PlanesAttr planes, function_ref<InFlightDiagnostic()> emitError) const {
  int64_t pitch = planes.getPitch();
  if (pitch < leastPitch())
    return emitError() << "input planes have pitch " << pitch
                       << ", but the convolution needs " << leastPitch();
  if (planes.getOrigin() < leastOrigin(pitch))
    return emitError() << "input planes have their origin at "
                       << planes.getOrigin() << ", but the convolution reads "
                       << leastOrigin(pitch) << " elements before it";
  if (planes.getSize() < leastSize(planes.getOrigin(), pitch))
    return emitError() << "input planes have size " << planes.getSize()
                       << ", but the convolution reads "
                       << leastSize(planes.getOrigin(), pitch);
  return success();
}

template <typename ConvolutionOp>
LogicalResult patternc::verifyGeometry(ConvolutionOp op, int64_t kernelHeight,
                                       int64_t kernelWidth) {
  ArrayRef<int64_t> in = op.getInput().getType().getShape();
  ArrayRef<int64_t> out = op.getOutput().getType().getShape();
  if (in.size() != 4 || out.size() != 4)
    return op.emitOpError(
               "expected input and output of rank 4, but found rank ")
           << in.size() << " and " << out.size();
  if (llvm::is_contained(in, 0) || llvm::is_contained(out, 0))
    return op.emitOpError("expected images with elements, but found ")
           << op.getInput().getType() << " and " << op.getOutput().getType();
  ArrayRef<int64_t> strides = op.getStrides(), padding = op.getPadding(),
                    dilations = op.getDilations();
  auto allAtLeast = [](ArrayRef<int64_t> values, size_t count, int64_t least) {
    return values.size() == count &&
           llvm::all_of(values, [&](int64_t v) { return v >= least; });
  };
  if (!allAtLeast(strides, 2, 1) || !allAtLeast(dilations, 2, 1))
    return op.emitOpError("expected two positive strides and two positive "
                          "dilations");
  if (!allAtLeast(padding, 4, 0))
    return op.emitOpError("expected four paddings that are not negative");
  if (saturatedProduct(strides) > maxPhases)
    return op.emitOpError("strides split the image into ")
           << saturatedProduct(strides) << " phases, expected at most "
           << maxPhases;
  std::string reason =
      whatIsTooLarge(in, padding, {kernelHeight, kernelWidth}, strides);
  if (!reason.empty())
    return op.emitOpError(reason);
  int64_t groups = op.getGroups();
  if (groups < 1 || in[1] % groups != 0 || out[1] % groups != 0)
    return op.emitOpError("groups ")
           << groups << " do not divide the " << in[1] << " input and "
           << out[1] << " output channels";
  if (in[0] != out[0])
    return op.emitOpError("input has batch ")
           << in[0] << ", but output has " << out[0];

  int64_t kernel[] = {kernelHeight, kernelWidth};
  for (int d : {0, 1}) {
    int64_t expected =
        ConvolutionGeometry::outputSize(in[2 + d] + padding[d] + padding[2 + d],
                                        kernel[d], dilations[d], strides[d]);
    if (out[2 + d] != expected)
      return op.emitOpError("output ")
             << (d == 0 ? "height" : "width") << " is " << out[2 + d]
             << ", but the input gives " << expected;
  }
  if (auto bias = op.getBias())
    if (bias.getType().getShape() != ArrayRef<int64_t>{out[1]})
      return op.emitOpError("expected a bias of ")
             << out[1] << " values, but found " << bias.getType();
  return success();
}

template LogicalResult patternc::verifyGeometry(Conv2DOp, int64_t, int64_t);
template LogicalResult patternc::verifyGeometry(PackedConv2DOp, int64_t,
                                                int64_t);
