// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_DOTPRODUCTS_H
#define KERNELS_DOTPRODUCTS_H

#include "kernels/Schedules.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// Adds four products of bytes to each lane of a vector of 32-bit sums, by the
/// instruction of a schedule.
class DotProducts {
public:
  /// Of images of `bytes`; weights have a sign.
  DotProducts(mlir::ImplicitLocOpBuilder &b, Products products, int64_t lanes,
              Bytes bytes)
      : b(b), products(products), lanes(lanes), bytes(bytes) {}

  /// What the products need of four bytes a lane, made once for all filters
  /// or vectors.
  using Prepared = llvm::SmallVector<mlir::Value, 4>;
  Prepared prepareInput(mlir::Value quads) { return prepare(quads, bytes); }
  Prepared prepareWeights(mlir::Value quads) {
    return prepare(quads, Bytes::Signed);
  }

  /// Four bytes in every lane.
  mlir::Value inAllLanes(mlir::Value four);

  mlir::Value add(mlir::Value sums, const Prepared &input,
                  const Prepared &weights);

private:
  Prepared prepare(mlir::Value quads, Bytes kind);
  /// The vector shifted left and then right, which drops the bits above.
  mlir::Value field(mlir::Value vector, int64_t left, int64_t right,
                    Bytes kind);
  mlir::Value call(llvm::StringRef intrinsic, mlir::ValueRange operands);

  mlir::ImplicitLocOpBuilder &b;
  Products products;
  int64_t lanes;
  Bytes bytes;
};

/// Registers that four bytes a lane take where they are prepared.
int64_t partsOf(Products products);

/// The fastest products of `lanes` sums that a target has for `bytes`.
Products chooseProducts(TargetAttr target, int64_t lanes, Bytes bytes);

/// Why a target cannot compute so; empty if it can.
std::string reasonAgainstProducts(Products products, TargetAttr target,
                                  int64_t lanes, Bytes bytes);

} // namespace patternc

#endif // KERNELS_DOTPRODUCTS_H
