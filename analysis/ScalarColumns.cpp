// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// An interpreter of scalar operations that takes each for many elements at
// once, so that weights of millions of elements take no longer than to read
// them a few times.

#include "analysis/ScalarColumns.h"

#include "dialect/Float16.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace patternc;

size_t Column::size() const {
  return std::visit([](const auto &numbers) { return numbers.size(); },
                    numbers);
}

unsigned patternc::columnBits(Type type) {
  if (type.isF16() || type.isF32() || type.isF64())
    return type.getIntOrFloatBitWidth();
  if (type.isIndex())
    return 64;
  for (unsigned bits : {1, 8, 16, 32, 64})
    if (type.isSignlessInteger(bits))
      return bits;
  return 0;
}

std::optional<Column> patternc::columnOf(Attribute constant, size_t size) {
  auto typed = dyn_cast<TypedAttr>(constant);
  if (!typed || !columnBits(typed.getType()))
    return std::nullopt;
  Type type = typed.getType();
  if (auto number = dyn_cast<FloatAttr>(constant)) {
    if (type.isF64())
      return Column{type, Column::Doubles(size, number.getValueAsDouble())};
    return Column{type, Column::Floats(size, static_cast<float>(
                                                 number.getValueAsDouble()))};
  }
  if (auto number = dyn_cast<IntegerAttr>(constant))
    return Column{type,
                  Column::Integers(size, number.getValue().getSExtValue())};
  return std::nullopt;
}

Column patternc::widened(Column column) {
  if (isa<FloatType>(column.type))
    column.type = Float64Type::get(column.type.getContext());
  if (auto *floats = std::get_if<Column::Floats>(&column.numbers))
    column.numbers = Column::Doubles(floats->begin(), floats->end());
  return column;
}

/// A result of type `type` before it is rounded to it.
static std::optional<Column> result(Type type, Column::Floats numbers) {
  if (type.isF16())
    for (float &number : numbers)
      number = widenHalf(roundToHalf(number));
  return Column{type, std::move(numbers)};
}
static std::optional<Column> result(Type type, Column::Doubles numbers) {
  return Column{type, std::move(numbers)};
}
static std::optional<Column> result(Type type, Column::Integers numbers) {
  for (int64_t &number : numbers)
    number = llvm::SignExtend64(number, columnBits(type));
  return Column{type, std::move(numbers)};
}

/// The bits of an integer of `bits`, without its sign.
static uint64_t unsignedOf(int64_t number, unsigned bits) {
  return static_cast<uint64_t>(number) & llvm::maskTrailingOnes<uint64_t>(bits);
}

/// IEEE 754 maximum, which keeps NaN, and of zeros the positive one.
template <typename T> static T maximum(T a, T b) {
  if (std::isnan(a) || std::isnan(b))
    return a + b;
  return a > b || (a == b && !std::signbit(a)) ? a : b;
}

static bool compare(arith::CmpFPredicate predicate, double a, double b) {
  bool isUnordered = std::isnan(a) || std::isnan(b);
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::AlwaysTrue:
    return true;
  case P::ORD:
    return !isUnordered;
  case P::UNO:
    return isUnordered;
  case P::OEQ:
    return a == b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::ONE:
    return !isUnordered && a != b;
  case P::UEQ:
    return isUnordered || a == b;
  case P::UGT:
    return !(a <= b);
  case P::UGE:
    return !(a < b);
  case P::ULT:
    return !(a >= b);
  case P::ULE:
    return !(a > b);
  case P::UNE:
    return a != b;
  }
  llvm_unreachable("predicate");
}

namespace {

/// One operation on columns.
class Computation {
public:
  Computation(ArrayRef<const Column *> operands, Type type)
      : operands(operands), type(type) {}

  std::optional<Column> run(Operation *op);

private:
  template <typename Numbers> const Numbers *in(unsigned i) const {
    return i < operands.size() ? std::get_if<Numbers>(&operands[i]->numbers)
                               : nullptr;
  }

