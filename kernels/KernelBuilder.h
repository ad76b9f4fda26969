// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_KERNELBUILDER_H
#define KERNELS_KERNELBUILDER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// The workgroups that run a kernel, and the threads of each; no threads where
/// a workgroup is one sequence of loops.
struct Grid {
  std::array<int64_t, 3> workgroups;
  int64_t threads = 0;
};

/// Where the loops of a kernel are written, and how it is called: the border to
/// whatever runs kernels.
class KernelBuilder {
public:
  virtual ~KernelBuilder() = default;

  /// Inserts into the kernel's body.
  mlir::ImplicitLocOpBuilder &body() { return builder; }
  /// The flat buffers of operands, then of results.
  llvm::ArrayRef<mlir::Value> buffers() const { return bufferValues; }

  /// Index of the workgroup in the grid, and of the thread in its workgroup.
  virtual mlir::Value workgroupId(int64_t dimension) = 0;
  virtual mlir::Value threadId() = 0;

  /// Calls the kernel with flat tensors. Returns the first result; others are
  /// memory to work in.
  virtual mlir::Value call(mlir::OpBuilder &caller, mlir::Location loc,
                           mlir::ValueRange operands,
                           llvm::ArrayRef<mlir::RankedTensorType> results) = 0;

protected:
  explicit KernelBuilder(mlir::Location loc)
      : builder(loc, loc->getContext()) {}

  mlir::ImplicitLocOpBuilder builder;
  llvm::SmallVector<mlir::Value> bufferValues;
};

} // namespace patternc

#endif // KERNELS_KERNELBUILDER_H
