#ifndef PASSES_TILEOUTPUT_H
#define PASSES_TILEOUTPUT_H

#include "passes/ConvolutionKernel.h"
#include "passes/IndexArithmetic.h"

namespace patternc {

/// Where the tiles of a vector kernel go.
class TileOutput {
public:
  virtual ~TileOutput() = default;

  /// Writes the tile that begins at position `runStart` of the flat run: the
  /// vectors of the `filters` of a group, filter after filter.
  virtual void store(mlir::Value runStart, llvm::ArrayRef<mlir::Value> filters,
                     mlir::ValueRange vectors) = 0;

  static std::unique_ptr<TileOutput> create(StreamExecutable &executable,
                                            const ConvolutionKernel &kernel,
                                            mlir::Value image);
};

} // namespace patternc

#endif // PASSES_TILEOUTPUT_H