  /// `f` of each, or nothing if the operands are not of `Numbers`.
  template <typename Numbers, typename F>
  std::optional<Column> each(F f) const {
    using T = typename Numbers::value_type;
    const Numbers *x = in<Numbers>(0), *y = in<Numbers>(1), *z = in<Numbers>(2);
    Numbers numbers;
    if constexpr (std::is_invocable_v<F, T>) {
      if (operands.size() != 1 || !x)
        return std::nullopt;
      for (T number : *x)
        numbers.push_back(f(number));
    } else if constexpr (std::is_invocable_v<F, T, T>) {
      if (operands.size() != 2 || !x || !y)
        return std::nullopt;
      for (auto [a, b] : llvm::zip_equal(*x, *y))
        numbers.push_back(f(a, b));
    } else {
      if (operands.size() != 3 || !x || !y || !z)
        return std::nullopt;
      for (auto [a, b, c] : llvm::zip_equal(*x, *y, *z))
        numbers.push_back(f(a, b, c));
    }
    return result(type, std::move(numbers));
  }

  template <typename F> std::optional<Column> floats(F f) const {
    std::optional<Column> column = each<Column::Floats>(f);
    return column ? column : each<Column::Doubles>(f);
  }

  template <typename F> std::optional<Column> integers(F f) const {
    return each<Column::Integers>(f);
  }

  template <typename F> std::optional<Column> unsignedIntegers(F f) const {
    return integers([this, f](int64_t a, int64_t b) -> int64_t {
      return f(unsignedOf(a, bits()), unsignedOf(b, bits()));
    });
  }

  /// A division, defined unless it is by zero or overflows.
  template <typename F> std::optional<Column> quotients(F f) const {
    const auto *x = in<Column::Integers>(0), *y = in<Column::Integers>(1);
    if (!x || !y)
      return std::nullopt;
    for (auto [a, b] : llvm::zip_equal(*x, *y))
      if (b == 0 || (b == -1 && a == llvm::minIntN(bits())))
        return std::nullopt;
    return integers(f);
  }

  template <typename F> std::optional<Column> shifts(F f) const {
    const auto *by = in<Column::Integers>(1);
    if (!by || llvm::any_of(*by, [this](int64_t n) {
          return unsignedOf(n, bits()) >= bits();
        }))
      return std::nullopt;
    return integers(f);
  }

  /// `f` of numbers of any kind, each as another.
  template <typename To, typename F> std::optional<Column> convert(F f) const {
    if (operands.size() != 1)
      return std::nullopt;
    To numbers;
    std::visit(
        [&](const auto &from) {
          for (auto number : from)
            numbers.push_back(static_cast<typename To::value_type>(f(number)));
        },
        operands[0]->numbers);
    return result(type, std::move(numbers));
  }

  template <typename F> std::optional<Column> toFloats(F f) const {
    return type.isF64() ? convert<Column::Doubles>(f)
                        : convert<Column::Floats>(f);
  }

  std::optional<Column> toFloats() const {
    return toFloats([](auto number) { return number; });
  }

  std::optional<Column> toIntegers() const {
    return convert<Column::Integers>([](auto number) { return number; });
  }

  /// Defined for what fits, rounded towards zero.
  std::optional<Column> truncate(double low, double high) const {
    bool fits = std::visit(
        [&](const auto &numbers) {
          return llvm::all_of(numbers, [&](auto number) {
            double whole = std::trunc(static_cast<double>(number));
            return whole >= low && whole < high;
          });
        },
        operands[0]->numbers);
    if (!fits)
      return std::nullopt;
    return convert<Column::Integers>([](auto number) {
      // Of two's complement, the numbers of 64 bits beyond the largest.
      return number < 0x1p63
                 ? static_cast<int64_t>(number)
                 : static_cast<int64_t>(static_cast<uint64_t>(number));
    });
  }

  std::optional<Column> compareFloats(arith::CmpFPredicate predicate) const {
    Column::Integers numbers;
    auto add = [&](const auto *x, const auto *y) {
      for (auto [a, b] : llvm::zip_equal(*x, *y))
        numbers.push_back(compare(predicate, a, b));
    };
    if (in<Column::Floats>(0) && in<Column::Floats>(1))
      add(in<Column::Floats>(0), in<Column::Floats>(1));
    else if (in<Column::Doubles>(0) && in<Column::Doubles>(1))
      add(in<Column::Doubles>(0), in<Column::Doubles>(1));
    else
      return std::nullopt;
    return result(type, std::move(numbers));
  }

