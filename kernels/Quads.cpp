// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/Quads.h"

using namespace mlir;
using namespace patternc;

SmallVector<float, 0> RecordWeights::padded(ArrayRef<float> weights) const {
  SmallVector<float, 0> result(weights.empty() ? stride : 0);
  for (; !weights.empty(); weights = weights.drop_front(count)) {
    llvm::append_range(result, weights.take_front(count));
    result.resize(llvm::alignTo(result.size(), stride));
  }
  return result;
}
