// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "storage/ChannelStorage.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace patternc;

ChannelArrays patternc::orderByChannel(ArrayRef<float> weight,
                                       const FkwIndices &indices,
                                       KernelPatternsAttr set, int64_t channels,
                                       int64_t blocks) {
  int64_t patterns = set.getNumPatterns(), entries = set.getEntries();
  int64_t filters = indices.reorder.size();
  int64_t block = llvm::divideCeilSigned(filters, blocks);
  SmallVector<int32_t> storedAs(filters);
  for (auto [stored, filter] : llvm::enumerate(indices.reorder))
    storedAs[filter] = stored;

  auto forEachKernel =
      [&](function_ref<void(int64_t filter, int64_t run, int32_t kernel)>
              body) {
        for (int64_t filter = 0; filter < filters; ++filter)
          for (int64_t p = 0; p < patterns; ++p) {
            const int32_t *ends =
                &indices.patternOffset[storedAs[filter] * (patterns + 1) + p];
            int32_t first = indices.offset[storedAs[filter]];
            for (int32_t k = first + ends[0]; k < first + ends[1]; ++k)
              body(filter,
                   (filter / block * channels + indices.index[k]) * patterns +
                       p,
                   k);
          }
      };
  ChannelArrays arrays;
  arrays.ends.assign(blocks * channels * patterns + 1, 0);
  forEachKernel([&](int64_t, int64_t run, int32_t) { ++arrays.ends[run + 1]; });
  std::partial_sum(arrays.ends.begin(), arrays.ends.end(), arrays.ends.begin());

  SmallVector<int32_t, 0> next(arrays.ends);
  arrays.weight.resize(weight.size());
  arrays.filter.resize(indices.index.size());
  forEachKernel([&](int64_t filter, int64_t run, int32_t kernel) {
    int32_t at = next[run]++;
    arrays.filter[at] = filter % block;
    llvm::copy(weight.slice(kernel * entries, entries),
               arrays.weight.begin() + at * entries);
  });
  return arrays;
}
