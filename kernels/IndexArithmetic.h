// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_INDEXARITHMETIC_H
#define KERNELS_INDEXARITHMETIC_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// Writes index expressions as arith operations; constants fold on the way.
class IndexArithmetic {
public:
  explicit IndexArithmetic(mlir::ImplicitLocOpBuilder &b) : b(b) {}

  mlir::Value constant(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(b, value);
  }
  mlir::Value add(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::AddIOp>(x, y);
  }
  mlir::Value add(mlir::Value x, int64_t y) {
    return y == 0 ? x : add(x, constant(y));
  }
  mlir::Value sub(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::SubIOp>(x, y);
  }
  mlir::Value mul(mlir::Value x, int64_t y) {
    return y == 1 ? x : b.createOrFold<mlir::arith::MulIOp>(x, constant(y));
  }
  mlir::Value div(mlir::Value x, int64_t y) {
    return y == 1 ? x : b.createOrFold<mlir::arith::DivUIOp>(x, constant(y));
  }
  mlir::Value rem(mlir::Value x, int64_t y) {
    return b.createOrFold<mlir::arith::RemUIOp>(x, constant(y));
  }
  mlir::Value min(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::MinSIOp>(x, y);
  }
  mlir::Value max(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::MaxSIOp>(x, y);
  }
  mlir::Value less(mlir::Value x, int64_t y) {
    return b.createOrFold<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::ult,
                                               x, constant(y));
  }
  mlir::Value equal(mlir::Value x, int64_t y) {
    return b.createOrFold<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::eq,
                                               x, constant(y));
  }

  /// The range of part number `i` of `count` things in `parts` parts.
  std::pair<mlir::Value, mlir::Value> part(mlir::Value i, int64_t count,
                                           int64_t parts) {
    int64_t size = llvm::divideCeilSigned(count, parts);
    mlir::Value first = mul(i, size);
    return {first, min(add(first, size), constant(count))};
  }

  /// Loads an unsigned integer from a buffer as an index.
  mlir::Value load(mlir::Value buffer, mlir::Value at) {
    mlir::Value value = mlir::memref::LoadOp::create(b, buffer, at);
    return mlir::arith::IndexCastUIOp::create(b, b.getIndexType(), value);
  }

private:
  mlir::ImplicitLocOpBuilder &b;
};

} // namespace patternc

#endif // KERNELS_INDEXARITHMETIC_H