  std::optional<Column> select() const {
    const auto *which = in<Column::Integers>(0);
    if (!which || operands.size() != 3)
      return std::nullopt;
    return std::visit(
        [&](const auto &chosen) -> std::optional<Column> {
          using Numbers = std::decay_t<decltype(chosen)>;
          const Numbers *other = in<Numbers>(2);
          if (!other)
            return std::nullopt;
          Numbers numbers;
          for (auto [first, a, b] : llvm::zip_equal(*which, chosen, *other))
            numbers.push_back(first ? a : b);
          return result(type, std::move(numbers));
        },
        operands[1]->numbers);
  }

  std::optional<Column> powers() const {
    const auto *exponents = in<Column::Integers>(1);
    if (!exponents)
      return std::nullopt;
    return std::visit(
        [&](const auto &bases) -> std::optional<Column> {
          std::decay_t<decltype(bases)> numbers;
          for (auto [base, exponent] : llvm::zip_equal(bases, *exponents))
            numbers.push_back(std::pow(static_cast<double>(base),
                                       static_cast<double>(exponent)));
          return result(type, std::move(numbers));
        },
        operands[0]->numbers);
  }

  /// Of the first operand; of a comparison the result has 1.
  unsigned bits() const { return columnBits(operands[0]->type); }

  ArrayRef<const Column *> operands;
  Type type;
};

} // namespace

