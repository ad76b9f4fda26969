// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/PatternOps.h"

#include "dialect/ConvolutionGeometry.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace patternc;

#define GET_OP_CLASSES
#include "dialect/PatternOps.cpp.inc"

bool patternc::isPermutation(ArrayRef<int32_t> order, int64_t count) {
  if (static_cast<int64_t>(order.size()) != count)
    return false;
  llvm::BitVector seen(count);
  for (int32_t i : order) {
    if (i < 0 || i >= count || seen.test(i))
      return false;
    seen.set(i);
  }
  return true;
}

/// Planes with strides are made for the convolution that reads them.
static LogicalResult verifyWithoutStrides(Operation *op, Value image) {
  PlanesAttr planes = planesOf(image);
  if (planes && planes.getPhases() != 1)
    return op->emitOpError("expected planes without strides, but found ")
           << planes;
  return success();
}

/// Checks that all images, and the weights, are of the output's type.
static LogicalResult verifyElementTypes(Operation *op, ValueRange images) {
  Type element = getElementTypeOrSelf(op->getResult(0));
  for (Value image : images)
    if (image && getElementTypeOrSelf(image) != element)
      return op->emitOpError("computes ")
             << element << ", but one of its operands is " << image.getType();
  return success();
}

/// Checks that an operation on bytes says what they stand for, and no other
/// does.
template <typename ImageOp>
static LogicalResult verifyQuantization(ImageOp op) {
  QuantizationAttr quantization = op.getQuantizationAttr();
  bool isOnBytes = op.getOutput().getType().getElementType().isInteger();
  if (isOnBytes != static_cast<bool>(quantization))
    return op.emitOpError("computes ")
           << op.getOutput().getType().getElementType() << ", but has "
           << (quantization ? "a" : "no") << " quantization";
  if (!quantization)
    return success();
  for (auto [image, uniform] :
       {std::pair(Value(op.getInput()), quantization.getInput()),
        std::pair(Value(op.getOutput()), quantization.getOutput())})
    if (PlanesAttr planes = planesOf(image);
        planes && planes.getPadding() != uniform.getZeroPoint())
      return op.emitOpError("planes are padded with ")
             << planes.getPadding() << ", but the zero point is "
             << uniform.getZeroPoint();
  return success();
}

/// The same for a convolution.
template <typename ConvolutionOp>
static LogicalResult verifyQuantizedConvolution(ConvolutionOp op) {
  if (failed(verifyQuantization(op)))
    return failure();
  QuantizationAttr quantization = op.getQuantizationAttr();
  int64_t filters = op.getOutput().getType().getShape()[1];
  TypedValue<RankedTensorType> scale = op.getScale();
  if (static_cast<bool>(scale) != static_cast<bool>(quantization))
    return op.emitOpError("has ")
           << (scale ? "scales" : "a quantization") << ", but no "
           << (scale ? "quantization" : "scales");
  Type element = op.getOutput().getType().getElementType();
  Type sum = quantization ? Float32Type::get(op.getContext()) : element;
  if (TypedValue<RankedTensorType> bias = op.getBias();
      bias && bias.getType().getElementType() != sum)
    return op.emitOpError("computes ")
           << element << ", but one of its operands is " << bias.getType();
  if (!quantization)
    return success();
  if (scale.getType().getShape() != ArrayRef<int64_t>{filters})
    return op.emitOpError("expected scales of ")
           << filters << " filters, but found " << scale.getType();
  if (op.getActivation() != Activation::None)
    return op.emitOpError("computes bytes, of which an activation is a range");
  if (static_cast<bool>(op.getResidual()) !=
      static_cast<bool>(quantization.getResidual()))
    return op.emitOpError("has ") << (op.getResidual() ? "" : "no ")
                                  << "residual, unlike its quantization";
  return success();
}

/// Checks that what is added to the output of a convolution is one.
template <typename ConvolutionOp>
static LogicalResult verifyResidual(ConvolutionOp op) {
  TypedValue<RankedTensorType> residual = op.getResidual();
  if (!residual)
    return success();
  // Bytes may have another zero point.
  RankedTensorType expected = op.getOutput().getType();
  PlanesAttr planes = planesOf(op.getOutput());
  if (QuantizationAttr quantization = op.getQuantizationAttr();
      quantization && planes)
    expected = RankedTensorType::get(
        expected.getShape(), expected.getElementType(),
        planes.withPadding(quantization.getResidual().getZeroPoint()));
  if (residual.getType() != expected)
    return op.emitOpError("residual is ")
           << residual.getType() << ", but the output is "
           << op.getOutput().getType();
  return success();
}

