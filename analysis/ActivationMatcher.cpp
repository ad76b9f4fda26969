// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Recognises activations. An importer writes one as a single elementwise
// operation or as several with intermediate images, so their bodies are read as
// one expression: an argument of a body stands for what the operation before
// yields. An activation propagates NaN, in every kernel, so what gives a number
// for NaN is none.

#include "analysis/ActivationMatcher.h"

#include "analysis/LinalgMatchers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace patternc;

/// The number that is constant, which may be rounded in the body.
static std::optional<float> constantOf(Value value) {
  if (auto truncation = value.getDefiningOp<arith::TruncFOp>())
    value = truncation.getIn();
  FloatAttr attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  return attribute.getValueAsDouble();
}

static bool isConstant(Value value, float constant) {
  return constantOf(value) == constant;
}

/// Whether `scale` is 1/6, which may be rounded to `type` in the body.
static bool isSixth(float scale, Type type) {
  FloatAttr rounded = FloatAttr::get(type, 1.0 / 6);
  return scale == 1.0f / 6 || scale == rounded.getValueAsDouble();
}

/// Operations on images, and in a product, of the longest activation.
static constexpr unsigned maxOperations = 16;

namespace {

/// What a clamp gives where its argument is NaN.
enum class WhereNaN { IsNaN, IsAnything };

/// Reads the expression behind one elementwise operation. The values that its
/// methods take and return are resolved, and null where nothing matches.
class ActivationMatcher {
public:
  explicit ActivationMatcher(linalg::GenericOp last) : last(last) {}

  MatchedActivation match() {
    if (!isElementwise(last, last.getNumDpsInputs()))
      return {};
    MatchedActivation result = matchExpression(resolveResult(last));
    // Only an image is behind all operations.
    if (visited.size() > maxOperations || !result.image ||
        !isa<RankedTensorType>(result.image.getType()) ||
        !isUsedHereOnly(result.image))
      return {};
    return result;
  }

private:
  Value resolveResult(linalg::GenericOp op) {
    visited.insert(op);
    return resolve(op.getBody()->getTerminator()->getOperand(0));
  }

  /// What computes a value of a body: an operation of this body or of one
  /// before, or else an image.
  Value resolve(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    auto op = argument ? dyn_cast_or_null<linalg::GenericOp>(
                             argument.getOwner()->getParentOp())
                       : nullptr;
    if (!op || !visited.contains(op))
      return value;
    Value image = op.getDpsInputOperand(argument.getArgNumber())->get();
    auto producer = image.getDefiningOp<linalg::GenericOp>();
    return producer && visited.size() <= maxOperations &&
                   isElementwise(producer, producer.getNumDpsInputs())
               ? resolveResult(producer)
               : image;
  }

  /// Whether `image` and what is computed from it leave the expression by its
  /// result only.
  bool isUsedHereOnly(Value image) const {
    auto isUsedHere = [&](Value value) {
      return llvm::all_of(value.getUsers(), [&](Operation *user) {
        return visited.contains(user);
      });
    };
    return isUsedHere(image) && llvm::all_of(visited, [&](Operation *op) {
             return op == last || isUsedHere(op->getResult(0));
           });
  }

  MatchedActivation matchExpression(Value y) {
    if (Value x = matchRelu6(y))
      return {Activation::Relu6, x};
    if (Value x = matchClamp<arith::MaximumFOp>(y, 0))
      return {Activation::Relu, x};
    Product product;
    if (!collectFactors(y, product))
      return {};
    ArrayRef<Value> factors = product.factors, divisors = product.divisors;
    if (isSixth(product.scale, y.getType()) && factors.size() == 2 &&
        divisors.empty())
      for (auto [x, gate] : {std::pair(factors[0], factors[1]),
                             std::pair(factors[1], factors[0])})
        // Where x is NaN the product is, whatever the gate.
        if (Value sum = matchRelu6(gate, WhereNaN::IsAnything);
            sum && matchSum(sum, 3) == x)
          return {Activation::HardSwish, x};
    if (product.scale == 1 && factors.size() == 1 && divisors.size() == 1 &&
        matchSigmoidDivisor(divisors[0]) == factors[0])
      return {Activation::Silu, factors[0]};
    return {};
  }

  /// If `value` is min(max(x, 0), 6), in either order, returns x.
  Value matchRelu6(Value value, WhereNaN whereNaN = WhereNaN::IsNaN) {
    if (Value inner = matchClamp<arith::MinimumFOp>(value, 6, whereNaN))
      return matchClamp<arith::MaximumFOp>(inner, 0, whereNaN);
    Value inner = matchClamp<arith::MaximumFOp>(value, 0, whereNaN);
    return inner ? matchClamp<arith::MinimumFOp>(inner, 6, whereNaN) : Value();
  }

