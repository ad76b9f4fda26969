// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_QUADS_H
#define KERNELS_QUADS_H

#include "dialect/ConvolutionGeometry.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/MathExtras.h"

namespace patternc {

/// Elements that a thread of a GPU reads or writes in one access. Addresses
/// count such quads, so that none can begin in the middle of one.
inline constexpr int64_t quad = TargetAttr::threadElements;

/// `x` where `condition` holds, else `y`; lane by lane, as SPIR-V has it.
mlir::Value selectQuad(mlir::ImplicitLocOpBuilder &b, mlir::Value condition,
                       mlir::Value x, mlir::Value y);

/// The tiles of an image's positions: quads of columns, in `rows` rows. The
/// last ones may cover rows of those before again.
struct GpuTiles {
  GpuTiles(const ConvolutionGeometry &geometry, int64_t rows)
      : GpuTiles(geometry, rows, geometry.outHeight) {}
  /// Of `height` rows of the image.
  GpuTiles(const ConvolutionGeometry &geometry, int64_t rows, int64_t height)
      : rows(rows), height(height),
        columns(llvm::divideCeilSigned(geometry.outWidth, quad)) {}

  int64_t count() const {
    return columns * llvm::divideCeilSigned(height, rows);
  }

  int64_t rows, height, columns;
};

/// How the weights of a stored kernel lie: those of its taps, for each of the
/// filters of the group.
struct RecordWeights {
  /// Of loops that compute `filters` filters at once.
  RecordWeights(FkwAttr storage, int64_t filters)
      : count(storage.getSet().getEntries() * storage.getGroup()),
        inQuads(count >= quad &&
                (filters == storage.getGroup() || filters % quad == 0)),
        stride(inQuads ? llvm::alignTo(count, quad) : count) {}

  int64_t quads() const { return stride / quad; }

  /// Whether stored kernels do not follow each other so, or there are none: a
  /// buffer is at least as long as one of them.
  bool needsPadding(llvm::ArrayRef<float> weights) const {
    return weights.empty() || stride != count;
  }
  /// The weights with zeros behind those of each stored kernel.
  llvm::SmallVector<float, 0> padded(llvm::ArrayRef<float> weights) const;

  int64_t count;
  bool inQuads;   // read so; else one by one
  int64_t stride; // from one stored kernel to the next
};

} // namespace patternc

#endif // KERNELS_QUADS_H
