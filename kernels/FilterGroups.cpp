// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/FilterGroups.h"

#include "kernels/IndexArithmetic.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

std::optional<StoredNumbers> patternc::distancesOf(const FkwIndices &indices) {
  StoredNumbers distances;
  distances.bits = 8;
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i) {
    int32_t before = 0;
    for (int32_t k = indices.offset[i]; k < indices.offset[i + 1]; ++k) {
      int32_t distance = indices.index[k] - before;
      if (!llvm::isUInt<8>(distance))
        return std::nullopt;
      distances.values.push_back(distance);
      before = indices.index[k];
    }
  }
  return distances;
}

/// On the CPU only: IREE loads words of 32 bits on Vulkan, also the one that
/// reaches beyond the end of an odd number of them, and extends their sign on
/// vmvx.
StoredNumbers FilterGroups::inFewBits(SmallVector<int32_t, 0> values) const {
  if (kernel.target.isCpu())
    return StoredNumbers::inFewBits(std::move(values));
  return {std::move(values)};
}

StoredNumbers FilterGroups::descriptorsOf(const FkwIndices &indices) const {
  int64_t patterns = kernel.patterns().getNumPatterns();
  SmallVector<int32_t, 0> descriptors;
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int64_t p = 0; p < patterns; ++p)
      for (int32_t k = indices.patternOffset[i * (patterns + 1) + p];
           k < indices.patternOffset[i * (patterns + 1) + p + 1]; ++k)
        descriptors.push_back(
            indices.index[indices.offset[i] + k] << patternBits() | p);
  return inFewBits(std::move(descriptors));
}

LogicalResult FilterGroups::addArrays(FkwIndices indices,
                                      KernelOperands &operands,
                                      std::string &reason) const {
  if (!llvm::isInt<32>(kernel.geometry.channels << patternBits())) {
    reason = llvm::formatv("it has {0} channels and {1} patterns, more than 32 "
                           "bits can number",
                           kernel.geometry.channels,
                           kernel.patterns().getNumPatterns());
    return failure();
  }
  StoredNumbers descriptors;
  if (storesDistances()) {
    std::optional<StoredNumbers> distances = distancesOf(indices);
    if (!distances) {
      reason = "a distance between its channels takes more than a byte";
      return failure();
    }
    descriptors = std::move(*distances);
  } else {
    descriptors = descriptorsOf(indices);
  }
  operands.push_back(
      KernelArray{kernel.arrayName(".kernels"), std::move(descriptors)});
  operands.push_back(KernelArray{"", inFewBits(std::move(indices.offset))});
  operands.push_back(KernelArray{"", inFewBits(std::move(indices.reorder))});
  if (offsets == TapOffsets::Table) {
    StoredNumbers table;
    for (int32_t position : kernel.patterns().getPositions())
      table.values.push_back(
          kernel.geometry.tapOffset(position, kernel.planes));
    operands.push_back(KernelArray{"", std::move(table)});
  }
  return success();
}

void FilterGroups::bind(BufferCursor &buffers) {
  descriptors = buffers.take();
  offset = buffers.take();
  reorder = buffers.take();
  taps = offsets == TapOffsets::Table ? buffers.take() : Value();
}

std::pair<Value, Value> FilterGroups::groupOf(ImplicitLocOpBuilder &b,
                                              Value i) const {
  IndexArithmetic index(b);
  int64_t parts = kernel.group() / filters;
  return {index.div(i, parts), index.mul(index.rem(i, parts), filters)};
}

KernelReads FilterGroups::read(ImplicitLocOpBuilder &b, Value k) const {
  IndexArithmetic index(b);
  Value descriptor = index.load(descriptors, k);
  int64_t planeSize = kernel.planes.getPlaneSize();
  if (taps) {
    int64_t patterns = int64_t(1) << patternBits();
    Value firstTap = index.mul(index.rem(descriptor, patterns), kernel.taps());
    return {index.mul(index.div(descriptor, patterns), planeSize),
            [&b, taps = taps, firstTap](Value entry) {
              IndexArithmetic index(b);
              return index.load(taps, index.add(firstTap, entry));
            }};
  }
  return {index.mul(descriptor, planeSize), [&b, this](Value entry) {
            APInt constant;
            bool isConstant = matchPattern(entry, m_ConstantInt(&constant));
            assert(isConstant && "taps in the code are written out");
            (void)isConstant;
            int32_t position =
                kernel.patterns().getPattern(0)[constant.getZExtValue()];
            return IndexArithmetic(b).constant(
                kernel.geometry.tapOffset(position, kernel.planes));
          }};
}