  /// If `value` is max(x, bound) or min(x, bound), whichever `ClampOp` says,
  /// returns x. `value` may also be a comparison and a select in any of their
  /// mirrored forms.
  template <typename ClampOp>
  Value matchClamp(Value value, float bound,
                   WhereNaN whereNaN = WhereNaN::IsNaN) {
    if (auto clamp = value.getDefiningOp<ClampOp>())
      return takeOther(clamp, bound);
    auto select = value.getDefiningOp<arith::SelectOp>();
    auto compare =
        select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : nullptr;
    Value x = compare ? takeOther(compare, bound) : Value();
    if (!x)
      return {};
    using Predicate = arith::CmpFPredicate;
    bool greater = llvm::is_contained(
        {Predicate::OGT, Predicate::UGT, Predicate::OGE, Predicate::UGE},
        compare.getPredicate());
    bool less = llvm::is_contained(
        {Predicate::OLT, Predicate::ULT, Predicate::OLE, Predicate::ULE},
        compare.getPredicate());
    // Either of the two mirrors the comparison.
    if (isConstant(compare.getLhs(), bound) !=
        std::is_same_v<ClampOp, arith::MinimumFOp>)
      std::swap(greater, less);
    auto isSelect = [&](Value kept, Value otherwise) {
      return resolve(kept) == x && isConstant(otherwise, bound);
    };
    Value whenTrue = select.getTrueValue(), whenFalse = select.getFalseValue();
    bool isClamp = (greater && isSelect(whenTrue, whenFalse)) ||
                   (less && isSelect(whenFalse, whenTrue));
    // An unordered comparison is true for NaN, and an ordered one is false.
    bool isUnordered = llvm::is_contained(
        {Predicate::UGT, Predicate::UGE, Predicate::ULT, Predicate::ULE},
        compare.getPredicate());
    bool keepsNaN = isUnordered == greater;
    return isClamp && (keepsNaN || whereNaN == WhereNaN::IsAnything) ? x
                                                                     : Value();
  }

  /// If `value` is x + constant, returns x.
  Value matchSum(Value value, float constant) {
    auto add = value.getDefiningOp<arith::AddFOp>();
    return add ? takeOther(add, constant) : Value();
  }

  /// If `value` is 1 + exp(-x), returns x.
  Value matchSigmoidDivisor(Value value) {
    Value power = matchSum(value, 1);
    auto exp = power ? power.getDefiningOp<math::ExpOp>() : nullptr;
    auto negation =
        exp ? resolve(exp.getOperand()).getDefiningOp<arith::NegFOp>()
            : nullptr;
    return negation ? resolve(negation.getOperand()) : Value();
  }

  /// Of the two operands of `op`, the one beside a constant.
  Value takeOther(Operation *op, float constant) {
    Value lhs = op->getOperand(0), rhs = op->getOperand(1);
    return isConstant(rhs, constant)   ? resolve(lhs)
           : isConstant(lhs, constant) ? resolve(rhs)
                                       : Value();
  }

  /// scale · Π factors / Π divisors: one form for products and quotients in any
  /// order. They round differently, by less than an activation may be off.
  struct Product {
    float scale = 1;
    unsigned operations = 0;
    SmallVector<Value, 2> factors, divisors;
  };

  /// Multiplies `product` by `value`, or divides it. Fails where there are more
  /// factors than any activation has.
  bool collectFactors(Value value, Product &product, bool divides = false) {
    if (++product.operations > maxOperations)
      return false;
    auto both = [&](Operation *op, bool rhsDivides) {
      return collectFactors(resolve(op->getOperand(0)), product, divides) &&
             collectFactors(resolve(op->getOperand(1)), product, rhsDivides);
    };
    if (auto multiply = value.getDefiningOp<arith::MulFOp>())
      return both(multiply, divides);
    if (auto divide = value.getDefiningOp<arith::DivFOp>())
      return both(divide, !divides);
    if (std::optional<float> constant = constantOf(value)) {
      product.scale *= divides ? 1 / *constant : *constant;
      return true;
    }
    (divides ? product.divisors : product.factors).push_back(value);
    return product.factors.size() + product.divisors.size() <= 2;
  }

  linalg::GenericOp last;
  llvm::SmallPtrSet<Operation *, 8> visited;
};

} // namespace

MatchedActivation patternc::matchActivation(linalg::GenericOp last) {
  return ActivationMatcher(last).match();
}
