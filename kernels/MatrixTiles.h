// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_MATRIXTILES_H
#define KERNELS_MATRIXTILES_H

#include "dialect/PatternOps.h"

#include <algorithm>

namespace patternc {

/// Rows that are computed at once: they are far apart in memory, and more of
/// them gain nothing.
inline constexpr int64_t maxRows = 16;

/// Vectors of sums that hide the latency of multiply-adds, of one row.
inline constexpr int64_t maxVectorsOfSums = 8;

/// How many of `rows` are computed at once with so many `vectors` of sums each:
/// as many as fit the registers beside the weights of each vector and the input
/// of one row, which take `parts` registers each.
inline int64_t rowsAtOnce(TargetAttr target, int64_t vectors, int64_t parts,
                          int64_t rows) {
  return std::clamp<int64_t>(
      (target.getRegisters() - 1 - parts * (vectors + 1)) / vectors, 1,
      std::min(maxRows, rows));
}

/// The vectors of sums with which the products of `rows` load the least: a
/// vector of weights is loaded for all rows, an input for all vectors.
inline int64_t vectorsAtOnce(TargetAttr target, int64_t parts, int64_t rows) {
  int64_t best = 0;
  double fewest = 0;
  for (int64_t vectors = maxVectorsOfSums; vectors > 0; --vectors) {
    double loads =
        1.0 / vectors + 1.0 / rowsAtOnce(target, vectors, parts, rows);
    if (best == 0 || loads < fewest) {
      best = vectors;
      fewest = loads;
    }
  }
  return best;
}

} // namespace patternc

#endif // KERNELS_MATRIXTILES_H
