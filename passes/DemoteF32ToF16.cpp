// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Computes in f16 what is computed in f32. Operations of the dialects that
// linalg on tensors is made of change the types of their values in place; casts
// stand where a value goes from them to another operation or comes from one.
// Precondition: linalg on tensors. Postcondition: those operations have no f32.
// Refuses constant tensors that f16 cannot hold.

#include "dialect/ConstantData.h"
#include "dialect/LayerName.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

#include <cmath>

namespace patternc {
#define GEN_PASS_DEF_DEMOTEF32TOF16PASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// Numbers from here on are nearer to infinity than to the largest f16, 65504.
static constexpr float overflow = 65520;

/// The smallest number of f16 that is not zero.
static constexpr float smallest = 0x1p-24;

/// A number that is not rounded to zero unless it is. Zeros are the structure
/// of weights: none may be added.
static float awayFromZero(float number) {
  return number != 0 && std::abs(number) < smallest
             ? std::copysign(smallest, number)
             : number;
}

/// f32 or a tensor of it with f16 in its place; other types as they are.
static Type demote(Type type) {
  Type half = Float16Type::get(type.getContext());
  if (type.isF32())
    return half;
  if (auto tensor = dyn_cast<TensorType>(type);
      tensor && tensor.getElementType().isF32())
    return tensor.clone(half);
  return type;
}

static bool canDemote(Type type) { return demote(type) != type; }

/// Whether `op` can compute in f16 as it does in f32.
static bool canDemote(Operation *op) {
  if (!isa_and_nonnull<arith::ArithDialect, linalg::LinalgDialect,
                       math::MathDialect, tensor::TensorDialect>(
          op->getDialect()) ||
      isa<arith::BitcastOp, tensor::BitcastOp>(op))
    return false;
  if (isa<arith::ExtFOp, arith::TruncFOp>(op))
    return getElementTypeOrSelf(op->getOperand(0)).isF64() ||
           getElementTypeOrSelf(op->getResult(0)).isF64();
  // It writes to the argument of a block that others define.
  if (isa<tensor::ParallelInsertSliceOp>(op))
    return false;
  // Vectors and buffers stay.
  auto hasOtherF32 = [](Type type) {
    return getElementTypeOrSelf(type).isF32() && !canDemote(type);
  };
  return llvm::none_of(op->getOperandTypes(), hasOtherF32) &&
         llvm::none_of(op->getResultTypes(), hasOtherF32);
}

/// The f32 values that an operation defines: its results and the arguments of
/// its blocks.
static SmallVector<Value> valuesOf(Operation *op) {
  SmallVector<Value> values(op->getResults());
  for (Region &region : op->getRegions())
    for (Block &block : region)
      llvm::append_range(values, block.getArguments());
  llvm::erase_if(values,
                 [](Value value) { return !canDemote(value.getType()); });
  return values;
}

namespace {

class DemoteF32ToF16
    : public patternc::impl::DemoteF32ToF16PassBase<DemoteF32ToF16> {
public:
  void runOnOperation() override {
    rounded.clear();
    llvm::SetVector<Operation *> demoted;
    SmallVector<Value> halves, floats;
    WalkResult result = getOperation().walk([&](Operation *op) {
      SmallVector<Value> values = valuesOf(op);
      if (!canDemote(op)) {
        llvm::append_range(floats, values);
        return WalkResult::advance();
      }
      llvm::append_range(halves, values);
      demoted.insert(op);
      auto constant = dyn_cast<arith::ConstantOp>(op);
      return constant && !values.empty() && failed(round(constant))
                 ? WalkResult::interrupt()
                 : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();

    OpBuilder b(&getContext());
    auto castFor = [&](Value value, bool users, auto create) {
      auto reads = [&](OpOperand &use) {
        return demoted.contains(use.getOwner()) == users;
      };
      if (llvm::none_of(value.getUses(), reads))
        return;
      b.setInsertionPointAfterValue(value);
      Value cast = create(value);
      value.replaceUsesWithIf(cast, [&](OpOperand &use) {
        return use.getOwner() != cast.getDefiningOp() && reads(use);
      });
    };
    for (Value value : floats)
      castFor(value, /*users=*/true, [&](Value value) {
        return arith::TruncFOp::create(b, value.getLoc(),
                                       demote(value.getType()), value);
      });
    for (Value value : halves) {
      Type type = value.getType();
      value.setType(demote(type));
      castFor(value, /*users=*/false, [&](Value value) {
        return arith::ExtFOp::create(b, value.getLoc(), type, value);
      });
    }
    remarkStatistics(*this, getOperation(),
                     {{"demoted", static_cast<int64_t>(demoted.size())},
                      {"constants", static_cast<int64_t>(rounded.size())}});
  }

private:
  /// Rounds the value of a constant; its type follows with those of all others.
  LogicalResult round(arith::ConstantOp op) {
    Attribute &result = rounded[op.getValue()];
    if (!result)
      result = round(op, op.getValue());
    if (!result)
      return failure();
    op.setValueAttr(cast<TypedAttr>(result));
    return success();
  }

  /// Null if that cannot be done, after an error.
  static Attribute round(arith::ConstantOp op, Attribute value) {
    Type type = demote(op.getType());
    if (auto number = dyn_cast<FloatAttr>(value))
      return FloatAttr::get(type, number.getValueAsDouble());
    StringRef name = blobName(op);
    auto fits = [&](float number) {
      if (!std::isfinite(number) || std::abs(number) < overflow)
        return true;
      op.emitError(name.empty() ? "constant" : name)
          << " holds " << number
          << ", which is beyond the largest number of f16, 65504";
      return false;
    };
    if (auto splat = dyn_cast<SplatElementsAttr>(value)) {
      float number = splat.getSplatValue<float>();
      if (!fits(number))
        return {};
      return DenseElementsAttr::get(
          cast<ShapedType>(type),
          FloatAttr::get(getElementTypeOrSelf(type), awayFromZero(number)));
    }
    auto elements = dyn_cast<ElementsAttr>(value);
    auto data = elements ? ConstantData<float>::of(elements) : std::nullopt;
    if (!data) {
      op.emitError("constant has no data that can be rounded to f16");
      return {};
    }
    SmallVector<float, 0> numbers(data->elements());
    for (float &number : numbers) {
      if (!fits(number))
        return {};
      number = awayFromZero(number);
    }
    return createBlob<float>((name.empty() ? "constant" : name).str() +
                                 demotedSuffix.str(),
                             cast<RankedTensorType>(type), std::move(numbers));
  }

  llvm::DenseMap<Attribute, Attribute> rounded;
};

} // namespace
