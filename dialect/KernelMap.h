// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_KERNELMAP_H
#define DIALECT_KERNELMAP_H

#include "dialect/ConstantData.h"
#include "dialect/PatternAttributes.h"

#include <string>

namespace patternc {

/// Makes the kernel map of a layer from `ids`, row-major over filters and
/// channels. An attribute is hashed, copied and kept as long as the context, so
/// that many ids become a blob, which has the name of the layer.
KernelMapAttr createKernelMap(llvm::StringRef layer, KernelPatternsAttr set,
                              int64_t filters, int64_t channels,
                              llvm::SmallVector<uint8_t, 0> ids);

/// The ids of a kernel map, wherever they are kept.
class KernelIds {
public:
  /// The ids of `map`; nothing if they are not there or name patterns that are
  /// not, with the reason. Whoever wants them reads them here, so that no
  /// verifier has to look at them.
  static std::optional<KernelIds> of(KernelMapAttr map,
                                     std::string *reason = nullptr);

  /// Those of one filter, by channel.
  llvm::ArrayRef<uint8_t> ofFilter(int64_t filter) const {
    return data.elements().slice(isUniform ? 0 : filter * channels, channels);
  }
  int64_t countRemoved() const;

private:
  KernelIds(KernelMapAttr map, bool isUniform, ConstantData<uint8_t> data)
      : filters(map.getNumFilters()), channels(map.getNumChannels()),
        isUniform(isUniform), data(std::move(data)) {}

  int64_t filters, channels;
  bool isUniform; // one filter stands for all
  ConstantData<uint8_t> data;
};

} // namespace patternc

#endif // DIALECT_KERNELMAP_H
