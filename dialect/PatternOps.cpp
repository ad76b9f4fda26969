// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/PatternOps.h"

#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace patternc;

#define GET_OP_CLASSES
#include "dialect/PatternOps.cpp.inc"

/// True if `order` lists 0 … `count`−1, each once.
static bool isPermutation(ArrayRef<int32_t> order, int64_t count) {
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

/// Checks that everything that an operation computes with is of one type.
static LogicalResult verifyElementTypes(Operation *op) {
  Type element = getElementTypeOrSelf(op->getResult(0));
  for (Type type : op->getOperandTypes())
    if (Type other = getElementTypeOrSelf(type);
        isa<FloatType>(other) && other != element)
      return op->emitOpError("computes ")
             << element << ", but one of its operands is " << type;
  return success();
}

/// Checks that what is added to the output of a convolution is one.
template <typename ConvolutionOp>
static LogicalResult verifyResidual(ConvolutionOp op) {
  Value residual = op.getResidual();
  if (residual && residual.getType() != op.getOutput().getType())
    return op.emitOpError("residual is ")
           << residual.getType() << ", but the output is "
           << op.getOutput().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Conv2DOp
//===----------------------------------------------------------------------===//

/// Finds a weight that is kept in memory but not by the map.
static LogicalResult verifyWeights(Conv2DOp op, ArrayRef<float> weights) {
  KernelPatternsAttr set = op.getMap().getSet();
  int64_t area = set.getHeight() * set.getWidth();
  SmallVector<llvm::BitVector> keeps(set.getNumPatterns() + 1,
                                     llvm::BitVector(area));
  for (int64_t p = 0; p < set.getNumPatterns(); ++p)
    for (int32_t position : set.getPattern(p))
      keeps[p + 1].set(position);
  int64_t channels = op.getMap().getNumChannels();
  for (auto [kernel, id] : llvm::enumerate(op.getMap().getFlatIds())) {
    if (keeps[id].all())
      continue;
    ArrayRef<float> values = weights.slice(kernel * area, area);
    for (int64_t position = 0; position < area; ++position)
      if (values[position] != 0 && !keeps[id].test(position)) {
        InFlightDiagnostic error = op.emitOpError("kernel of filter ")
                                   << kernel / channels << ", channel "
                                   << kernel % channels
                                   << " has a weight at position " << position;
        if (id == 0)
          return error << ", but the kernel is removed";
        return error << ", which its pattern " << unsigned(id)
                     << " does not keep";
      }
  }
  return success();
}

LogicalResult Conv2DOp::verify() {
  ArrayRef<int64_t> shape = getWeights().getType().getShape();
  if (shape.size() != 4)
    return emitOpError("expected weights of rank 4, but found ")
           << getWeights().getType();
  if (failed(verifyGeometry(*this, shape[2], shape[3])) ||
      failed(verifyElementTypes(*this)) || failed(verifyResidual(*this)))
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
  if (auto weights = ConstantData<float>::of(getWeights()))
    return verifyWeights(*this, weights->elements());
  return success();
}

//===----------------------------------------------------------------------===//
// PackedConv2DOp
//===----------------------------------------------------------------------===//

/// Checks that `sums` begin with 0, never fall and end with `count`.
static LogicalResult verifySums(ArrayRef<int32_t> sums, int64_t count,
                                function_ref<InFlightDiagnostic()> emitError) {
  if (sums.front() != 0)
    return emitError() << " starts at " << sums.front() << ", but expected 0";
  for (size_t i = 1; i < sums.size(); ++i)
    if (sums[i] < sums[i - 1])
      return emitError() << " falls from " << sums[i - 1] << " to " << sums[i];
  if (sums.back() != count)
    return emitError() << " ends at " << sums.back() << ", but expected "
                       << count;
  return success();
}

/// Checks the index arrays against each other, as far as they are constant.
static LogicalResult verifyStorage(PackedConv2DOp op) {
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  int64_t group = op.getStorage().getGroup();
  int64_t filterGroups = geometry.filters / group;

  auto reorder = ConstantData<int32_t>::of(op.getReorder());
  auto groupOf = [&](int64_t stored) {
    return reorder->elements()[stored] / geometry.filtersPerGroup();
  };
  if (reorder) {
    if (!isPermutation(reorder->elements(), geometry.filters))
      return op.emitOpError("reorder is not a permutation of the ")
             << geometry.filters << " filters";
    for (int64_t stored = 0; stored < geometry.filters; ++stored)
      if (int64_t first = groupOf(stored - stored % group);
          groupOf(stored) != first)
        return op.emitOpError("filter group ")
               << stored / group << " holds filters of the convolution groups "
               << first << " and " << groupOf(stored);
  }

  auto offset = ConstantData<int32_t>::of(op.getOffset());
  if (!offset)
    return success();
  ArrayRef<int32_t> begins = offset->elements();
  if (failed(verifySums(begins, op.getIndex().getType().getNumElements(),
                        [&] { return op.emitOpError("offset"); })))
    return failure();
  if (auto stride = ConstantData<int32_t>::of(op.getStride())) {
    int64_t length = op.getStorage().getSet().getNumPatterns() + 1;
    for (int64_t i = 0; i < filterGroups; ++i)
      if (failed(verifySums(stride->elements().slice(i * length, length),
                            begins[i + 1] - begins[i], [&] {
                              return op.emitOpError("stride of filter group ")
                                     << i;
                            })))
        return failure();
  }

  auto channels = ConstantData<int32_t>::of(op.getIndex());
  if (!reorder || !channels)
    return success();
  for (int64_t i = 0; i < filterGroups; ++i) {
    int64_t first = groupOf(i * group) * geometry.channelsPerGroup();
    int64_t last = first + geometry.channelsPerGroup() - 1;
    for (int32_t k = begins[i]; k < begins[i + 1]; ++k) {
      int32_t channel = channels->elements()[k];
      if (channel < first || channel > last)
        return op.emitOpError("kernel ")
               << k << " reads channel " << channel
               << ", but the convolution group of its filters has " << first
               << " to " << last;
    }
    SmallVector<int32_t> read(
        channels->elements().slice(begins[i], begins[i + 1] - begins[i]));
    llvm::sort(read);
    if (auto twice = llvm::adjacent_find(read); twice != read.end())
      return op.emitOpError("filter group ")
             << i << " has two kernels of channel " << *twice;
  }
  return success();
}

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

/// Checks the schedule against the convolution.
static LogicalResult verifySchedule(PackedConv2DOp op) {
  auto schedule = op.getSchedule();
  if (!schedule)
    return success();
  int64_t group = op.getStorage().getGroup();
  KernelPatternsAttr set = op.getStorage().getSet();
  auto verifyWrittenOut = [&](int64_t multiplyAdds) -> LogicalResult {
    if (multiplyAdds <= ScheduleAttr::maxWrittenOut)
      return success();
    return op.emitOpError("schedule writes out ")
           << multiplyAdds << " multiply-adds, expected at most "
           << ScheduleAttr::maxWrittenOut;
  };
  if (group % schedule->getFiltersOf(group) != 0)
    return op.emitOpError("computes ")
           << schedule->getFilters()
           << " filters at once, expected a divisor of the filter group "
           << group;
  if (schedule->getDevice() != Device::Cpu)
    return success();
  ConvolutionGeometry whole = ConvolutionGeometry::of(op);
  if (whole.isFullyConnected()) { // vectors run over filters
    if (schedule->getStationary() == Stationary::Channel)
      return op.emitOpError("channels are not stationary where images are one "
                            "position");
    if (schedule->getTiles() > whole.batch)
      return op.emitOpError("computes ")
             << schedule->getTiles() << " images at once, but there are "
             << whole.batch;
    return verifyWrittenOut(saturatedProduct(
        {schedule->getTiles(),
         llvm::divideCeilSigned(group, schedule->getLanes())}));
  }
  bool isChannelStationary = schedule->getStationary() == Stationary::Channel;
  if (failed(verifyWrittenOut(
          schedule->getVectors() *
          (isChannelStationary ? static_cast<int64_t>(set.getPositions().size())
                               : schedule->getFiltersOf(group)))))
    return failure();
  PlanesAttr planes = planesOf(op.getInput());
  if (!planes)
    return success();
  ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(op);
  if (isChannelStationary) {
    if (op.getStorage().getGroup() != 1)
      return op.emitOpError("channels are stationary for groups of one filter, "
                            "but the storage has groups of ")
             << op.getStorage().getGroup();
    int64_t bytes = saturatedProduct(
        {llvm::divideCeilSigned(geometry.filters, schedule->getBlocks()),
         schedule->getVectors(), schedule->getLanes(),
         op.getType().getElementTypeBitWidth() / 8});
    if (bytes > TargetAttr::of(op).getStackBytes())
      return op.emitOpError("the sums of a block take ")
             << bytes << " bytes, expected at most "
             << TargetAttr::of(op).getStackBytes();
    int64_t ends = saturatedProduct(
        {schedule->getBlocks(), geometry.channels, set.getNumPatterns()});
    if (ends > maxKernels)
      return op.emitOpError("patterns of the channels of all blocks are ")
             << ends << ", expected at most " << maxKernels;
  }
  if (PlanesAttr output = planesOf(op.getOutput())) {
    int64_t end = output.getOrigin() +
                  llvm::alignTo(geometry.runLength(planes.getPitch()),
                                schedule->getLanes());
    if (output.getSize() < end)
      return op.emitOpError("output planes have size ")
             << output.getSize() << ", but the last vector of "
             << schedule->getLanes() << " lanes ends at " << end;
  }
  int64_t maxLanes = geometry.maxLanes(planes.getPitch());
  if (!planesOf(op.getOutput()) && schedule->getLanes() > maxLanes)
    return op.emitOpError("vectors of ")
           << schedule->getLanes()
           << " lanes may touch more than two rows of the output, expected at "
              "most "
           << maxLanes << " lanes";
  int64_t slack = PlanesAttr::slack(op.getType());
  if (schedule->getLanes() * schedule->getVectors() > slack)
    return op.emitOpError("a tile of ")
           << schedule->getLanes() * schedule->getVectors()
           << " positions may read beyond the input planes, expected at most "
           << slack;
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
          {"stride", {getStride(), filterGroups * (set.getNumPatterns() + 1)}},
          {"offset", {getOffset(), filterGroups + 1}},
          {"reorder", {getReorder(), filters}}};
  for (auto [name, array] : arrays)
    if (array.first.getType().getShape() != ArrayRef<int64_t>{array.second})
      return emitOpError("expected ")
             << name << " to hold " << array.second << " elements, but found "
             << array.first.getType();
  if (failed(verifyElementTypes(*this)) || failed(verifyResidual(*this)) ||
      failed(verifyStorage(*this)) || failed(verifyPlanes(*this)))
    return failure();
  return verifySchedule(*this);
}

//===----------------------------------------------------------------------===//
// Pool2DOp
//===----------------------------------------------------------------------===//

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
  if (failed(verifyElementTypes(*this)) ||
      failed(verifyWithoutStrides(*this, getInput())))
    return failure();
  return verifyWithoutStrides(*this, getOutput());
}

//===----------------------------------------------------------------------===//
// PackOp, UnpackOp
//===----------------------------------------------------------------------===//

/// Checks an op that copies from one layout into another.
template <typename CopyOp> static LogicalResult verifyCopy(CopyOp op) {
  if (op.getInput().getType().getShape() != op.getOutput().getType().getShape())
    return op.emitOpError("input and output differ in shape");
  if (failed(verifyElementTypes(op)))
    return failure();
  return verifyWithoutStrides(op, op.getInput());
}

LogicalResult PackOp::verify() { return verifyCopy(*this); }
LogicalResult UnpackOp::verify() { return verifyCopy(*this); }
