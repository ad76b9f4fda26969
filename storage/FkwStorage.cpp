// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "storage/FkwStorage.h"

#include "dialect/ConstantData.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace patternc;

/// True if every run of `group` stored filters reads the same channels with the
/// same patterns.
static bool canGroup(ArrayRef<uint8_t> ids, int64_t channels,
                     ArrayRef<int32_t> order, int64_t filtersPerGroup,
                     int64_t group) {
  if (order.size() % group != 0)
    return false;
  for (size_t i = 0; i < order.size(); ++i) {
    int32_t first = order[i - i % group], filter = order[i];
    if (filter / filtersPerGroup != first / filtersPerGroup ||
        ids.slice(filter * channels, channels) !=
            ids.slice(first * channels, channels))
      return false;
  }
  return true;
}

FkwArrays patternc::packFkw(ArrayRef<float> weights, KernelMapAttr map,
                            ArrayRef<int32_t> order, int64_t groups,
                            int64_t maxGroup) {
  KernelPatternsAttr set = map.getSet();
  SmallVector<uint8_t> ids = map.getFlatIds();
  int64_t channels = map.getNumChannels();
  int64_t area = set.getHeight() * set.getWidth();
  int64_t filtersPerGroup = map.getNumFilters() / groups;

  FkwArrays arrays;
  arrays.reorder.assign(order.begin(), order.end());
  for (int64_t group = 2; group <= std::min<int64_t>(maxGroup, order.size());
       ++group)
    if (canGroup(ids, channels, order, filtersPerGroup, group))
      arrays.group = group;

  int64_t kept = ids.size() - llvm::count(ids, 0);
  arrays.weight.reserve(kept * set.getEntries());
  arrays.index.reserve(kept / arrays.group);
  arrays.offset.push_back(0);
  for (size_t first = 0; first < order.size(); first += arrays.group) {
    ArrayRef<int32_t> filters = order.slice(first, arrays.group);
    int64_t firstChannel = filters.front() / filtersPerGroup * channels;
    ArrayRef<uint8_t> row =
        ArrayRef(ids).slice(filters.front() * channels, channels);
    int32_t kernels = 0;
    arrays.stride.push_back(0);
    for (int64_t p = 0; p < set.getNumPatterns(); ++p) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        if (row[channel] != p + 1)
          continue;
        ++kernels;
        arrays.index.push_back(firstChannel + channel);
        for (int32_t position : set.getPattern(p))
          for (int32_t filter : filters)
            arrays.weight.push_back(
                weights[(filter * channels + channel) * area + position]);
      }
      arrays.stride.push_back(kernels);
    }
    arrays.offset.push_back(arrays.offset.back() + kernels);
  }
  return arrays;
}

static LogicalResult readArray(Value value, SmallVector<int32_t, 0> &result) {
  auto data = ConstantData<int32_t>::of(value);
  if (!data)
    return failure();
  result.assign(data->elements().begin(), data->elements().end());
  return success();
}

std::optional<FkwIndices> patternc::readFkwIndices(PackedConv2DOp op) {
  FkwIndices indices;
  indices.group = op.getStorage().getGroup();
  if (failed(readArray(op.getIndex(), indices.index)) ||
      failed(readArray(op.getStride(), indices.stride)) ||
      failed(readArray(op.getOffset(), indices.offset)) ||
      failed(readArray(op.getReorder(), indices.reorder)))
    return std::nullopt;
  return indices;
}

void patternc::erasePacked(PackedConv2DOp op) {
  // Two arrays may be one constant.
  llvm::SmallSetVector<Operation *, 6> definitions;
  for (Value array :
       {Value(op.getWeight()), Value(op.getIndex()), Value(op.getStride()),
        Value(op.getOffset()), Value(op.getReorder())})
    if (Operation *definition = array.getDefiningOp())
      definitions.insert(definition);
  op.erase();
  for (Operation *definition : definitions)
    if (isOpTriviallyDead(definition))
      definition->erase();
}

DenseKernels patternc::unpackFkw(ArrayRef<float> weight,
                                 const FkwIndices &indices,
                                 KernelPatternsAttr set,
                                 int64_t channelsPerGroup) {
  int64_t area = set.getHeight() * set.getWidth();
  int64_t patterns = set.getNumPatterns();
  int64_t kernels = indices.reorder.size() * channelsPerGroup;
  DenseKernels dense;
  dense.weights.assign(kernels * area, 0);
  dense.ids.assign(kernels, 0);
  size_t next = 0;
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i) {
    ArrayRef<int32_t> filters =
        ArrayRef(indices.reorder).slice(i * indices.group, indices.group);
    ArrayRef<int32_t> ends =
        ArrayRef(indices.stride).slice(i * (patterns + 1), patterns + 1);
    for (int64_t p = 0; p < patterns; ++p)
      for (int32_t k = indices.offset[i] + ends[p];
           k < indices.offset[i] + ends[p + 1]; ++k) {
        int64_t channel = indices.index[k] % channelsPerGroup;
        for (int32_t filter : filters)
          dense.ids[filter * channelsPerGroup + channel] = p + 1;
        for (int32_t position : set.getPattern(p))
          for (int32_t filter : filters)
            dense.weights[(filter * channelsPerGroup + channel) * area +
                          position] = weight[next++];
      }
  }
  return dense;
}
