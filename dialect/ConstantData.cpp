#include "dialect/ConstantData.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
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
  bool fits = std::is_floating_point_v<T> ? isa<FloatType>(elementType)
                                          : elementType.isInteger();
  if (!fits || elementType.getIntOrFloatBitWidth() != 8 * sizeof(T))
    return std::nullopt;

  ConstantData result;
  size_t count = attribute.getNumElements();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != count * sizeof(T))
      return std::nullopt;
    result.view = blob->getDataAs<T>();
    return result;
  }
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return std::nullopt;
  ArrayRef<char> raw = dense.getRawData();
  const T *first = reinterpret_cast<const T *>(raw.data());
  if (dense.isSplat())
    result.expanded.assign(count, *first);
  else
    result.view = ArrayRef<T>(first, count);
  return result;
}

template class patternc::ConstantData<float>;
template class patternc::ConstantData<uint16_t>;
template class patternc::ConstantData<int32_t>;

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
Value patternc::createBlobConstant(OpBuilder &builder, Location loc,
                                   StringRef name, RankedTensorType type,
                                   SmallVector<T, 0> data) {
  auto owner = std::make_unique<SmallVector<T, 0>>(std::move(data));
  ArrayRef<char> bytes(reinterpret_cast<const char *>(owner->data()),
                       owner->size() * sizeof(T));
  AsmResourceBlob blob(
      bytes, alignof(T), [owner = std::move(owner)](void *, size_t, size_t) {},
      /*dataIsMutable=*/false);
  auto attribute = DenseResourceElementsAttr::get(type, name, std::move(blob));
  return arith::ConstantOp::create(builder, loc, attribute);
}

template Value patternc::createBlobConstant(OpBuilder &, Location, StringRef,
                                            RankedTensorType,
                                            SmallVector<float, 0>);
template Value patternc::createBlobConstant(OpBuilder &, Location, StringRef,
                                            RankedTensorType,
                                            SmallVector<uint8_t, 0>);
template Value patternc::createBlobConstant(OpBuilder &, Location, StringRef,
                                            RankedTensorType,
                                            SmallVector<uint16_t, 0>);
template Value patternc::createBlobConstant(OpBuilder &, Location, StringRef,
                                            RankedTensorType,
                                            SmallVector<int32_t, 0>);
