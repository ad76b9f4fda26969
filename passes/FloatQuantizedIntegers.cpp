// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Holds quantised integers in f32. Precondition: linalg on tensors.
// Postcondition: what quantises to bytes by one elementwise operation and is
// dequantised by another has f32 between them, as PyTorch's front end writes
// it, and is the same to the bit. Refuses nothing; leaves bytes alone that
// something else computes with.

#include "analysis/LinalgMatchers.h"
#include "analysis/QuantizationMatcher.h"
#include "analysis/Reachability.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_FLOATQUANTIZEDINTEGERSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// Of a zero point: the difference fits the 16 bits in which importers
/// subtract, and is exact in f32.
static constexpr unsigned maxBits = 10;

namespace {

/// Where a body makes f32 of a byte, less a constant: `sitofp(extui(%in) −
/// 128)`.
struct Conversion {
  Operation *toFloat;
  int64_t subtracted;
};

class FloatQuantizedIntegers
    : public patternc::impl::FloatQuantizedIntegersPassBase<
          FloatQuantizedIntegers> {
public:
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto &dominance = getAnalysis<DominanceInfo>();
    SmallVector<linalg::GenericOp> quantisations;
    module.walk([&](linalg::GenericOp op) {
      if (isElementwise(op, 1) && hasStaticTensors(op) &&
          conversionToBytes(op) && isReachable(op, dominance))
        quantisations.push_back(op);
    });
    int64_t tensors = 0;
    for (linalg::GenericOp op : quantisations)
      tensors += holdInFloats(op);
    remarkStatistics(*this, module, {{"tensors", tensors}});
  }

private:
  /// What makes bytes of the f32 that a body computes, or null.
  static Operation *conversionToBytes(linalg::GenericOp op) {
    Value yielded = op.getBody()->getTerminator()->getOperand(0);
    Operation *conversion = yielded.getDefiningOp();
    bool isConversion =
        isa_and_nonnull<arith::FPToUIOp, arith::FPToSIOp>(conversion) &&
        conversion->getBlock() == op.getBody() &&
        yielded.getType().isSignlessInteger(8) &&
        conversion->getOperand(0).getType().isF32();
    return isConversion ? conversion : nullptr;
  }

  /// Gives the readers of a quantised tensor that dequantise it the whole
  /// numbers in f32; whether there are any.
  static bool holdInFloats(linalg::GenericOp op) {
    Operation *conversion = conversionToBytes(op);
    bool isSigned = isa<arith::FPToSIOp>(conversion);
    SmallVector<std::pair<OpOperand *, SmallVector<Conversion>>> readers;
    for (OpOperand &use : op->getResult(0).getUses())
      if (auto conversions = conversionsOf(use, isSigned))
        readers.push_back({&use, *conversions});
    if (readers.empty())
      return false;

    ImplicitLocOpBuilder b(op.getLoc(), op);
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Value init = tensor::EmptyOp::create(b, type.getShape(), b.getF32Type());
    IRMapping mapping;
    auto numbers = cast<linalg::GenericOp>(b.clone(*op, mapping));
    numbers.getOutputsMutable().assign(init);
    numbers->getResult(0).setType(init.getType());
    Block *body = numbers.getBody();
    body->getArguments().back().setType(b.getF32Type());
    Operation *copied = mapping.lookup(conversion);
    body->getTerminator()->setOperand(0, copied->getOperand(0));
    copied->erase();
    auto quantized = matchQuantized(numbers.getResult(0));
    int64_t least = isSigned ? -128 : 0;
    if (!quantized || quantized->low < least || quantized->high > least + 255) {
      numbers.erase(); // of others the conversion may be more than that
      init.getDefiningOp()->erase();
      return false;
    }
    for (auto &[use, conversions] : readers)
      read(*use, conversions, numbers.getResult(0));
    if (op->use_empty())
      op.erase();
    return true;
  }

  /// How a body makes f32 of the bytes of an operand, if it does nothing else
  /// with them.
  static std::optional<SmallVector<Conversion>> conversionsOf(OpOperand &use,
                                                              bool isSigned) {
    auto op = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!op || !op.isDpsInput(&use) || op->getNumResults() != 1 ||
        !op.hasPureTensorSemantics())
      return std::nullopt;
    SmallVector<Conversion> conversions;
    auto isToFloat = [&](Operation *user, bool ofSigned) {
      return (ofSigned ? isa<arith::SIToFPOp>(user)
                       : isa<arith::UIToFPOp>(user)) &&
             user->getResult(0).getType().isF32();
    };
    for (Operation *user : op.getMatchingBlockArgument(&use).getUsers()) {
      if (isToFloat(user, isSigned)) {
        conversions.push_back({user, 0});
        continue;
      }
      bool extends =
          isSigned ? isa<arith::ExtSIOp>(user) : isa<arith::ExtUIOp>(user);
      if (!extends || user->use_empty())
        return std::nullopt;
      for (Operation *reader : user->getUsers()) {
        // What is wider than a byte has a sign, whatever bytes have.
        if (isToFloat(reader, /*ofSigned=*/true)) {
          conversions.push_back({reader, 0});
          continue;
        }
        auto difference = dyn_cast<arith::SubIOp>(reader);
        APInt constant;
        if (!difference || difference.getLhs() != user->getResult(0) ||
            !matchPattern(difference.getRhs(), m_ConstantInt(&constant)) ||
            !constant.isSignedIntN(maxBits) ||
            difference.getType().getIntOrFloatBitWidth() < 16 ||
            difference->use_empty())
          return std::nullopt;
        for (Operation *last : difference->getUsers()) {
          if (!isToFloat(last, /*ofSigned=*/true))
            return std::nullopt;
          conversions.push_back({last, constant.getSExtValue()});
        }
      }
    }
    return conversions;
  }

  /// Lets a body read `numbers` instead of bytes.
  static void read(OpOperand &use, ArrayRef<Conversion> conversions,
                   Value numbers) {
    auto op = cast<linalg::GenericOp>(use.getOwner());
    BlockArgument argument = op.getMatchingBlockArgument(&use);
    Block *body = op.getBody();
    BlockArgument number =
        body->insertArgument(argument.getArgNumber(),
                             getElementTypeOrSelf(numbers), argument.getLoc());
    for (const Conversion &conversion : conversions) {
      ImplicitLocOpBuilder b(conversion.toFloat->getLoc(), conversion.toFloat);
      Value result = number;
      if (conversion.subtracted)
        result = arith::SubFOp::create(
            b, number,
            arith::ConstantOp::create(
                b, b.getF32FloatAttr(conversion.subtracted)));
      conversion.toFloat->getResult(0).replaceAllUsesWith(result);
      // With what only led to it.
      Operation *dead = conversion.toFloat;
      while (dead && dead->use_empty()) {
        Value before = dead->getOperand(0);
        dead->erase();
        dead = before.getDefiningOp();
      }
    }
    use.set(numbers);
    body->eraseArgument(argument.getArgNumber());
  }
};

} // namespace
