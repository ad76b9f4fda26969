// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_CONVOLUTIONKERNEL_H
#define KERNELS_CONVOLUTIONKERNEL_H

#include "dialect/ConvolutionGeometry.h"
#include "iree/StreamExecutable.h"

namespace patternc {

/// What the loops of a packed convolution are made from. Stored kernels are
/// described by one integer each: the input channel, shifted left by
/// `patternBits`, and the pattern (from 0) below it. With one pattern it may
/// also be the distance from the channel before, in half the bytes.
struct ConvolutionKernel {
  ConvolutionGeometry geometry;
  TargetAttr target;
  PlanesAttr planes;
  PlanesAttr outputPlanes; // null for a plain output
  KernelPatternsAttr set;
  int64_t group;
  ScheduleAttr schedule;
  Activation activation;
  int64_t patternBits;
  bool storesDistances = false;
  /// Whether the filters of each vector of a fully connected layer follow each
  /// other in the output, too.
  bool storesRuns = false;

  // Everything that is computed with is of one type, f32 or f16.
  /// The kernel that makes the input in the same workgroups, or null. Its
  /// output is one filter group for each workgroup, and the channel of a
  /// descriptor a place in that group.
  const ConvolutionKernel *maker = nullptr;

  mlir::Value input;       // N × C × phases × size + slack
  mlir::Value weight;      // kernels × entries × group
  mlir::Value descriptors; // kernels, i8 (distances), i16 or i32
  mlir::Value offset;      // filter groups + 1, i16 or i32
  mlir::Value reorder;     // filters, i16 or i32
  mlir::Value taps;        // patterns × entries, i32; null without a table
  mlir::Value bias;        // filters; null without bias
  mlir::Value residual;    // as the output; null without residual
  mlir::Value output;      // N × O × H' × W' or planes
  // If channels are stationary, ChannelStorage says what weight, descriptors
  // and offset hold; there is no reorder.

  /// The kernel of a scheduled convolution, without its buffers.
  static ConvolutionKernel of(PackedConv2DOp op);
  /// Whether 32 bits number all channels with all patterns.
  bool fitsDescriptors() const {
    return llvm::isInt<32>(geometry.channels << patternBits);
  }

  /// The type of everything that is computed with.
  mlir::Type elementType() const {
    return mlir::cast<mlir::MemRefType>(input.getType()).getElementType();
  }
  /// Taps that a vector kernel writes out, in a loop unless these are all.
  int64_t unrolledTaps() const;
  /// Whether the offsets of the taps are in a table, and not in the code.
  bool hasTapTable() const;
  /// Whether the loop can add up distances between channels. Filters of grouped
  /// convolutions begin far from channel 0, and gain nothing.
  bool mayStoreDistances() const;
  /// Filters that a micro-kernel computes at once, and how many times it does.
  int64_t filterTile() const { return schedule.getFiltersOf(group); }
  int64_t filterTiles() const { return geometry.filters / filterTile(); }
  /// The filter group of filter tile `i`, and where in the group it begins.
  std::pair<mlir::Value, mlir::Value> groupOf(mlir::ImplicitLocOpBuilder &b,
                                              mlir::Value i) const;
  int64_t pitch() const { return planes.getPitch(); }

  /// Lanes of the vectors of filters of a fully connected layer, and where in
  /// the group vector `v` begins: the last one ends with the group and may
  /// overlap the one before.
  int64_t filterLanes() const {
    return std::min<int64_t>(schedule.getLanes(),
                             llvm::bit_floor(uint64_t(group)));
  }
  int64_t firstOfVector(int64_t v) const {
    return std::min(v * filterLanes(), group - filterLanes());
  }

  /// The grid that the kernel's schedule asks for.
  std::array<int64_t, 3> workgroups() const;
  /// Elements of the output that one phase of a channel takes in memory.
  int64_t channelSize() const;
  /// Elements from one channel of the output to the next.
  int64_t channelStride() const { return geometry.phases * channelSize(); }
  /// Number of images and phases, and where number `i` of them begins in the
  /// input and in the output.
  int64_t images() const { return geometry.batch * geometry.phases; }
  mlir::Value inputBase(mlir::ImplicitLocOpBuilder &b, mlir::Value i) const;
  mlir::Value outputBase(mlir::ImplicitLocOpBuilder &b, mlir::Value i) const;
  /// Positions of output of a vector kernel's tile.
  int64_t tile() const { return schedule.getLanes() * schedule.getVectors(); }
  /// Tiles that cover the flat run of the output.
  int64_t tiles() const;

  /// Whether one filter after another reads a channel that stays in registers.
  bool isChannelStationary() const {
    return schedule.getStationary() == Stationary::Channel;
  }
  /// Filters whose sums a channel-stationary kernel holds.
  int64_t filterBlock() const {
    return llvm::divideCeilSigned(geometry.filters, schedule.getBlocks());
  }

  /// Loads weight number `i` of the `count` ones from `first` on, which are
  /// used together, in all lanes.
  mlir::Value loadWeight(mlir::ImplicitLocOpBuilder &b, mlir::Value first,
                         int64_t i, int64_t count) const;
  /// Asks for the cache lines that a tile of the channel at `base` reads.
  void prefetchTile(mlir::ImplicitLocOpBuilder &b, mlir::Value base) const;
  /// Asks for the weights a page behind the `count` ones from `first` on.
  void prefetchWeights(mlir::ImplicitLocOpBuilder &b, mlir::Value first,
                       int64_t count) const;

  /// Writes the loops into the body of `executable`.
  void emit(StreamExecutable &executable) const;

private:
  void emitVector(StreamExecutable &executable) const;
  void emitChannels(StreamExecutable &executable) const;
  void emitFullyConnected(StreamExecutable &executable) const;
  void emitScalar(StreamExecutable &executable) const;
};

/// Where the stored kernel `k` reads: the start of its channel's planes and the
/// offset of each of its taps, all as indices.
struct KernelReads {
  mlir::Value channelBase;
  /// Gives the offset of tap number `entry`.
  std::function<mlir::Value(mlir::Value entry)> tapOffset;
};
KernelReads readKernel(mlir::ImplicitLocOpBuilder &b,
                       const ConvolutionKernel &kernel, mlir::Value k);

/// Applies the activation to a scalar or vector.
mlir::Value activate(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                     Activation activation);

} // namespace patternc

#endif // KERNELS_CONVOLUTIONKERNEL_H
