// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef IREE_STREAMEXECUTABLE_H
#define IREE_STREAMEXECUTABLE_H

#include "dialect/PatternAttributes.h"
#include "kernels/KernelBuilder.h"
#include "mlir/IR/BuiltinOps.h"

namespace patternc {

/// An IREE executable with one entry point whose body is written by hand: the
/// way a kernel of ours reaches IREE without being looked at again.
class StreamExecutable : public KernelBuilder {
public:
  /// Creates the executable in front of everything in `module`, for the device
  /// of its target. `bindings` are the flat tensors of the operands, then of
  /// the results.
  StreamExecutable(mlir::ModuleOp module, mlir::Location loc,
                   llvm::StringRef name, mlir::TypeRange bindings,
                   const Grid &grid);

  mlir::Value workgroupId(int64_t dimension) override;
  mlir::Value threadId() override;
  mlir::Value asVectors(mlir::Value buffer, int64_t lanes) override;
  mlir::Value sharedMemory(mlir::MemRefType type) override;
  void barrier() override;
  /// `flow.dispatch`.
  mlir::Value call(mlir::OpBuilder &caller, mlir::Location loc,
                   mlir::ValueRange operands,
                   llvm::ArrayRef<mlir::RankedTensorType> results) override;

private:
  /// Zero, as IREE's back end for the device needs it: a constant would be
  /// folded into the buffers' types, and then contradict an offset of IREE's.
  mlir::Value bindingOffset(Device device);
  mlir::Value workgroup(llvm::StringRef operation, int64_t dimension);
  /// A buffer of `type` behind a binding.
  static mlir::Value subspan(mlir::OpBuilder &b, mlir::Location loc,
                             mlir::MemRefType type, mlir::Value binding,
                             mlir::Value offset);

  mlir::SymbolRefAttr entryPoint;
};

} // namespace patternc

#endif // IREE_STREAMEXECUTABLE_H
