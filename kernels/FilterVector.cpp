// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/FilterVector.h"

#include "kernels/IndexArithmetic.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

int64_t patternc::firstOfVector(int64_t group, int64_t lanes, int64_t v) {
  return std::min(v * lanes, group - lanes);
}

bool patternc::areRuns(int64_t group, int64_t lanes, ArrayRef<int32_t> order) {
  for (size_t first = 0; first < order.size(); first += group)
    for (int64_t v = 0; v * lanes < group; ++v) {
      ArrayRef<int32_t> filters =
          order.slice(first + firstOfVector(group, lanes, v), lanes);
      for (auto [i, filter] : llvm::enumerate(filters))
        if (filter != filters.front() + static_cast<int32_t>(i))
          return false;
    }
  return true;
}

static Type elementOf(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getElementType();
}

FilterVector::FilterVector(ImplicitLocOpBuilder &b, Value reorder, Value stored,
                           int64_t lanes, Stores stores)
    : b(b), lanes(lanes), stores(stores) {
  if (stores == Stores::Vectors) {
    filters = IndexArithmetic(b).load(reorder, stored);
    return;
  }
  auto type = VectorType::get(lanes, b.getI32Type());
  filters = vector::LoadOp::create(b, type.clone(elementOf(reorder)), reorder,
                                   stored);
  if (filters.getType() != type)
    filters = arith::ExtUIOp::create(b, type, filters);
}

Value FilterVector::load(Value buffer, Value base) const {
  auto type = VectorType::get(lanes, elementOf(buffer));
  if (stores == Stores::Vectors)
    return vector::LoadOp::create(b, type, buffer,
                                  IndexArithmetic(b).add(base, filters));
  Value all = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type.clone(b.getI1Type()), true));
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
  return vector::GatherOp::create(b, type, buffer, base, filters, all, none);
}

void FilterVector::store(Value value, Value buffer, Value base) const {
  if (stores == Stores::Vectors) {
    vector::StoreOp::create(b, value, buffer,
                            IndexArithmetic(b).add(base, filters));
    return;
  }
  Value all = arith::ConstantOp::create(
      b, DenseElementsAttr::get(VectorType::get(lanes, b.getI1Type()), true));
  vector::ScatterOp::create(b, /*result=*/Type(), buffer, base, filters, all,
                            value);
}
