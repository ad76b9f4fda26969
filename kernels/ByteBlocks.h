// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_BYTEBLOCKS_H
#define KERNELS_BYTEBLOCKS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// Vectors of 32-bit lanes that hold four times as many positions as bytes do
/// one vector: block k of 128 bits of vector v has the positions 16k + 4v to
/// 16k + 4v + 3. Instructions that stay within blocks make them of bytes and
/// turn them back.
constexpr int64_t vectorsOfBlocks = 4;

/// Lanes of a vector of one block.
constexpr int64_t lanesOfBlock = 4;

/// Four such vectors, in each lane of which are the bytes that the four `rows`
/// have at its position.
llvm::SmallVector<mlir::Value, 4>
unpackToBlocks(mlir::ImplicitLocOpBuilder &b, llvm::ArrayRef<mlir::Value> rows);

/// The positions of four such vectors of i32 in their order, in bytes without a
/// sign: `zeroPoint` is added, and what is beyond 0 and 255 is cut off.
mlir::Value packFromBlocks(mlir::ImplicitLocOpBuilder &b,
                           mlir::ValueRange vectors, int64_t zeroPoint);

} // namespace patternc

#endif // KERNELS_BYTEBLOCKS_H
