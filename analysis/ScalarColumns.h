// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_SCALARCOLUMNS_H
#define ANALYSIS_SCALARCOLUMNS_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <variant>

namespace patternc {

/// What one scalar is in each of many runs of a body. f16 is computed with in
/// float and rounded after each operation, which is exact; integers are
/// extended by their sign.
struct Column {
  using Floats = llvm::SmallVector<float, 0>;
  using Doubles = llvm::SmallVector<double, 0>;
  using Integers = llvm::SmallVector<int64_t, 0>;

  mlir::Type type;
  std::variant<Floats, Doubles, Integers> numbers;

  size_t size() const;
};

/// The bits of a number that a column can hold: f16, f32, f64, index and
/// integers of 1, 8, 16, 32 or 64 bits; 0 for other types.
unsigned columnBits(mlir::Type type);

/// `size` times the value of `constant`, or nothing if it is no scalar that a
/// column can hold.
std::optional<Column> columnOf(mlir::Attribute constant, size_t size);

/// The same numbers as f64, if they are of floats.
Column widened(Column column);

/// The result of an operation of `arith` or `math` on scalars, in the precision
/// of its type or, if `wide`, of f64, which its operands then have as well.
/// Nothing for an operation that is not known here, and where it has no defined
/// result. Columns of no numbers tell whether it is known.
std::optional<Column> compute(mlir::Operation *op,
                              llvm::ArrayRef<const Column *> operands,
                              bool wide = false);

} // namespace patternc

#endif // ANALYSIS_SCALARCOLUMNS_H
