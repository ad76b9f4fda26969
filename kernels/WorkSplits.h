// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_WORKSPLITS_H
#define KERNELS_WORKSPLITS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace patternc {

/// Workgroups below which threads would stay idle at the end of a layer.
inline constexpr int64_t minWorkgroups = 16;

/// Into how many blocks to split `parts`, where work is split into `others`
/// already, so that there are enough workgroups.
inline int64_t blocksFor(int64_t parts, int64_t others) {
  return std::min(parts, llvm::divideCeilSigned(minWorkgroups, others));
}

/// The numbers that divide `number`, in order.
inline llvm::SmallVector<int64_t> divisorsOf(int64_t number) {
  llvm::SmallVector<int64_t> divisors;
  for (int64_t i = 1; i <= number; ++i)
    if (number % i == 0)
      divisors.push_back(i);
  return divisors;
}

/// The powers of two below `most`, and `most`.
inline llvm::SmallVector<int64_t> powersUpTo(int64_t most) {
  llvm::SmallVector<int64_t> powers;
  for (int64_t i = 1; i < most; i *= 2)
    powers.push_back(i);
  powers.push_back(most);
  return powers;
}

} // namespace patternc

#endif // KERNELS_WORKSPLITS_H
