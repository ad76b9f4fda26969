// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef STORAGE_CHANNELSTORAGE_H
#define STORAGE_CHANNELSTORAGE_H

#include "storage/FkwStorage.h"

namespace patternc {

/// The kernels of a layer in the order in which an input-stationary kernel
/// reads them: those of a block of filters, in it those of a channel, in it
/// those with a pattern, one for each filter that keeps it.
struct ChannelArrays {
  llvm::SmallVector<float, 0> weight;    // kernels × entries
  llvm::SmallVector<uint16_t, 0> filter; // kernels: the filter, in its block
  llvm::SmallVector<int32_t, 0> ends;    // 0, then where each pattern's end
};

/// Puts FKW storage of `set` with groups of one filter in the order of
/// channels, for that many blocks of equally many filters.
ChannelArrays orderByChannel(llvm::ArrayRef<float> weight,
                             const FkwIndices &indices, KernelPatternsAttr set,
                             int64_t channels, int64_t blocks);

} // namespace patternc

#endif // STORAGE_CHANNELSTORAGE_H
