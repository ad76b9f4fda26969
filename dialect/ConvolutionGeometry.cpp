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

int64_t ConvolutionGeometry::rowsRead(ScheduleAttr schedule) const {
  if (schedule.getDevice() != Device::Cpu)
    return planeRows();
  int64_t tile = schedule.getLanes() * schedule.getVectors();
  int64_t read = llvm::alignTo(runLength(), tile) + tapReach();
  return std::max<int64_t>(planeRows(),
                           llvm::divideCeilSigned(read, planePitch()));
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
  if (llvm::product_of(in) == 0 || llvm::product_of(out) == 0)
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
