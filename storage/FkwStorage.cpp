// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "storage/FkwStorage.h"

#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

/// True if every run of `group` stored filters reads the same channels with the
/// same patterns.
static bool canGroup(const KernelIds &ids, ArrayRef<int32_t> order,
                     int64_t filtersPerGroup, int64_t group) {
  if (order.size() % group != 0)
    return false;
  for (size_t i = 0; i < order.size(); ++i) {
    int32_t first = order[i - i % group], filter = order[i];
    if (filter / filtersPerGroup != first / filtersPerGroup ||
        ids.ofFilter(filter) != ids.ofFilter(first))
      return false;
  }
  return true;
}

FkwArrays patternc::packFkw(ArrayRef<float> weights, KernelPatternsAttr set,
                            const KernelIds &ids, ArrayRef<int32_t> order,
                            int64_t groups, int64_t maxGroup) {
  int64_t area = set.getHeight() * set.getWidth();
  int64_t filtersPerGroup = order.size() / groups;

  FkwArrays arrays;
  arrays.reorder.assign(order.begin(), order.end());
  for (int64_t group = 2; group <= std::min<int64_t>(maxGroup, order.size());
       ++group)
    if (canGroup(ids, order, filtersPerGroup, group))
      arrays.group = group;

  int64_t kept = weights.size() / area - ids.countRemoved();
  arrays.weight.reserve(kept * set.getEntries());
  arrays.index.reserve(kept / arrays.group);
  arrays.offset.push_back(0);
  for (size_t first = 0; first < order.size(); first += arrays.group) {
    ArrayRef<int32_t> filters = order.slice(first, arrays.group);
    ArrayRef<uint8_t> row = ids.ofFilter(filters.front());
    int64_t channels = row.size();
    int64_t firstChannel = filters.front() / filtersPerGroup * channels;
    int32_t kernels = 0;
    arrays.patternOffset.push_back(0);
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
      arrays.patternOffset.push_back(kernels);
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

/// What is wrong with sums that have to begin with 0, never fall and end with
/// `count`; empty if nothing is.
static std::string reasonAgainstSums(ArrayRef<int32_t> sums, int64_t count) {
  if (sums.front() != 0)
    return llvm::formatv("starts at {0}, but expected 0", sums.front());
  for (size_t i = 1; i < sums.size(); ++i)
    if (sums[i] < sums[i - 1])
      return llvm::formatv("falls from {0} to {1}", sums[i - 1], sums[i]);
  if (sums.back() != count)
    return llvm::formatv("ends at {0}, but expected {1}", sums.back(), count);
  return {};
}

/// What is wrong with the order of the filters.
static std::string reasonAgainstOrder(const FkwIndices &indices,
                                      const ConvolutionGeometry &geometry) {
  if (!isPermutation(indices.reorder, geometry.filters))
    return llvm::formatv("reorder is not a permutation of the {0} filters",
                         geometry.filters);
  auto groupOf = [&](int64_t stored) {
    return indices.reorder[stored] / geometry.filtersPerGroup();
  };
  for (int64_t stored = 0; stored < geometry.filters; ++stored)
    if (int64_t first = groupOf(stored - stored % indices.group);
        groupOf(stored) != first)
      return llvm::formatv("filter group {0} holds filters of the convolution "
                           "groups {1} and {2}",
                           stored / indices.group, first, groupOf(stored));
  return {};
}

/// What is wrong with the channels of filter group `i`.
static std::string reasonAgainstChannels(const FkwIndices &indices,
                                         const ConvolutionGeometry &geometry,
                                         int64_t i) {
  int64_t first = indices.reorder[i * indices.group] /
                  geometry.filtersPerGroup() * geometry.channelsPerGroup();
  int64_t last = first + geometry.channelsPerGroup() - 1;
  ArrayRef<int32_t> channels =
      ArrayRef(indices.index)
          .slice(indices.offset[i], indices.offset[i + 1] - indices.offset[i]);
  for (auto [k, channel] : llvm::enumerate(channels))
    if (channel < first || channel > last)
      return llvm::formatv("kernel {0} reads channel {1}, but the convolution "
                           "group of its filters has {2} to {3}",
                           indices.offset[i] + k, channel, first, last);
  SmallVector<int32_t> read(channels);
  llvm::sort(read);
  if (auto twice = llvm::adjacent_find(read); twice != read.end())
    return llvm::formatv("filter group {0} has two kernels of channel {1}", i,
                         *twice);
  return {};
}

/// What is wrong with the arrays, whose lengths the verifier has checked.
static std::string reasonAgainst(const FkwIndices &indices, PackedConv2DOp op) {
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  std::string reason = reasonAgainstOrder(indices, geometry);
  if (!reason.empty())
    return reason;
  reason = reasonAgainstSums(indices.offset, indices.index.size());
  if (!reason.empty())
    return "offset " + reason;
  int64_t length = op.getStorage().getSet().getNumPatterns() + 1;
  for (int64_t i = 0; i < geometry.filters / indices.group; ++i) {
    reason = reasonAgainstSums(
        ArrayRef(indices.patternOffset).slice(i * length, length),
        indices.offset[i + 1] - indices.offset[i]);
    if (!reason.empty())
      return llvm::formatv("pattern offset of filter group {0} {1}", i, reason);
    reason = reasonAgainstChannels(indices, geometry, i);
    if (!reason.empty())
      return reason;
  }
  return {};
}

std::optional<FkwIndices> patternc::readFkwIndices(PackedConv2DOp op,
                                                   std::string *reason) {
  FkwIndices indices;
  indices.group = op.getStorage().getGroup();
  std::string wrong;
  if (failed(readArray(op.getIndex(), indices.index)) ||
      failed(readArray(op.getPatternOffset(), indices.patternOffset)) ||
      failed(readArray(op.getOffset(), indices.offset)) ||
      failed(readArray(op.getReorder(), indices.reorder)))
    wrong = "its FKW arrays are not constant";
  else
    wrong = reasonAgainst(indices, op);
  if (wrong.empty())
    return indices;
  if (reason)
    *reason = wrong;
  return std::nullopt;
}

void patternc::erasePacked(PackedConv2DOp op) {
  // Two arrays may be one constant.
  llvm::SmallSetVector<Operation *, 6> definitions;
  for (Value array : {Value(op.getWeight()), Value(op.getIndex()),
                      Value(op.getPatternOffset()), Value(op.getOffset()),
                      Value(op.getReorder())})
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
        ArrayRef(indices.patternOffset).slice(i * (patterns + 1), patterns + 1);
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
