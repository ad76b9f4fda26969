// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_FILTERGROUPS_H
#define KERNELS_FILTERGROUPS_H

#include "kernels/ConvolutionKernel.h"
#include "kernels/Schedules.h"

namespace patternc {

/// The distances from each channel of a filter group to the next, the first
/// from 0; nothing if one takes more than eight bits.
std::optional<StoredNumbers> distancesOf(const FkwIndices &indices);

/// Where a stored kernel reads: the start of its channel's planes and the
/// offset of each of its taps, all as indices.
struct KernelReads {
  mlir::Value channelBase;
  /// Gives the offset of tap number `entry`.
  std::function<mlir::Value(mlir::Value entry)> tapOffset;
};

/// The arrays by which loops go over the filter groups of FKW and the kernels
/// that each keeps. A stored kernel is described by one integer: the input
/// channel, shifted left by as many bits as number the patterns, and the
/// pattern (from 0) below it; or the distance from the channel before.
class FilterGroups {
public:
  /// Of loops that compute `filters` filters at once.
  FilterGroups(const ConvolutionKernel &kernel, int64_t filters,
               TapOffsets offsets,
               ChannelNumbers channels = ChannelNumbers::Absolute)
      : kernel(kernel), filters(filters), offsets(offsets), channels(channels) {
  }

  /// Appends the arrays to what the kernel reads; fails with a reason.
  llvm::LogicalResult addArrays(FkwIndices indices, KernelOperands &operands,
                                std::string &reason) const;
  /// Takes their buffers.
  void bind(BufferCursor &buffers);

  /// Filters that are computed at once, and how many times they are.
  int64_t filterTile() const { return filters; }
  int64_t filterTiles() const { return kernel.geometry.filters / filters; }
  /// The filter group of filter tile `i`, and where in the group it begins.
  std::pair<mlir::Value, mlir::Value> groupOf(mlir::ImplicitLocOpBuilder &b,
                                              mlir::Value i) const;

  bool storesDistances() const { return channels == ChannelNumbers::Distance; }
  /// Where stored kernel `k` reads. Constant offsets take constant entries.
  KernelReads read(mlir::ImplicitLocOpBuilder &b, mlir::Value k) const;

  mlir::Value descriptors; // kernels, i8 (distances), i16 or i32
  mlir::Value offset;      // filter groups + 1, i16 or i32
  mlir::Value reorder;     // filters, i16 or i32
  mlir::Value taps;        // patterns × entries, i32; null without a table

private:
  int64_t patternBits() const {
    return llvm::Log2_64_Ceil(kernel.patterns().getNumPatterns());
  }
  StoredNumbers inFewBits(llvm::SmallVector<int32_t, 0> values) const;
  StoredNumbers descriptorsOf(const FkwIndices &indices) const;

  const ConvolutionKernel &kernel;
  int64_t filters;
  TapOffsets offsets;
  ChannelNumbers channels;
};

} // namespace patternc

#endif // KERNELS_FILTERGROUPS_H
