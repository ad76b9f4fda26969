// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/KernelArrays.h"

#include "storage/ChannelStorage.h"

using namespace mlir;
using namespace patternc;

/// The distances from each channel of a filter group to the next, the first
/// from 0; nothing if one takes more than eight bits.
static std::optional<StoredNumbers> distancesOf(const FkwIndices &indices) {
  StoredNumbers distances;
  distances.bits = 8;
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i) {
    int32_t before = 0;
    for (int32_t k = indices.offset[i]; k < indices.offset[i + 1]; ++k) {
      int32_t distance = indices.index[k] - before;
      if (!llvm::isUInt<8>(distance))
        return std::nullopt;
      distances.values.push_back(distance);
      before = indices.index[k];
    }
  }
  return distances;
}

/// Channels as places in the filter group that makes them: filters of a
/// depthwise convolution are stored in the order of their channels' makers.
static void numberInGroups(FkwIndices &indices, int64_t group) {
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int32_t k = indices.offset[i]; k < indices.offset[i + 1]; ++k)
      indices.index[k] = i % group;
}

/// Whether each vector of filters of a fully connected layer is a run of them.
static bool areRuns(const ConvolutionKernel &kernel,
                    const FkwIndices &indices) {
  int64_t lanes = kernel.filterLanes();
  for (int64_t first = 0; first < kernel.geometry.filters;
       first += kernel.group)
    for (int64_t in = 0; in < kernel.group; in += lanes) {
      ArrayRef<int32_t> filters =
          ArrayRef(indices.reorder)
              .slice(first + kernel.firstOfVector(in / lanes), lanes);
      for (auto [i, filter] : llvm::enumerate(filters))
        if (filter != filters.front() + static_cast<int32_t>(i))
          return false;
    }
  return true;
}

/// In 16 bits, if all of them fit. On the CPU only: IREE loads words of 32 bits
/// on Vulkan, also the one that reaches beyond the end of an odd number of
/// them, and extends their sign on vmvx.
static StoredNumbers inFewBits(const ConvolutionKernel &kernel,
                               SmallVector<int32_t, 0> values) {
  bool fit = kernel.schedule.getDevice() == Device::Cpu &&
             llvm::all_of(values, llvm::isUInt<16>);
  return {std::move(values), fit ? 16u : 32u};
}

/// One integer for each stored kernel, see ConvolutionKernel.
static StoredNumbers descriptorsOf(ConvolutionKernel &kernel,
                                   const FkwIndices &indices) {
  if (kernel.mayStoreDistances())
    if (auto distances = distancesOf(indices)) {
      kernel.storesDistances = true;
      return std::move(*distances);
    }
  int64_t patterns = kernel.set.getNumPatterns();
  SmallVector<int32_t, 0> descriptors;
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int64_t p = 0; p < patterns; ++p)
      for (int32_t k = indices.stride[i * (patterns + 1) + p];
           k < indices.stride[i * (patterns + 1) + p + 1]; ++k)
        descriptors.push_back(
            indices.index[indices.offset[i] + k] << kernel.patternBits | p);
  return inFewBits(kernel, std::move(descriptors));
}

/// Offsets of the taps of every pattern.
static StoredNumbers tapsOf(const ConvolutionKernel &kernel) {
  StoredNumbers taps;
  for (int32_t position : kernel.set.getPositions())
    taps.values.push_back(kernel.geometry.tapOffset(position, kernel.planes));
  return taps;
}

/// What goes from channel to channel.
static KernelArrays channelArraysOf(const ConvolutionKernel &kernel,
                                    ArrayRef<float> weight,
                                    const FkwIndices &indices) {
  ChannelArrays channels =
      orderByChannel(weight, indices, kernel.set, kernel.geometry.channels,
                     kernel.schedule.getBlocks());
  KernelArrays arrays;
  arrays.weight = std::move(channels.weight);
  arrays.descriptors = {llvm::to_vector_of<int32_t, 0>(channels.filter), 16};
  arrays.offset = {std::move(channels.ends), 32};
  return arrays;
}

KernelArrays patternc::arraysOf(ConvolutionKernel &kernel,
                                ArrayRef<float> weight, FkwIndices indices) {
  if (kernel.isChannelStationary())
    return channelArraysOf(kernel, weight, indices);
  kernel.storesRuns =
      kernel.geometry.isFullyConnected() && areRuns(kernel, indices);
  if (kernel.maker)
    numberInGroups(indices, kernel.maker->group);
  KernelArrays arrays;
  arrays.descriptors = descriptorsOf(kernel, indices);
  arrays.offset = inFewBits(kernel, std::move(indices.offset));
  arrays.reorder = inFewBits(kernel, std::move(indices.reorder));
  if (kernel.hasTapTable())
    arrays.taps = tapsOf(kernel);
  return arrays;
}
