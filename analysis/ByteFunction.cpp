// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/ByteFunction.h"

#include "analysis/ConstantEvaluator.h"
#include "analysis/LinalgMatchers.h"
#include "analysis/QuantizationMatcher.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <numeric>

using namespace mlir;
using namespace patternc;

/// Operations of the longest function: GELU has a dozen, and its argument and
/// result are quantised by a few.
static constexpr unsigned maxOperations = 64;
static constexpr int64_t numBytes = 256;

/// Appends the operations that compute `value` of bytes, from those on that
/// make numbers of them; `depth` operations are behind it.
static bool collect(Value value, ByteFunction &function, unsigned depth = 0) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || depth == maxOperations || op->getNumResults() != 1 ||
      !isElementwise(op, op.getNumDpsInputs()) || op.hasIndexSemantics())
    return false;
  if (function.operations.contains(op))
    return true;
  if (auto from = matchFromBytes(value)) {
    if (function.bytes &&
        (function.bytes != from->bytes || function.isSigned != from->isSigned))
      return false;
    function.bytes = from->bytes;
    function.isSigned = from->isSigned;
  } else if (op.getNumDpsInputs() == 0 ||
             !llvm::all_of(op.getInputs(), [&](Value input) {
               return collect(input, function, depth + 1);
             })) {
    return false;
  }
  return function.operations.insert(op) &&
         function.operations.size() <= maxOperations;
}

std::optional<ByteFunction> patternc::findByteFunction(Value result) {
  ByteFunction function;
  if (!getElementTypeOrSelf(result.getType()).isF32() ||
      !collect(result, function))
    return std::nullopt;
  return function;
}

/// The same of a tensor of `numBytes` elements, which `values` has for those
/// that `op` reads.
static Value cloneForBytes(ImplicitLocOpBuilder &b, linalg::GenericOp op,
                           const IRMapping &values) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  auto type = RankedTensorType::get(numBytes, element);
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(values.lookup(input));
  Value init = tensor::EmptyOp::create(b, type.getShape(), element);
  SmallVector<AffineMap> maps(inputs.size() + 1,
                              b.getMultiDimIdentityMap(/*rank=*/1));
  auto copy = linalg::GenericOp::create(b, type, inputs, init, maps,
                                        utils::IteratorType::parallel);
  IRMapping mapping;
  op.getRegion().cloneInto(&copy.getRegion(), mapping);
  return copy.getResult(0);
}

std::optional<SmallVector<float>> ByteFunction::evaluate() const {
  // The operations are for a tensor of another shape, so that they are copied
  // to a block of their own.
  Block scratch;
  ImplicitLocOpBuilder b(bytes.getLoc(), bytes.getContext());
  b.setInsertionPointToStart(&scratch);
  SmallVector<int8_t> all(numBytes);
  std::iota(all.begin(), all.end(), 0);
  IRMapping values;
  values.map(bytes, arith::ConstantOp::create(
                        b, DenseElementsAttr::get(
                               RankedTensorType::get(numBytes, b.getI8Type()),
                               ArrayRef(all))));
  for (Operation *op : operations)
    values.map(op->getResult(0),
               cloneForBytes(b, cast<linalg::GenericOp>(op), values));
  std::optional<ConstantTensor> result = ConstantEvaluator().evaluate(
      values.lookup(operations.back()->getResult(0)));
  if (!result)
    return std::nullopt;
  SmallVector<int64_t> places(numBytes);
  std::iota(places.begin(), places.end(), 0);
  Column column = result->read(places);
  auto *numbers = std::get_if<Column::Floats>(&column.numbers);
  if (!numbers)
    return std::nullopt;
  return llvm::to_vector(*numbers);
}
