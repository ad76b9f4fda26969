// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/ConstantTensor.h"

#include "dialect/ConstantData.h"
#include "dialect/Float16.h"
#include "dialect/SizeLimits.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace patternc;

/// Elements of a tensor: what is computed in a few seconds.
static constexpr int64_t maxElements = int64_t(1) << 28;

static size_t bytesOfElement(Type element) {
  return llvm::divideCeil(columnBits(element), 8);
}

bool ConstantTensor::canHold(RankedTensorType type) {
  if (!type || !type.hasStaticShape() || type.getEncoding() ||
      !columnBits(type.getElementType()))
    return false;
  std::optional<int64_t> elements = checkedProduct(type.getShape());
  return elements && *elements > 0 && *elements <= maxElements;
}

std::optional<ConstantTensor> ConstantTensor::of(ElementsAttr attribute) {
  auto type = dyn_cast<RankedTensorType>(attribute.getShapedType());
  if (!canHold(type))
    return std::nullopt;
  ConstantTensor tensor;
  tensor.type = type;
  size_t bytes = type.getNumElements() * bytesOfElement(type.getElementType());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != bytes)
      return std::nullopt;
    tensor.bytes = blob->getData();
    return tensor;
  }
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return std::nullopt;
  if (type.getElementType().isInteger(1)) { // which may be packed
    bool isSplat = dense.isSplat();
    tensor = *create(isSplat ? type.clone(ArrayRef<int64_t>()) : type);
    tensor.type = type;
    tensor.isSplat = isSplat;
    llvm::copy(llvm::make_range(dense.value_begin<bool>(),
                                isSplat ? std::next(dense.value_begin<bool>())
                                        : dense.value_end<bool>()),
               tensor.blob->getMutableData().begin());
    return tensor;
  }
  tensor.isSplat = dense.isSplat();
  tensor.bytes = dense.getRawData();
  return tensor;
}

std::optional<ConstantTensor> ConstantTensor::create(RankedTensorType type) {
  if (!canHold(type))
    return std::nullopt;
  ConstantTensor tensor;
  tensor.type = type;
  size_t size = bytesOfElement(type.getElementType());
  tensor.blob = std::make_shared<AsmResourceBlob>(
      HeapAsmResourceBlob::allocate(size * type.getNumElements(), 64));
  tensor.bytes = tensor.blob->getData();
  llvm::fill(tensor.blob->getMutableData(), 0);
  return tensor;
}

ConstantTensor ConstantTensor::reshaped(RankedTensorType type) const {
  ConstantTensor tensor = *this;
  tensor.type = type;
  return tensor;
}

template <typename T, typename Numbers>
static void readAs(const char *bytes, bool isSplat, ArrayRef<int64_t> places,
                   Numbers &numbers) {
  numbers.reserve(places.size());
  for (int64_t place : places) {
    T number;
    std::memcpy(&number, bytes + (isSplat ? 0 : place * sizeof(T)), sizeof(T));
    numbers.push_back(number);
  }
}

Column ConstantTensor::read(ArrayRef<int64_t> places) const {
  Type element = type.getElementType();
  auto as = [&](auto number, auto numbers) {
    readAs<decltype(number)>(bytes.data(), isSplat, places, numbers);
    return Column{element, std::move(numbers)};
  };
  if (element.isF32())
    return as(float(), Column::Floats());
  if (element.isF64())
    return as(double(), Column::Doubles());
  if (element.isF16()) {
    Column::Integers halves;
    readAs<uint16_t>(bytes.data(), isSplat, places, halves);
    Column::Floats numbers;
    for (int64_t half : halves)
      numbers.push_back(widenHalf(half));
    return {element, std::move(numbers)};
  }
  switch (columnBits(element)) {
  case 1: {
    Column column = as(uint8_t(), Column::Integers());
    for (int64_t &number : std::get<Column::Integers>(column.numbers))
      number = number ? -1 : 0; // extended by its sign
    return column;
  }
  case 8:
    return as(int8_t(), Column::Integers());
  case 16:
    return as(int16_t(), Column::Integers());
  case 32:
    return as(int32_t(), Column::Integers());
  default:
    return as(int64_t(), Column::Integers());
  }
}

void ConstantTensor::write(ArrayRef<int64_t> places, const Column &column) {
  Type element = type.getElementType();
  char *data = blob->getMutableData().data();
  auto as = [&](auto convert) {
    std::visit(
        [&](const auto &numbers) {
          for (auto [place, number] : llvm::zip_equal(places, numbers)) {
            auto stored = convert(number);
            std::memcpy(data + place * sizeof(stored), &stored, sizeof(stored));
          }
        },
        column.numbers);
  };
  if (element.isF32())
    return as([](auto number) { return static_cast<float>(number); });
  if (element.isF64())
    return as([](auto number) { return static_cast<double>(number); });
  if (element.isF16())
    return as([](auto number) { return roundToHalf(number); });
  switch (columnBits(element)) {
  case 1:
    return as([](auto number) { return static_cast<uint8_t>(number != 0); });
  case 8:
    return as([](auto number) { return static_cast<int8_t>(number); });
  case 16:
    return as([](auto number) { return static_cast<int16_t>(number); });
  case 32:
    return as([](auto number) { return static_cast<int32_t>(number); });
  default:
    return as([](auto number) { return static_cast<int64_t>(number); });
  }
}

DenseElementsAttr ConstantTensor::toSplat() const {
  size_t size = bytesOfElement(type.getElementType());
  StringRef data(bytes.data(), bytes.size()), first = data.take_front(size);
  // Equal to its neighbour everywhere, so that all are equal.
  if (!blob || data.drop_front(size) != data.drop_back(size))
    return {};
  if (type.getElementType().isInteger(1))
    return DenseElementsAttr::get(type, *first.data() != 0);
  return DenseElementsAttr::getFromRawBuffer(type, bytes.take_front(size));
}

DenseResourceElementsAttr ConstantTensor::toBlob(StringRef name) const {
  // Others may read the same bytes, such as a reshape of this tensor.
  std::shared_ptr<AsmResourceBlob> owner = blob;
  return DenseResourceElementsAttr::get(
      type, name,
      AsmResourceBlob(
          bytes, /*dataAlignment=*/64,
          [owner = std::move(owner)](void *, size_t, size_t) {},
          /*dataIsMutable=*/false));
}
