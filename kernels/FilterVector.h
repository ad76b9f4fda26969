// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_FILTERVECTOR_H
#define KERNELS_FILTERVECTOR_H

#include "kernels/Schedules.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace patternc {

/// Where in a group of filters vector `v` begins: the last one ends with the
/// group and may overlap the one before.
int64_t firstOfVector(int64_t group, int64_t lanes, int64_t v);

/// Whether the filters of every vector of a group follow each other.
bool areRuns(int64_t group, int64_t lanes, llvm::ArrayRef<int32_t> order);

/// A vector of filters that are stored one after the other: how what belongs
/// to each of them is read and written.
class FilterVector {
public:
  /// Those from place `stored` of the order `reorder` on.
  FilterVector(mlir::ImplicitLocOpBuilder &b, mlir::Value reorder,
               mlir::Value stored, int64_t lanes, Stores stores);

  /// Elements of a buffer, behind `base`.
  mlir::Value load(mlir::Value buffer, mlir::Value base) const;
  void store(mlir::Value value, mlir::Value buffer, mlir::Value base) const;

private:
  mlir::ImplicitLocOpBuilder &b;
  int64_t lanes;
  Stores stores;
  mlir::Value filters; // the first one, or a vector of all
};

} // namespace patternc

#endif // KERNELS_FILTERVECTOR_H
