// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef IREE_STREAMEXECUTABLE_H
#define IREE_STREAMEXECUTABLE_H

#include "dialect/PatternAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// An IREE executable with one entry point whose body is written by hand: the
/// way a kernel of ours reaches IREE without being looked at again.
class StreamExecutable {
public:
  /// Creates the executable in front of everything in `module`. `bindings` are
  /// the flat tensors of the operands, then of the results; `workgroups` the
  /// grid. The schedule says for which device, and with how many threads.
  StreamExecutable(mlir::ModuleOp module, mlir::Location loc,
                   llvm::StringRef name, mlir::TypeRange bindings,
                   std::array<int64_t, 3> workgroups, ScheduleAttr schedule);

  /// Inserts into the kernel's body.
  mlir::ImplicitLocOpBuilder &body() { return builder; }
  /// The buffers, in the order of the bindings.
  llvm::ArrayRef<mlir::Value> buffers() const { return bufferValues; }
  /// Index of the workgroup in the grid.
  mlir::Value workgroupId(int64_t dimension);

  /// Calls the kernel: `flow.dispatch` of `operands`. Returns the first result;
  /// others are memory to work in.
  mlir::Value dispatch(mlir::OpBuilder &caller, mlir::Location loc,
                       mlir::ValueRange operands,
                       llvm::ArrayRef<mlir::RankedTensorType> results);

private:
  /// Zero, as IREE's back end for the device needs it: a constant would be
  /// folded into the buffers' types, and then contradict an offset of IREE's.
  mlir::Value bindingOffset(Device device);
  mlir::Value workgroup(llvm::StringRef operation, int64_t dimension);

  mlir::ImplicitLocOpBuilder builder;
  mlir::SymbolRefAttr entryPoint;
  llvm::SmallVector<mlir::Value> bufferValues;
};

} // namespace patternc

#endif // IREE_STREAMEXECUTABLE_H