/// Checks the schedule of an operation against it and the target.
template <typename ScheduledOp>
static LogicalResult verifySchedule(ScheduledOp op) {
  Schedule schedule = op.getScheduleAttr();
  if (!schedule)
    return success();
  TargetAttr target = TargetAttr::of(op);
  if (schedule.getDevice() != target.getDevice())
    return op.emitOpError("has a schedule for a ")
           << stringifyDevice(schedule.getDevice()) << ", but the target is a "
           << stringifyDevice(target.getDevice());
  std::string reason = schedule.reasonAgainst(op, target);
  if (!reason.empty())
    return op.emitOpError("cannot run as its schedule says: ") << reason;
  return success();
}

//===----------------------------------------------------------------------===//
// Conv2DOp
//===----------------------------------------------------------------------===//

LogicalResult Conv2DOp::verify() {
  ArrayRef<int64_t> shape = getWeights().getType().getShape();
  if (shape.size() != 4)
    return emitOpError("expected weights of rank 4, but found ")
           << getWeights().getType();
  if (failed(verifyGeometry(*this, shape[2], shape[3])) ||
      failed(verifyElementTypes(*this,
                                {getInput(), getWeights(), getResidual()})) ||
      failed(verifyQuantizedConvolution(*this)) ||
      failed(verifyResidual(*this)))
    return failure();
  ConvolutionGeometry geometry = ConvolutionGeometry::of(*this);
  if (shape[0] != geometry.filters || shape[1] != geometry.channelsPerGroup())
    return emitOpError("weights have ")
           << shape[0] << " filters of " << shape[1]
           << " channels, but input, output and groups ask for "
           << geometry.filters << " of " << geometry.channelsPerGroup();
  KernelMapAttr map = getMap();
  if (map.getSet().getHeight() != shape[2] ||
      map.getSet().getWidth() != shape[3])
    return emitOpError("patterns are for a ")
           << map.getSet().getHeight() << "x" << map.getSet().getWidth()
           << " kernel, but the weights have " << shape[2] << "x" << shape[3];
  if (map.getNumFilters() != shape[0] || map.getNumChannels() != shape[1])
    return emitOpError("kernel map is ")
           << map.getNumFilters() << "x" << map.getNumChannels()
           << ", but the weights have " << shape[0] << "x" << shape[1]
           << " kernels";
  if (auto order = getFilterOrder(); order && !isPermutation(*order, shape[0]))
    return emitOpError("filter order is not a permutation of the ")
           << shape[0] << " filters";
  if (auto group = getFilterGroup();
      group && (*group < 1 || *group > maxAtOnce))
    return emitOpError("expected a filter group of 1 to ")
           << maxAtOnce << ", but found " << *group;
  return success();
}

//===----------------------------------------------------------------------===//
// PackedConv2DOp
//===----------------------------------------------------------------------===//

/// Checks the planes that are read and written against the convolution.
static LogicalResult verifyPlanes(PackedConv2DOp op) {
  PlanesAttr input = planesOf(op.getInput()), output = planesOf(op.getOutput());
  if ((input || output) && ConvolutionGeometry::of(op).isFullyConnected())
    return op.emitOpError(
               "multiplies images of one position by a matrix, which "
               "are plain, but found ")
           << (input ? input : output);
  if (output && !input)
    return op.emitOpError("has an output in planes, but not its input");
  if (!input)
    return success();
  ArrayRef<int64_t> strides = input.getStrides();
  bool inPhases = strides != op.getStrides();
  if (inPhases && !ConvolutionGeometry::of(op).ofPhase(strides))
    return op.emitOpError(
        "input planes have other strides than the convolution");
  if (failed(ConvolutionGeometry::onPlanes(op).verifyPlanes(
          input, [&] { return op.emitOpError(); })))
    return failure();
  if (inPhases && (!output || output.getStrides() != input.getStrides()))
    return op.emitOpError("runs over phases, but its output is not in planes "
                          "of the same strides");
  if (!output)
    return success();
  if (!inPhases && failed(verifyWithoutStrides(op, op.getOutput())))
    return failure();
  if (output.getPitch() != input.getPitch())
    return op.emitOpError("output planes have pitch ")
           << output.getPitch() << ", but the input has " << input.getPitch();
  return success();
}

