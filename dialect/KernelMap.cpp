// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/KernelMap.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

/// Kernels whose ids stand in the IR, where one can read them.
static constexpr int64_t maxWrittenOut = 256;

KernelMapAttr patternc::createKernelMap(StringRef layer, KernelPatternsAttr set,
                                        int64_t filters, int64_t channels,
                                        SmallVector<uint8_t, 0> ids) {
  MLIRContext *context = set.getContext();
  auto type = RankedTensorType::get(
      {filters, channels}, IntegerType::get(context, 8, IntegerType::Unsigned));
  if (type.getNumElements() <= maxWrittenOut || llvm::all_equal(ids))
    return KernelMapAttr::get(
        context, set, DenseElementsAttr::get(type, ArrayRef<uint8_t>(ids)));
  std::string name = layer.empty() ? "map" : (layer + ".map").str();
  return KernelMapAttr::get(context, set,
                            createBlob<uint8_t>(name, type, std::move(ids)));
}

std::optional<KernelIds> KernelIds::of(KernelMapAttr map, std::string *reason) {
  ElementsAttr ids = map.getIds();
  auto dense = dyn_cast<DenseElementsAttr>(ids);
  bool isUniform = dense && dense.isSplat();
  if (isUniform)
    ids = dense.resizeSplat(dense.getType().clone({1, map.getNumChannels()}));
  auto data = ConstantData<uint8_t>::of(ids);
  if (!data) {
    if (reason)
      *reason = "its kernel map has no data, or not a byte a kernel";
    return std::nullopt;
  }
  int64_t patterns = map.getSet().getNumPatterns();
  ArrayRef<uint8_t> elements = data->elements();
  if (auto last = llvm::max_element(elements);
      last != elements.end() && *last > patterns) {
    if (reason)
      *reason =
          llvm::formatv("kernel id {0} is beyond the {1} patterns of the set",
                        *last, patterns);
    return std::nullopt;
  }
  return KernelIds(map, isUniform, std::move(*data));
}

int64_t KernelIds::countRemoved() const {
  int64_t removed = llvm::count(data.elements(), 0);
  return isUniform ? filters * removed : removed;
}
