#include "dialect/PatternOps.h"

#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
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
      if (values[position] != 0 && !keeps[id].test(position))
        return op.emitOpError("kernel of filter ")
               << kernel / channels << ", channel " << kernel % channels
               << " has a weight at position " << position
               << ", which its pattern " << unsigned(id) << " does not keep";
  }
  return success();
}

LogicalResult Conv2DOp::verify() {
  ArrayRef<int64_t> shape = getWeights().getType().getShape();
  if (shape.size() != 4)
    return emitOpError("expected weights of rank 4, but found ")
           << getWeights().getType();
  if (failed(verifyGeometry(*this, shape[2], shape[3])))
    return failure();
  ConvolutionGeometry geometry = ConvolutionGeometry::of(*this);
  if (shape[0] != geometry.filters || shape[1] != geometry.channelsPerGroup())
    return emitOpError("weights have ")
           << shape[0] << " filters of " << shape[1]
           << " channels, but input, output and groups ask for "
           << geometry.filters << " of " << geometry.channelsPerGroup();
  KernelMapAttr map = getMap();
  if (map.getSet().getHeight() != shape[2] || map.getSet().getWidth() != shape[3])
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
          {"weight", {getWeight(), kernels * set.getEntries() * group}},
          {"index", {getIndex(), kernels}},
          {"stride", {getStride(), filterGroups * (set.getNumPatterns() + 1)}},
          {"offset", {getOffset(), filterGroups + 1}},
          {"reorder", {getReorder(), filters}}};
  for (auto [name, array] : arrays)
    if (array.first.getType().getShape() != ArrayRef<int64_t>{array.second})
      return emitOpError("expected ")
             << name << " to hold " << array.second << " elements, but found "
             << array.first.getType();
  if (auto reorder = ConstantData<int32_t>::of(getReorder());
      reorder && !isPermutation(reorder->elements(), filters))
    return emitOpError("reorder is not a permutation of the ")
           << filters << " filters";
  auto planes = dyn_cast_or_null<PlanesAttr>(getInput().getType().getEncoding());
  if (planes && (planes.getPadding().asArrayRef() != getPadding() ||
                 planes.getStrides().asArrayRef() != getStrides()))
    return emitOpError("input planes have other padding or strides than the "
                       "convolution");
  return success();
}

//===----------------------------------------------------------------------===//
// PackOp
//===----------------------------------------------------------------------===//

LogicalResult PackOp::verify() {
  RankedTensorType in = getInput().getType(), out = getOutput().getType();
  if (in.getShape() != out.getShape())
    return emitOpError("input and output differ in shape");
  if (in.getEncoding() || !isa_and_nonnull<PlanesAttr>(out.getEncoding()))
    return emitOpError("expected a plain input and an output in planes");
  return success();
}
