// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_KERNEL_H
#define KERNELS_KERNEL_H

#include "kernels/KernelBuilder.h"

#include <optional>
#include <variant>

namespace patternc {

/// Numbers in so many bits each; none is negative in fewer than 32.
struct StoredNumbers {
  llvm::SmallVector<int32_t, 0> values;
  unsigned bits = 32;

  /// In 16 bits, or in 8 if there may be so few, if all of them fit.
  static StoredNumbers inFewBits(llvm::SmallVector<int32_t, 0> values,
                                 unsigned fewest = 16) {
    if (fewest == 8 && llvm::all_of(values, llvm::isUInt<8>))
      return {std::move(values), 8};
    bool fit = llvm::all_of(values, llvm::isUInt<16>);
    return {std::move(values), fit ? 16u : 32u};
  }

  int64_t bytes() const { return values.size() * bits / 8; }
};

/// An array that is made of the weights of a layer, for its kernel alone.
struct KernelArray {
  /// Empty for few numbers, which stay readable in the IR.
  std::string name;
  std::variant<llvm::SmallVector<float, 0>, StoredNumbers> elements;
  /// What floats are stored as; null for the type of the images.
  mlir::Type type = {};
};

/// What a kernel reads: a value as it is, or an array.
using KernelOperand = std::variant<mlir::Value, KernelArray>;
using KernelOperands = llvm::SmallVector<KernelOperand>;

/// The loops that compute one operation as its schedule says.
class Kernel {
public:
  virtual ~Kernel() = default;

  /// Whether the kernel of what reads the operation computes it, too.
  virtual bool isPartOfConsumer() const { return false; }

  virtual Grid grid() const = 0;

  /// What it reads of the weights of its layer, and all that it reads; nothing
  /// if that cannot be, with the reason.
  virtual std::optional<KernelOperands> arrays(std::string &reason) {
    return KernelOperands();
  }
  virtual std::optional<KernelOperands> operands(std::string &reason) = 0;

  /// Memory to work in, beside the output.
  virtual llvm::SmallVector<mlir::RankedTensorType> workspaces() const {
    return {};
  }

  /// Writes the loops. The buffers are those of the operands, of the output
  /// and of the workspaces.
  virtual void emit(KernelBuilder &builder) = 0;
};

} // namespace patternc

#endif // KERNELS_KERNEL_H
