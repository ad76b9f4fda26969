// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_SIZELIMITS_H
#define DIALECT_SIZELIMITS_H

#include "mlir/IR/BuiltinTypes.h"

#include <limits>
#include <string>

namespace patternc {

// Sizes come from IR that anyone may write. Verifiers refuse what is beyond
// these limits and matchers leave it alone, so that no sum or product of sizes
// leaves 64 bits, what kernels count in 32 bits fits there, and no short text
// stands for more code or constants than a machine can make.

/// Bytes of a tensor: more than machines address.
inline constexpr int64_t maxTensorBytes = int64_t(1) << 48;
/// Positions of a channel with its padding, and elements of its planes.
inline constexpr int64_t maxPositions = std::numeric_limits<int32_t>::max();
/// Positions of the kernel of a convolution.
inline constexpr int64_t maxKernelPositions = 1 << 16;
/// Phases that strides split an image into; each has loops of its own.
inline constexpr int64_t maxPhases = 1 << 12;
/// Elements of a constant that is written as one number.
inline constexpr int64_t maxSplatElements = 1 << 28;
/// Kernels of a convolution.
inline constexpr int64_t maxKernels = maxSplatElements;
/// Filters of a group, lanes of a vector and vectors of a tile: kernels write
/// them out.
inline constexpr int64_t maxAtOnce = 1024;

/// The product of numbers that are not negative, or nothing if it leaves 64
/// bits.
std::optional<int64_t> checkedProduct(llvm::ArrayRef<int64_t> factors);

/// The same, with the largest number where it leaves 64 bits.
int64_t saturatedProduct(llvm::ArrayRef<int64_t> factors);

/// Bytes of a static tensor of integers or floats, each of whole bytes; nothing
/// for other types and beyond the limit.
std::optional<int64_t> bytesOf(mlir::ShapedType type);

/// What is too large of a convolution or a pooling that reads `image` with its
/// `padding` (top, left, bottom, right), or an empty string. Sizes are not
/// negative.
std::string whatIsTooLarge(llvm::ArrayRef<int64_t> image,
                           llvm::ArrayRef<int64_t> padding,
                           llvm::ArrayRef<int64_t> kernel,
                           llvm::ArrayRef<int64_t> strides);

} // namespace patternc

#endif // DIALECT_SIZELIMITS_H
