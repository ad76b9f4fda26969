#ifndef PASSES_FKWSTORAGE_H
#define PASSES_FKWSTORAGE_H

#include "dialect/PatternOps.h"

namespace patternc {

/// The five arrays of FKW (filter-kernel-weight) storage, as described at
/// pattern.packed_conv2d.
struct FkwArrays {
  int64_t group = 1;
  llvm::SmallVector<float, 0> weight;
  llvm::SmallVector<int32_t, 0> index, stride, offset, reorder;
};

/// Stores dense `weights` that keep what `map` keeps, filters in `order`. The
/// group is the largest power of two up to `maxGroup` for which the filters of
/// each stored group have the same structure.
FkwArrays packFkw(llvm::ArrayRef<float> weights, KernelMapAttr map,
                  llvm::ArrayRef<int32_t> order, int64_t groups,
                  int64_t maxGroup);

/// The arrays behind a packed convolution, or nothing when one of them is not
/// constant.
std::optional<FkwArrays> readFkw(PackedConv2DOp op);

/// Erases `op` and the arrays that nothing else reads.
void erasePacked(PackedConv2DOp op);

/// The dense weights and kernel ids that `arrays` stand for.
struct DenseKernels {
  llvm::SmallVector<float, 0> weights; // filters × channels × positions
  llvm::SmallVector<uint8_t, 0> ids;   // filters × channels
};
DenseKernels unpackFkw(const FkwArrays &arrays, KernelPatternsAttr set,
                       int64_t channelsPerGroup);

} // namespace patternc

#endif // PASSES_FKWSTORAGE_H
