// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/ConstantData.h"

#include "dialect/Float16.h"
#include "dialect/SizeLimits.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace patternc;

template <typename T>
std::optional<ConstantData<T>> ConstantData<T>::of(Value value) {
  ElementsAttr attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  return of(attribute);
}

template <typename T>
std::optional<ConstantData<T>> ConstantData<T>::of(ElementsAttr attribute) {
  Type elementType = attribute.getElementType();
  if constexpr (std::is_same_v<T, float>) {
    if (elementType.isF16())
      return widen(ConstantData<uint16_t>::ofBits(attribute), widenHalf);
    if (elementType.isSignlessInteger(8))
      return widen(ConstantData<uint8_t>::ofBits(attribute),
                   [](uint8_t byte) { return float(int8_t(byte)); });
  }
  bool fits = std::is_floating_point_v<T> ? isa<FloatType>(elementType)
                                          : elementType.isInteger();
  return fits ? ofBits(attribute) : std::nullopt;
}

template <typename T>
std::optional<ConstantData<T>> ConstantData<T>::ofBits(ElementsAttr attribute) {
  std::optional<int64_t> bytes = bytesOf(attribute.getShapedType());
  if (!bytes ||
      attribute.getElementType().getIntOrFloatBitWidth() != 8 * sizeof(T))
    return std::nullopt;
  ConstantData result;
  size_t count = *bytes / sizeof(T);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != count * sizeof(T))
      return std::nullopt;
    const char *data = blob->getData().data();
    if (llvm::isAddrAligned(llvm::Align(alignof(T)), data)) {
      result.view = ArrayRef<T>(reinterpret_cast<const T *>(data), count);
    } else {
      result.expanded.resize(count);
      std::memcpy(result.expanded.data(), data, count * sizeof(T));
    }
    return result;
  }
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return std::nullopt;
  ArrayRef<char> raw = dense.getRawData();
  const T *first = reinterpret_cast<const T *>(raw.data());
  if (dense.isSplat()) {
    if (count > maxSplatElements)
      return std::nullopt;
    result.expanded.assign(count, *first);
  } else
    result.view = ArrayRef<T>(first, count);
  return result;
}

template <typename T>
template <typename Narrow, typename Widen>
std::optional<ConstantData<T>>
ConstantData<T>::widen(std::optional<ConstantData<Narrow>> narrow,
                       Widen widenOne) {
  if (!narrow)
    return std::nullopt;
  ConstantData result;
  llvm::append_range(result.expanded,
                     llvm::map_range(narrow->elements(), widenOne));
  return result;
}

template class patternc::ConstantData<float>;
template class patternc::ConstantData<uint16_t>;
template class patternc::ConstantData<int32_t>;
template class patternc::ConstantData<uint8_t>;

StringRef patternc::blobName(Value value) {
  DenseResourceElementsAttr resource;
  if (!matchPattern(value, m_Constant(&resource)))
    return {};
  return resource.getRawHandle().getKey();
}

ElementsAttr patternc::reshapeConstant(ElementsAttr attribute,
                                       ShapedType type) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute))
    return dense.reshape(type);
  return {};
}

template <typename T>
DenseResourceElementsAttr patternc::createBlob(StringRef name,
                                               RankedTensorType type,
                                               SmallVector<T, 0> data) {
  if constexpr (std::is_same_v<T, float>) {
    if (type.getElementType().isF16())
      return createBlob(
          name, type,
          llvm::to_vector_of<uint16_t, 0>(llvm::map_range(data, roundToHalf)));
    if (type.getElementType().isInteger(8))
      return createBlob(name, type,
                        llvm::to_vector_of<uint8_t, 0>(llvm::map_range(
                            data, [](float x) { return int8_t(x); })));
  }
  auto owner = std::make_unique<SmallVector<T, 0>>(std::move(data));
  ArrayRef<char> bytes(reinterpret_cast<const char *>(owner->data()),
                       owner->size() * sizeof(T));
  AsmResourceBlob blob(
      bytes, alignof(T), [owner = std::move(owner)](void *, size_t, size_t) {},
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

template DenseResourceElementsAttr
    patternc::createBlob(StringRef, RankedTensorType, SmallVector<float, 0>);
template DenseResourceElementsAttr
    patternc::createBlob(StringRef, RankedTensorType, SmallVector<uint8_t, 0>);
template DenseResourceElementsAttr
    patternc::createBlob(StringRef, RankedTensorType, SmallVector<uint16_t, 0>);
template DenseResourceElementsAttr
    patternc::createBlob(StringRef, RankedTensorType, SmallVector<int32_t, 0>);
