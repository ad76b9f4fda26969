// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_KERNELBUILDER_H
#define KERNELS_KERNELBUILDER_H

#include "mlir/IR/BuiltinTypes.h"
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

  /// One of the buffers as vectors of `lanes` elements, as many as are whole.
  virtual mlir::Value asVectors(mlir::Value buffer, int64_t lanes) = 0;
  /// Memory that the threads of a workgroup share, and where all of them wait
  /// until what they wrote there can be read.
  virtual mlir::Value sharedMemory(mlir::MemRefType type) = 0;
  virtual void barrier() = 0;

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
