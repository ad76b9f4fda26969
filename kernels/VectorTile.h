// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_VECTORTILE_H
#define KERNELS_VECTORTILE_H

#include "kernels/ConvolutionKernel.h"
#include "kernels/KernelForm.h"
#include "kernels/Schedules.h"

namespace patternc {

/// A flat run of output positions, some vectors long, that a kernel for CPUs
/// computes at once.
class VectorTile {
public:
  VectorTile(const ConvolutionKernel &kernel, int64_t lanes, int64_t vectors,
             WeightLoads weightLoads)
      : lanes(lanes), vectors(vectors), kernel(kernel),
        weightLoads(weightLoads) {}

  /// Output positions of a tile.
  int64_t size() const { return lanes * vectors; }
  /// Tiles that cover the flat run of the output.
  int64_t tiles() const {
    return llvm::divideCeilSigned(kernel.geometry.runLength(kernel.pitch()),
                                  size());
  }
  mlir::VectorType vectorType() const {
    return mlir::VectorType::get(lanes, kernel.element);
  }

  /// Loads weight number `i` of the `count` ones from `first` on, which are
  /// used together, in all lanes.
  mlir::Value loadWeight(mlir::ImplicitLocOpBuilder &b, mlir::Value first,
                         int64_t i, int64_t count) const;
  /// Asks for the cache lines that a tile of the channel at `base` reads.
  void prefetchInput(mlir::ImplicitLocOpBuilder &b, mlir::Value base) const;

  const int64_t lanes, vectors;

private:
  const ConvolutionKernel &kernel;
  WeightLoads weightLoads;
};

/// How the flat run of an output is split: into tiles of so many vectors, of
/// which a workgroup makes `tiles` for a block of the filters.
struct TileSplit {
  int64_t vectors, tiles, blocks;
};

/// As few tiles as vectors of `lanes` allow, none of which is longer than it
/// has to be. A workgroup makes as many as have their input in the cache, for
/// all filters, of which `filters` are computed at once.
TileSplit splitTiles(PackedConv2DOp op, int64_t lanes, int64_t mostVectors,
                     int64_t filters, const ScheduleOptions &options);

/// Whether the `count` weights that are used together had better be loaded as
/// vectors of `lanes`, and each taken from its lane.
WeightLoads chooseWeightLoads(TargetAttr target, int64_t lanes, int64_t count);

/// Asks for the weights `bytes` behind the `count` ones from `first` on; for
/// none if `bytes` is 0.
void prefetchWeights(mlir::ImplicitLocOpBuilder &b,
                     const ConvolutionKernel &kernel, mlir::Value first,
                     int64_t count, int64_t bytes);

/// Why tiles of so many vectors do not fit the target, the planes that `op`
/// reads and the output that it writes; empty if they do.
std::string reasonAgainstTile(PackedConv2DOp op, TargetAttr target,
                              int64_t lanes, int64_t vectors);

} // namespace patternc

#endif // KERNELS_VECTORTILE_H
