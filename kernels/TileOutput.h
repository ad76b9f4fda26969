// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_TILEOUTPUT_H
#define KERNELS_TILEOUTPUT_H

#include "kernels/IndexArithmetic.h"
#include "kernels/VectorTile.h"

namespace patternc {

/// Where the tiles of a vector kernel go.
class TileOutput {
public:
  virtual ~TileOutput() = default;

  /// Writes the tile that begins at position `runStart` of the flat run, of
  /// which `vectors` are the sums of the `filters` of a group, filter after
  /// filter.
  void store(mlir::Value runStart, llvm::ArrayRef<mlir::Value> filters,
             mlir::ValueRange vectors);

  /// For an image that begins at `base` of the output.
  static std::unique_ptr<TileOutput> create(mlir::ImplicitLocOpBuilder &b,
                                            const ConvolutionKernel &kernel,
                                            const VectorTile &tile,
                                            mlir::Value base);

protected:
  TileOutput(mlir::ImplicitLocOpBuilder &b, const ConvolutionKernel &kernel,
             const VectorTile &tile, mlir::Value base);

  /// The same, where the images of the filters begin at `channels`.
  virtual void storeChannels(mlir::Value runStart,
                             llvm::ArrayRef<mlir::Value> filters,
                             llvm::ArrayRef<mlir::Value> channels,
                             mlir::ValueRange vectors) = 0;

  /// Of what store() takes: the sums that one vector of the output is made of.
  mlir::ValueRange sumsOf(mlir::ValueRange vectors, int64_t filters,
                          int64_t filter, int64_t vector) const;

  mlir::ImplicitLocOpBuilder &b;
  const ConvolutionKernel &kernel;
  const VectorTile &tile;
  IndexArithmetic index;
  int64_t lanes;

private:
  mlir::Value base;
};

} // namespace patternc

#endif // KERNELS_TILEOUTPUT_H
