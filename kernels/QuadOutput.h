// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_QUADOUTPUT_H
#define KERNELS_QUADOUTPUT_H

#include "kernels/ConvolutionKernel.h"
#include "kernels/IndexArithmetic.h"
#include "kernels/Quads.h"

namespace patternc {

/// Where the tiles of a GPU's threads go: quads of planes or of a plain image,
/// or single elements of rows that end within a quad.
class QuadOutput {
public:
  /// Of image number `image`, in the buffer of the output; or in `band`, planes
  /// of as many rows as there are tiles for.
  QuadOutput(KernelBuilder &builder, const ConvolutionKernel &kernel,
             const GpuTiles &tiles, mlir::Value image, mlir::Value band = {});

  /// Stores `sums`, those of all rows of a tile for each of `channels`.
  void store(llvm::ArrayRef<mlir::Value> channels, mlir::Value row,
             mlir::Value column, llvm::ArrayRef<mlir::Value> sums);

  /// Fills planes of `channels` with zeros before and behind the image, as
  /// thread `number` of `threads`.
  void fillAround(llvm::ArrayRef<mlir::Value> channels, mlir::Value number,
                  int64_t threads);

private:
  void storeQuads(llvm::ArrayRef<mlir::Value> channels, mlir::Value row,
                  mlir::Value column, llvm::ArrayRef<mlir::Value> sums);
  void storeElements(llvm::ArrayRef<mlir::Value> channels, mlir::Value row,
                     mlir::Value column, llvm::ArrayRef<mlir::Value> sums);

  /// The quad that the image of a channel begins with, or its planes do.
  mlir::Value firstQuad(mlir::Value channel);
  /// What is stored of a sum, at quad `at` of the output.
  mlir::Value finish(mlir::Value sum, mlir::Value at);
  mlir::Value zeros();
  /// `value` with zeros behind its first `count` lanes.
  mlir::Value firstLanes(mlir::Value value, int64_t count);

  const ConvolutionKernel &kernel;
  mlir::ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const GpuTiles &tiles;
  int64_t width, height; // of the image
  mlir::VectorType type;
  mlir::Value image;
  mlir::Value output, residual; // in quads, unless elements are stored
};

} // namespace patternc

#endif // KERNELS_QUADOUTPUT_H