std::optional<Column> Computation::run(Operation *op) {
  using Found = std::optional<Column>;
  return TypeSwitch<Operation *, Found>(op)
      .Case([&](arith::AddFOp) {
        return floats([](auto a, auto b) { return a + b; });
      })
      .Case([&](arith::SubFOp) {
        return floats([](auto a, auto b) { return a - b; });
      })
      .Case([&](arith::MulFOp) {
        return floats([](auto a, auto b) { return a * b; });
      })
      .Case([&](arith::DivFOp) {
        return floats([](auto a, auto b) { return a / b; });
      })
      .Case([&](arith::RemFOp) {
        return floats([](auto a, auto b) { return std::fmod(a, b); });
      })
      .Case([&](arith::NegFOp) { return floats([](auto a) { return -a; }); })
      .Case([&](arith::MaximumFOp) {
        return floats([](auto a, auto b) { return maximum(a, b); });
      })
      .Case([&](arith::MinimumFOp) {
        return floats([](auto a, auto b) { return -maximum(-a, -b); });
      })
      .Case([&](arith::MaxNumFOp) {
        return floats([](auto a, auto b) { return std::fmax(a, b); });
      })
      .Case([&](arith::MinNumFOp) {
        return floats([](auto a, auto b) { return std::fmin(a, b); });
      })
      .Case([&](math::AbsFOp) {
        return floats([](auto a) { return std::fabs(a); });
      })
      .Case([&](math::SqrtOp) {
        return floats([](auto a) { return std::sqrt(a); });
      })
      .Case([&](math::RsqrtOp) {
        return floats([](auto a) { return 1 / std::sqrt(a); });
      })
      .Case([&](math::ExpOp) {
        return floats([](auto a) { return std::exp(a); });
      })
      .Case([&](math::Exp2Op) {
        return floats([](auto a) { return std::exp2(a); });
      })
      .Case([&](math::ExpM1Op) {
        return floats([](auto a) { return std::expm1(a); });
      })
      .Case([&](math::LogOp) {
        return floats([](auto a) { return std::log(a); });
      })
      .Case([&](math::Log2Op) {
        return floats([](auto a) { return std::log2(a); });
      })
      .Case([&](math::Log1pOp) {
        return floats([](auto a) { return std::log1p(a); });
      })
      .Case([&](math::PowFOp) {
        return floats([](auto a, auto b) { return std::pow(a, b); });
      })
      .Case([&](math::TanhOp) {
        return floats([](auto a) { return std::tanh(a); });
      })
      .Case([&](math::SinOp) {
        return floats([](auto a) { return std::sin(a); });
      })
      .Case([&](math::CosOp) {
        return floats([](auto a) { return std::cos(a); });
      })
      .Case([&](math::AtanOp) {
        return floats([](auto a) { return std::atan(a); });
      })
      .Case([&](math::ErfOp) {
        return floats([](auto a) { return std::erf(a); });
      })
      .Case([&](math::FloorOp) {
        return floats([](auto a) { return std::floor(a); });
      })
      .Case([&](math::CeilOp) {
        return floats([](auto a) { return std::ceil(a); });
      })
      .Case([&](math::TruncOp) {
        return floats([](auto a) { return std::trunc(a); });
      })
      .Case([&](math::RoundOp) {
        return floats([](auto a) { return std::round(a); });
      })
      .Case([&](math::RoundEvenOp) {
        return floats([](auto a) { return std::nearbyint(a); });
      })
      .Case([&](math::CopySignOp) {
        return floats([](auto a, auto b) { return std::copysign(a, b); });
      })
      .Case([&](math::FmaOp) {
        return floats([](auto a, auto b, auto c) { return std::fma(a, b, c); });
      })
      .Case([&](math::FPowIOp) { return powers(); })
      .Case([&](arith::AddIOp) {
        return unsignedIntegers([](uint64_t a, uint64_t b) { return a + b; });
      })
      .Case([&](arith::SubIOp) {
        return unsignedIntegers([](uint64_t a, uint64_t b) { return a - b; });
      })
      .Case([&](arith::MulIOp) {
        return unsignedIntegers([](uint64_t a, uint64_t b) { return a * b; });
      })
      .Case([&](arith::DivSIOp) {
        return quotients([](int64_t a, int64_t b) { return a / b; });
      })
      .Case([&](arith::FloorDivSIOp) {
        return quotients([](int64_t a, int64_t b) {
          return a / b - (a % b != 0 && (a < 0) != (b < 0));
        });
      })
      .Case([&](arith::RemSIOp) {
        return quotients([](int64_t a, int64_t b) { return a % b; });
      })
      .Case([&](arith::AndIOp) {
        return integers([](int64_t a, int64_t b) { return a & b; });
      })
      .Case([&](arith::OrIOp) {
        return integers([](int64_t a, int64_t b) { return a | b; });
      })
      .Case([&](arith::XOrIOp) {
        return integers([](int64_t a, int64_t b) { return a ^ b; });
      })
      .Case([&](arith::ShLIOp) {
        return shifts([](int64_t a, int64_t b) -> int64_t {
          return static_cast<uint64_t>(a) << b;
        });
      })
      .Case([&](arith::ShRSIOp) {
        return shifts([](int64_t a, int64_t b) { return a >> b; });
      })
      .Case([&](arith::MaxSIOp) {
        return integers([](int64_t a, int64_t b) { return std::max(a, b); });
      })
      .Case([&](arith::MinSIOp) {
        return integers([](int64_t a, int64_t b) { return std::min(a, b); });
      })
      .Case([&](math::AbsIOp) {
        return integers([](int64_t a) -> int64_t {
          return a < 0 ? 0 - static_cast<uint64_t>(a) : a;
        });
      })
      .Case([&](arith::CmpIOp compare) {
        arith::CmpIPredicate predicate = compare.getPredicate();
        return integers([&](int64_t a, int64_t b) -> int64_t {
          return arith::applyCmpPredicate(predicate, APInt(64, a, true),
                                          APInt(64, b, true));
        });
      })
      .Case([&](arith::CmpFOp op) { return compareFloats(op.getPredicate()); })
      .Case([&](arith::SelectOp) { return select(); })
      .Case<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp>(
          [&](Operation *) { return toFloats(); })
      .Case([&](arith::UIToFPOp) {
        return toFloats([&](auto number) {
          return unsignedOf(static_cast<int64_t>(number), bits());
        });
      })
      .Case([&](arith::FPToSIOp) {
        double beyond = std::ldexp(1.0, columnBits(type) - 1);
        return truncate(-beyond, beyond);
      })
      .Case([&](arith::FPToUIOp) {
        return truncate(0, std::ldexp(1.0, columnBits(type)));
      })
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(
          [&](Operation *) { return toIntegers(); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](Operation *) {
        return convert<Column::Integers>([&](auto number) {
          return unsignedOf(static_cast<int64_t>(number), bits());
        });
      })
      .Default([](Operation *) { return Found(); });
}

std::optional<Column>
patternc::compute(Operation *op, ArrayRef<const Column *> operands, bool wide) {
  if (op->getNumResults() != 1 || operands.empty())
    return std::nullopt;
  Type type = getElementTypeOrSelf(op->getResult(0));
  if (!columnBits(type))
    return std::nullopt;
  if (wide && isa<FloatType>(type))
    type = Float64Type::get(op->getContext());
  return Computation(operands, type).run(op);
}
