// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/SizeLimits.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace patternc;

std::optional<int64_t> patternc::checkedProduct(ArrayRef<int64_t> factors) {
  if (llvm::is_contained(factors, 0))
    return 0;
  std::optional<int64_t> product = 1;
  for (int64_t factor : factors)
    if (product)
      product = llvm::checkedMul(*product, factor);
  return product;
}

int64_t patternc::saturatedProduct(ArrayRef<int64_t> factors) {
  return checkedProduct(factors).value_or(std::numeric_limits<int64_t>::max());
}

std::optional<int64_t> patternc::bytesOf(ShapedType type) {
  if (!type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return std::nullopt;
  SmallVector<int64_t> factors(type.getShape());
  factors.push_back(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  std::optional<int64_t> bytes = checkedProduct(factors);
  return bytes && *bytes <= maxTensorBytes ? bytes : std::nullopt;
}

std::string patternc::whatIsTooLarge(ArrayRef<int64_t> image,
                                     ArrayRef<int64_t> padding,
                                     ArrayRef<int64_t> kernel,
                                     ArrayRef<int64_t> strides) {
  auto beyond = [](int64_t size, int64_t limit) {
    return " " + std::to_string(size) + ", expected at most " +
           std::to_string(limit);
  };
  auto check = [&](StringRef name, ArrayRef<int64_t> sizes) -> std::string {
    for (int64_t size : sizes)
      if (size > maxPositions)
        return name.str() + beyond(size, maxPositions);
    return {};
  };
  for (const std::string &reason :
       {check("has padding", padding), check("has a kernel of size", kernel),
        check("has a stride of", strides),
        check("reads images of size", image.take_back(2))})
    if (!reason.empty())
      return reason;
  int64_t positions = saturatedProduct(
      {image[2] + padding[0] + padding[2], image[3] + padding[1] + padding[3]});
  if (positions > maxPositions)
    return "reads channels whose positions with padding are" +
           beyond(positions, maxPositions);
  return {};
}
