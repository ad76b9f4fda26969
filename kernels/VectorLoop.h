// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_VECTORLOOP_H
#define KERNELS_VECTORLOOP_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// Emits a loop over `begin` to `end`.
void emitLoop(mlir::ImplicitLocOpBuilder &b, mlir::Value begin, mlir::Value end,
              llvm::function_ref<void(mlir::Value)> body);

/// Emits a loop over `begin` to `end` that is skipped where it has no
/// iteration.
void emitLoop(mlir::ImplicitLocOpBuilder &b, int64_t begin, int64_t end,
              int64_t step, llvm::function_ref<void(mlir::Value)> body);

/// Calls `body` with a position and a type for every vector of `begin` to
/// `end`, of `lanes` times `element`. The last vector ends at `end` and may
/// overlap the one before; where there is no room for one, elements are taken
/// one by one, with a null type.
void emitVectorLoop(
    mlir::ImplicitLocOpBuilder &b, int64_t begin, int64_t end, int64_t lanes,
    mlir::Type element,
    llvm::function_ref<void(mlir::Value, mlir::VectorType)> body);

/// Emits a loop that carries one value through `count` calls of `body`.
mlir::Value
emitFold(mlir::ImplicitLocOpBuilder &b, int64_t count, mlir::Value init,
         llvm::function_ref<mlir::Value(mlir::Value i, mlir::Value so)> body);

/// Writes `number` to elements `begin` to `end` behind `base` of a buffer.
void emitFill(mlir::ImplicitLocOpBuilder &b, mlir::Value buffer,
              mlir::Value base, int64_t begin, int64_t end, int64_t lanes,
              int64_t number);

} // namespace patternc

#endif // KERNELS_VECTORLOOP_H