LogicalResult PackedConv2DOp::verify() {
  KernelPatternsAttr set = getStorage().getSet();
  if (failed(verifyGeometry(*this, set.getHeight(), set.getWidth())))
    return failure();
  int64_t filters = getOutput().getType().getShape()[1];
  int64_t group = getStorage().getGroup();
  if (filters % group != 0)
    return emitOpError("filter group ")
           << group << " does not divide the " << filters << " filters";
  int64_t filterGroups = filters / group;
  int64_t kernels = getIndex().getType().getNumElements();
  std::pair<StringRef, std::pair<TypedValue<RankedTensorType>, int64_t>>
      arrays[] = {
          {"weight",
           {getWeight(), saturatedProduct({kernels, set.getEntries(), group})}},
          {"index", {getIndex(), kernels}},
          {"pattern_offset",
           {getPatternOffset(), filterGroups * (set.getNumPatterns() + 1)}},
          {"offset", {getOffset(), filterGroups + 1}},
          {"reorder", {getReorder(), filters}}};
  for (auto [name, array] : arrays)
    if (array.first.getType().getShape() != ArrayRef<int64_t>{array.second})
      return emitOpError("expected ")
             << name << " to hold " << array.second << " elements, but found "
             << array.first.getType();
  if (failed(verifyElementTypes(*this,
                                {getInput(), getWeight(), getResidual()})) ||
      failed(verifyQuantizedConvolution(*this)) ||
      failed(verifyResidual(*this)) || failed(verifyPlanes(*this)))
    return failure();
  return verifySchedule(*this);
}

//===----------------------------------------------------------------------===//
// Pool2DOp
//===----------------------------------------------------------------------===//

/// A maximum of bytes is one of them, and nothing is done to a mean.
static LogicalResult verifyPooledBytes(Pool2DOp op) {
  QuantizationAttr quantization = op.getQuantizationAttr();
  if (!quantization)
    return success();
  if (quantization.getResidual())
    return op.emitOpError("adds no residual, but its quantization has one");
  if (quantization.getLookup())
    return op.emitOpError("looks nothing up, but its quantization does");
  if (op.getPooling() == Pooling::Max &&
      quantization.getInput() != quantization.getOutput())
    return op.emitOpError("keeps bytes, but ")
           << quantization.getInput() << " becomes "
           << quantization.getOutput();
  return success();
}

LogicalResult Pool2DOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape();
  ArrayRef<int64_t> out = getOutput().getType().getShape();
  if (in.size() != 4 || out.size() != 4)
    return emitOpError("expected input and output of rank 4, but found rank ")
           << in.size() << " and " << out.size();
  if (llvm::is_contained(in, 0))
    return emitOpError("expected images with elements, but found ")
           << getInput().getType();
  ArrayRef<int64_t> kernel = getKernel(), strides = getStrides(),
                    padding = getPadding();
  auto isPositive = [](int64_t v) { return v > 0; };
  if (kernel.size() != 2 || strides.size() != 2 ||
      !llvm::all_of(kernel, isPositive) || !llvm::all_of(strides, isPositive))
    return emitOpError("expected two positive kernel sizes and two positive "
                       "strides");
  if (padding.size() != 4 ||
      llvm::any_of(padding, [](int64_t p) { return p < 0; }))
    return emitOpError("expected four paddings that are not negative");
  if (in[0] != out[0] || in[1] != out[1])
    return emitOpError("input and output differ in images or channels");
  std::string reason = whatIsTooLarge(in, padding, kernel, strides);
  if (!reason.empty())
    return emitOpError(reason);
  for (int d : {0, 1}) {
    if (padding[d] >= kernel[d] || padding[2 + d] >= kernel[d])
      return emitOpError("expected padding narrower than the kernel of ")
             << kernel[d];
    int64_t padded = in[2 + d] + padding[d] + padding[2 + d];
    if (padded < kernel[d])
      return emitOpError("kernel of ")
             << kernel[d] << " does not fit the padded image of " << padded;
    int64_t expected =
        ConvolutionGeometry::outputSize(padded, kernel[d], 1, strides[d]);
    if (out[2 + d] != expected)
      return emitOpError("output ")
             << (d == 0 ? "height" : "width") << " is " << out[2 + d]
             << ", but the input gives " << expected;
  }
  if (failed(verifyElementTypes(*this, getInput())) ||
      failed(verifyQuantization(*this)) || failed(verifyPooledBytes(*this)) ||
      failed(verifyWithoutStrides(*this, getInput())) ||
      failed(verifyWithoutStrides(*this, getOutput())))
    return failure();
  return verifySchedule(*this);
}

//===----------------------------------------------------------------------===//
// PackOp, UnpackOp
//===----------------------------------------------------------------------===//

/// Checks an op that copies from one layout into another.
template <typename CopyOp> static LogicalResult verifyCopy(CopyOp op) {
  if (op.getInput().getType().getShape() != op.getOutput().getType().getShape())
    return op.emitOpError("input and output differ in shape");
  if (failed(verifyElementTypes(op, op.getInput())) ||
      failed(verifyWithoutStrides(op, op.getInput())))
    return failure();
  return verifySchedule(op);
}

LogicalResult PackOp::verify() { return verifyCopy(*this); }
LogicalResult UnpackOp::verify() { return verifyCopy(*this); }
