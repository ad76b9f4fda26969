// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef STORAGE_FKWSTORAGE_H
#define STORAGE_FKWSTORAGE_H

#include "dialect/KernelMap.h"
#include "dialect/PatternOps.h"

namespace patternc {

/// FKW (filter-kernel-weight) storage as described at pattern.packed_conv2d:
/// the four arrays that say what the weights are.
struct FkwIndices {
  int64_t group = 1;
  llvm::SmallVector<int32_t, 0> index, patternOffset, offset, reorder;
};

/// All five arrays.
struct FkwArrays : FkwIndices {
  llvm::SmallVector<float, 0> weight;
};

/// Stores dense `weights` that keep the patterns `ids` of `set`, filters in
/// `order`. The group is the largest number up to `maxGroup` for which the
/// filters of each stored group have the same structure.
FkwArrays packFkw(llvm::ArrayRef<float> weights, KernelPatternsAttr set,
                  const KernelIds &ids, llvm::ArrayRef<int32_t> order,
                  int64_t groups, int64_t maxGroup);

/// The indices of a packed convolution; nothing if they are not constant or do
/// not fit each other, with the reason. Whoever wants them reads them here, so
/// that no verifier has to look at them after every pass.
std::optional<FkwIndices> readFkwIndices(PackedConv2DOp op,
                                         std::string *reason = nullptr);

/// Erases `op` and the arrays that nothing else reads.
void erasePacked(PackedConv2DOp op);

/// The dense weights and kernel ids that the five arrays stand for.
struct DenseKernels {
  llvm::SmallVector<float, 0> weights; // filters × channels × positions
  llvm::SmallVector<uint8_t, 0> ids;   // filters × channels
};
DenseKernels unpackFkw(llvm::ArrayRef<float> weight, const FkwIndices &indices,
                       KernelPatternsAttr set, int64_t channelsPerGroup);

} // namespace patternc

#endif // STORAGE_FKWSTORAGE_H
