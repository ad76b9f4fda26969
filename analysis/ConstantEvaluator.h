// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_CONSTANTEVALUATOR_H
#define ANALYSIS_CONSTANTEVALUATOR_H

#include "analysis/ConstantTensor.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace patternc {

/// Computes what operations of linalg, tensor, arith and math make of
/// constants. It is total: what it does not know, or would take too long, has
/// no value.
class ConstantEvaluator {
public:
  /// Computes in the precision of each operation or, if `wide`, in f64 wherever
  /// these have floats; then results are of f64, too.
  explicit ConstantEvaluator(bool wide = false) : wide(wide) {}

  /// Whether `value` is a constant tensor or number with data, or computed from
  /// such alone by operations that are known.
  bool knows(mlir::Value value);

  /// The elements of a tensor that it knows.
  std::optional<ConstantTensor> evaluate(mlir::Value value);

private:
  bool knowsOperation(mlir::Operation *op);

  bool wide;
  llvm::DenseMap<mlir::Operation *, bool> known;
  llvm::DenseSet<mlir::Operation *> failed;
};

/// The operations that `value` is computed by, operands before users; those of
/// constants are among them.
llvm::SmallVector<mlir::Operation *> computationOf(mlir::Value value);

/// What `op` reads: its operands, and what its regions use of what is outside.
llvm::SmallVector<mlir::Value> readBy(mlir::Operation *op);

/// Elements of a constant, 0 if it is one number however often.
int64_t storedElements(mlir::Operation *op);

/// The name of the largest blob that `value` is computed from, or an empty
/// string.
llvm::StringRef largestBlob(mlir::Value value);

/// Erases what `values` are computed by, as far as nothing reads it any more.
/// Only of values that were evaluated, so that their assertions hold.
void eraseUnread(llvm::ArrayRef<mlir::Value> values);

} // namespace patternc

#endif // ANALYSIS_CONSTANTEVALUATOR_H
