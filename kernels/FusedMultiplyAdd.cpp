// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Vectors are of processors, which have the instruction. Of scalars IREE 3.13's
// interpreter rounds twice, and so may a Vulkan driver; there it is made of
// operations that round once each, as in [Boldo, Melquiond: Emulation of a FMA
// and Correctly Rounded Sums, 2008].

#include "kernels/FusedMultiplyAdd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

namespace {

/// Arithmetic of which no compiler makes another. The interpreter and drivers
/// take (x + y) - x for y, and drivers fuse products into sums; so each result
/// goes through an exclusive or with a zero that they do not know.
class SeparateOperations {
public:
  SeparateOperations(ImplicitLocOpBuilder &b, Value loaded) : b(b) {
    Value isOneNan =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, bitsOf(loaded),
                              constant(std::numeric_limits<int32_t>::max()));
    zero = arith::ExtUIOp::create(b, b.getI32Type(), isOneNan);
  }

  Value multiplyAdd(Value x, Value y, Value z) {
    auto [product, lost] = multiplyExactly(x, y);
    auto [low, lowest] = addExactly(opaque(z), lost);
    auto [sum, rest] = addExactly(product, low);
    return add(sum, addToOdd(lowest, rest));
  }

private:
  Value constant(int32_t number) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(number));
  }
  Value bitsOf(Value x) {
    return arith::BitcastOp::create(b, b.getI32Type(), x);
  }
  Value floatOf(Value bits) {
    return arith::BitcastOp::create(b, b.getF32Type(), bits);
  }
  Value opaque(Value x) {
    return floatOf(arith::XOrIOp::create(b, bitsOf(x), zero));
  }

  Value add(Value x, Value y) { return opaque(arith::AddFOp::create(b, x, y)); }
  Value sub(Value x, Value y) { return opaque(arith::SubFOp::create(b, x, y)); }
  Value mul(Value x, Value y) { return opaque(arith::MulFOp::create(b, x, y)); }

  /// The sum, and what its rounding lost (Knuth).
  std::pair<Value, Value> addExactly(Value x, Value y) {
    Value sum = add(x, y), ofY = sub(sum, x), ofX = sub(sum, ofY);
    return {sum, add(sub(x, ofX), sub(y, ofY))};
  }

  /// The first 12 bits of 24, and the others.
  std::pair<Value, Value> split(Value x) {
    Value head = floatOf(arith::AndIOp::create(b, bitsOf(x), constant(-4096)));
    return {head, sub(x, head)};
  }

  /// The product, and what its rounding lost (Dekker).
  std::pair<Value, Value> multiplyExactly(Value x, Value y) {
    Value product = mul(x, y);
    auto [xHead, xTail] = split(x);
    auto [yHead, yTail] = split(y);
    Value lost = sub(mul(xHead, yHead), product);
    lost = add(lost, mul(xHead, yTail));
    lost = add(lost, mul(xTail, yHead));
    return {product, add(lost, mul(xTail, yTail))};
  }

  /// The sum; of the two floats beside one that is not exact, the one with an
  /// odd last bit, so that another rounding sees that something was lost.
  Value addToOdd(Value x, Value y) {
    auto [sum, lost] = addExactly(x, y);
    Value bits = bitsOf(sum);
    Value isExact = arith::CmpFOp::create(
        b, arith::CmpFPredicate::OEQ, lost,
        arith::ConstantOp::create(b, b.getF32FloatAttr(0)));
    // Of other signs, the exact sum is nearer to zero.
    Value isNearer = arith::ShRUIOp::create(
        b, arith::XOrIOp::create(b, bits, bitsOf(lost)), constant(31));
    Value odd = arith::OrIOp::create(
        b, arith::SubIOp::create(b, bits, isNearer), constant(1));
    return floatOf(arith::SelectOp::create(b, isExact, bits, odd));
  }

  ImplicitLocOpBuilder &b;
  Value zero;
};

} // namespace

Value patternc::fusedMultiplyAdd(ImplicitLocOpBuilder &b, Value x, Value y,
                                 Value z, Value loaded) {
  if (isa<VectorType>(x.getType()))
    return vector::FMAOp::create(b, x, y, z);
  return SeparateOperations(b, loaded).multiplyAdd(x, y, z);
}
