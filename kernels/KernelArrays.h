// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_KERNELARRAYS_H
#define KERNELS_KERNELARRAYS_H

#include "kernels/ConvolutionKernel.h"
#include "storage/FkwStorage.h"

namespace patternc {

/// Numbers that are not negative, in so many bits each.
struct StoredNumbers {
  llvm::SmallVector<int32_t, 0> values;
  unsigned bits = 32;

  int64_t bytes() const { return values.size() * bits / 8; }
};

/// What a kernel reads of the weights of its layer: the arrays that ship. They
/// say what FKW says, in fewer bytes, and in the order in which they are read.
struct KernelArrays {
  /// Weights in another order than that of FKW; nothing where it is the same.
  std::optional<llvm::SmallVector<float, 0>> weight;
  StoredNumbers descriptors; // of ConvolutionKernel
  StoredNumbers offset;
  StoredNumbers reorder; // empty if channels are stationary
  StoredNumbers taps;    // empty without a table

  /// Bytes of all but the weights.
  int64_t indexBytes() const {
    return descriptors.bytes() + offset.bytes() + reorder.bytes() +
           taps.bytes();
  }
};

/// The arrays of `kernel`, which stores `weight` with `indices`. Sets how the
/// kernel reads them.
KernelArrays arraysOf(ConvolutionKernel &kernel, llvm::ArrayRef<float> weight,
                      FkwIndices indices);

} // namespace patternc

#endif // KERNELS_KERNELARRAYS_H
