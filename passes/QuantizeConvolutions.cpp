// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Computes in bytes what a model quantises. Precondition: convolutions and
// pooling with their epilogues, of f32, between elementwise operations that
// quantise and dequantise. Postcondition: those between which nothing else
// stands compute i8. Refuses nothing; says why a convolution is left in floats.
//
// A tensor of f32 that holds whole numbers stands between the two operations.
// Its bytes are the numbers, shifted where the target's bytes have another
// range; whoever is left in floats gets the numbers back from them.

#include "analysis/ByteFunction.h"
#include "analysis/LayerReport.h"
#include "analysis/LinalgMatchers.h"
#include "analysis/QuantizationMatcher.h"
#include "analysis/Reachability.h"
#include "analysis/WeightScales.h"
#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
#include "dialect/LayerName.h"
#include "kernels/Requantization.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

#include <cmath>

namespace patternc {
#define GEN_PASS_DEF_QUANTIZECONVOLUTIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// Moves elements and changes none: reshapes, transpositions, concatenations.
static bool isMove(Operation *op) {
  return isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
                         tensor::ConcatOp>(op);
}

/// The same move of other tensors, whose elements are `element`.
static Value moveAlike(ImplicitLocOpBuilder &b, Operation *move,
                       ValueRange operands, Type element) {
  Operation *copy = b.clone(*move);
  copy->setOperands(operands);
  auto type = cast<RankedTensorType>(move->getResult(0).getType());
  copy->getResult(0).setType(type.clone(element));
  return copy->getResult(0);
}

static RankedTensorType typeOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType());
}

/// Scales that differ by what the rounding of an inverse does are the same.
static bool areAlike(double x, double y) {
  return std::abs(x - y) <= 1e-6 * std::max(x, y);
}

namespace {

/// The numbers that an image is quantised to, after moves of the image.
struct QuantizedUse {
  Value numbers;
  Quantized quantized;
  SmallVector<Operation *, 2> moves; // the first one first
};

class QuantizeConvolutions
    : public patternc::impl::QuantizeConvolutionsPassBase<
          QuantizeConvolutions> {
public:
  void runOnOperation() override {
    ModuleOp module = getOperation();
    target = TargetAttr::of(module);
    isSigned = target.has(TargetFeature::DotS8S8);
    reasons = {};
    isLeft = false;
    auto &dominance = getAnalysis<DominanceInfo>();
    SmallVector<Operation *> ops;
    module.walk([&](Operation *op) {
      if (isa<linalg::GenericOp, Conv2DOp, Pool2DOp>(op) &&
          isReachable(op, dominance))
        ops.push_back(op);
    });
    int64_t convolutions = 0, pools = 0, lookups = 0;
    for (Operation *op : ops) {
      bool isReplaced = false;
      if (auto conv = dyn_cast<Conv2DOp>(op)) {
        isReplaced = succeeded(quantize(conv));
        convolutions += isReplaced;
      } else if (auto pool = dyn_cast<Pool2DOp>(op)) {
        isReplaced = succeeded(quantize(pool));
        pools += isReplaced;
      } else if (op->getNumResults() == 1) {
        Value numbers = op->getResult(0);
        if (std::optional<Quantized> quantized = matchQuantized(numbers)) {
          dropRepetition(numbers, *quantized);
          lookups += succeeded(makeLookup(numbers, *quantized));
        }
      }
    }
    eraseUnused(module);
    remarkStatistics(*this, module,
                     {{"convolutions", convolutions},
                      {"pools", pools},
                      {"lookups", lookups}});
    if (!reasons.empty() && (convolutions || isLeft))
      module->setAttr(floatReasons, reasons.getDictionary(&getContext()));
  }

private:
  //===------------------------------------------------------------------===//
  // Numbers and bytes
  //===------------------------------------------------------------------===//

  Bytes kind() const { return isSigned ? Bytes::Signed : Bytes::Unsigned; }

  /// What is added to numbers from `low` on to make them bytes.
  int64_t shiftOf(int64_t low) const {
    if (isSigned)
      return low < 0 ? 0 : -128;
    return low < 0 ? 128 : 0;
  }

  bool isByte(int64_t number) const {
    return isSigned ? llvm::isInt<8>(number) : llvm::isUInt<8>(number);
  }

  UniformAttr uniformOf(double scale, int64_t zeroPoint) {
    return UniformAttr::get(&getContext(), scale, zeroPoint);
  }

  static Value
  mapElements(ImplicitLocOpBuilder &b, Value tensor, Type element,
              function_ref<Value(ImplicitLocOpBuilder &, Value)> map) {
    RankedTensorType type = typeOf(tensor).clone(element);
    int64_t rank = type.getRank();
    SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(rank));
    Value empty = tensor::EmptyOp::create(b, type.getShape(), element);
    return linalg::GenericOp::create(
               b, type, tensor, empty, maps,
               SmallVector<utils::IteratorType>(rank,
                                                utils::IteratorType::parallel),
               [&](OpBuilder &inner, Location loc, ValueRange args) {
                 ImplicitLocOpBuilder body(loc, inner);
                 linalg::YieldOp::create(body, map(body, args[0]));
               })
        .getResult(0);
  }

  /// The numbers that bytes hold, of which `shift` was added to each.
  Value numbersOf(ImplicitLocOpBuilder &b, Value bytes, int64_t shift) {
    return mapElements(
        b, bytes, b.getF32Type(), [&](ImplicitLocOpBuilder &body, Value x) {
          Value number =
              isSigned
                  ? Value(arith::SIToFPOp::create(body, body.getF32Type(), x))
                  : Value(arith::UIToFPOp::create(body, body.getF32Type(), x));
          if (shift == 0)
            return number;
          return Value(arith::SubFOp::create(
              body, number,
              arith::ConstantOp::create(body, body.getF32FloatAttr(shift))));
        });
  }

  /// What is added to whole numbers to make them bytes, if they can be.
  std::optional<int64_t> shiftOfNumbers(Value numbers) const {
    if (auto from = matchFromBytes(numbers))
      return from->isSigned == isSigned ? std::optional(from->shift)
                                        : std::nullopt;
    if (Operation *move = numbers.getDefiningOp(); isMove(move)) {
      std::optional<int64_t> shift;
      for (Value operand : move->getOperands()) {
        std::optional<int64_t> one = shiftOfNumbers(operand);
        if (!one || (shift && *shift != *one))
          return std::nullopt;
        shift = one;
      }
      return shift;
    }
    std::optional<Quantized> quantized = matchQuantized(numbers);
    if (!quantized || !typeOf(numbers).hasStaticShape())
      return std::nullopt;
    int64_t shift = shiftOf(quantized->low);
    bool areBytes =
        isByte(quantized->low + shift) && isByte(quantized->high + shift);
    return areBytes ? std::optional(shift) : std::nullopt;
  }

  /// The bytes of numbers that have a shift.
  Value bytesOf(ImplicitLocOpBuilder &b, Value numbers) {
    if (auto from = matchFromBytes(numbers))
      return from->bytes;
    if (Operation *move = numbers.getDefiningOp(); isMove(move)) {
      SmallVector<Value> operands;
      for (Value operand : move->getOperands())
        operands.push_back(bytesOf(b, operand));
      return moveAlike(b, move, operands, b.getI8Type());
    }
    Quantized quantized = *matchQuantized(numbers);
    int64_t shift = shiftOf(quantized.low);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfterValue(numbers);
    Value bytes = mapElements(
        b, quantized.image, b.getI8Type(),
        [&](ImplicitLocOpBuilder &body, Value x) {
          double factor =
              quantized.isQuotient ? quantized.scale : 1 / quantized.scale;
          Value constant = constantLike(body, x, factor);
          Value steps = quantized.isQuotient
                            ? Value(arith::DivFOp::create(body, x, constant))
                            : Value(arith::MulFOp::create(body, x, constant));
          return roundToBytes(body, steps, quantized.zeroPoint + shift,
                              quantized.low + shift, quantized.high + shift);
        });
    // Whoever else reads the numbers need not compute them again.
    numbers.replaceAllUsesWith(numbersOf(b, bytes, shift));
    return bytes;
  }

  /// What bytes of an image stand for that is dequantised, and then perhaps
  /// moved; null if it is not, or of numbers that are no bytes.
  UniformAttr uniformOfImage(Value image) {
    if (Operation *move = image.getDefiningOp();
        isMove(move) && move->getNumOperands() == 1)
      return uniformOfImage(move->getOperand(0));
    std::optional<Dequantized> dequantized = matchDequantized(image);
    std::optional<int64_t> shift =
        dequantized ? shiftOfNumbers(dequantized->numbers) : std::nullopt;
    if (!shift || !isByte(dequantized->zeroPoint + *shift))
      return {};
    return uniformOf(dequantized->scale, dequantized->zeroPoint + *shift);
  }

  /// The bytes of an image of which it is known what they stand for.
  Value bytesOfImage(ImplicitLocOpBuilder &b, Value image) {
    if (Operation *move = image.getDefiningOp(); isMove(move))
      return moveAlike(b, move, bytesOfImage(b, move->getOperand(0)),
                       b.getI8Type());
    return bytesOf(b, matchDequantized(image)->numbers);
  }

  /// What `image` is quantised to, if that is all that it is used for.
  std::optional<QuantizedUse> quantizedUseOf(Value image) {
    QuantizedUse use;
    while (image.hasOneUse() && isMove(*image.user_begin()) &&
           (*image.user_begin())->getNumOperands() == 1) {
      use.moves.push_back(*image.user_begin());
      image = use.moves.back()->getResult(0);
    }
    use.numbers = image;
    // The operations of a quantisation: scale, round, shift, clamp twice.
    for (int i = 0; i < 5; ++i) {
      if (!use.numbers.hasOneUse())
        return std::nullopt;
      auto next = dyn_cast<linalg::GenericOp>(*use.numbers.user_begin());
      if (!next || next->getNumResults() != 1)
        return std::nullopt;
      use.numbers = next->getResult(0);
      auto quantized = matchQuantized(use.numbers);
      if (!quantized)
        continue;
      int64_t shift = shiftOf(quantized->low);
      if (quantized->image != image || !isByte(quantized->low + shift) ||
          !isByte(quantized->high + shift) ||
          !isByte(quantized->zeroPoint + shift))
        return std::nullopt;
      use.quantized = *quantized;
      return use;
    }
    return std::nullopt;
  }

  /// Replaces the numbers of a use by those of `bytes`, which are moved as the
  /// image was.
  void replace(ImplicitLocOpBuilder &b, const QuantizedUse &use, Value bytes) {
    for (Operation *move : use.moves)
      bytes = moveAlike(b, move, bytes, b.getI8Type());
    Value replaced = use.numbers;
    replaced.replaceAllUsesWith(
        numbersOf(b, bytes, shiftOf(use.quantized.low)));
  }

  QuantizationAttr quantizationOf(UniformAttr input, const Quantized &output,
                                  Activation activation, UniformAttr residual) {
    int64_t shift = shiftOf(output.low);
    int64_t zeroPoint = output.zeroPoint + shift;
    int64_t low = output.low + shift, high = output.high + shift;
    if (activation != Activation::None)
      low = std::clamp(zeroPoint, low, high);
    if (activation == Activation::Relu6)
      high = std::clamp<int64_t>(
          zeroPoint + std::nearbyint(std::min(6 / output.scale, 255.0)), low,
          high);
    return QuantizationAttr::get(&getContext(), kind(), input,
                                 uniformOf(output.scale, zeroPoint), low, high,
                                 residual, /*lookup=*/{});
  }

  //===------------------------------------------------------------------===//
  // Operations
  //===------------------------------------------------------------------===//

  /// Drops a quantisation of what was dequantised by the same numbers.
  static void dropRepetition(Value numbers, const Quantized &quantized) {
    ImplicitLocOpBuilder b(numbers.getLoc(), numbers.getDefiningOp());
    if (Value before = numbersBefore(b, quantized.image, quantized))
      numbers.replaceAllUsesWith(before);
  }

  /// Makes a table of numbers that are computed, one by one, of what a
  /// convolution gives, which it then gives instead.
  LogicalResult makeLookup(Value numbers, const Quantized &quantized) {
    int64_t shift = shiftOf(quantized.low);
    std::optional<ByteFunction> function = findByteFunction(numbers);
    if (numbers.use_empty() || !function || function->isSigned != isSigned ||
        !isByte(quantized.low + shift) || !isByte(quantized.high + shift) ||
        !isByte(quantized.zeroPoint + shift))
      return failure();
    // Nothing else may read what is between, nor the bytes themselves.
    auto isReadWithin = [&](Value value) {
      return llvm::all_of(value.getUsers(), [&](Operation *user) {
        return function->operations.contains(user);
      });
    };
    if (!isReadWithin(function->bytes) ||
        !llvm::all_of(function->operations, [&](Operation *op) {
          return op->getResult(0) == numbers || isReadWithin(op->getResult(0));
        }))
      return failure();
    Value bytes = function->bytes;
    while (isMove(bytes.getDefiningOp()) &&
           bytes.getDefiningOp()->getNumOperands() == 1 &&
           bytes.getDefiningOp()->getOperand(0).hasOneUse())
      bytes = bytes.getDefiningOp()->getOperand(0);
    auto conv = bytes.getDefiningOp<Conv2DOp>();
    QuantizationAttr before = conv ? conv.getQuantizationAttr() : nullptr;
    std::optional<SmallVector<float>> values =
        before && !before.getLookup() ? function->evaluate() : std::nullopt;
    if (!values)
      return failure();
    ImplicitLocOpBuilder b(numbers.getLoc(), &getContext());
    b.setInsertionPointAfterValue(numbers);
    SmallVector<int8_t> table;
    for (float value : *values) // NaN becomes the least, as in all kernels
      table.push_back(
          (std::isnan(value) ? quantized.low : static_cast<int64_t>(value)) +
          shift);
    auto lookup =
        LookupAttr::get(&getContext(), before.getOutput(),
                        cast<DenseIntElementsAttr>(DenseElementsAttr::get(
                            RankedTensorType::get(table.size(), b.getI8Type()),
                            ArrayRef(table))));
    conv.setQuantizationAttr(QuantizationAttr::get(
        &getContext(), kind(), before.getInput(),
        uniformOf(quantized.scale, quantized.zeroPoint + shift),
        before.getLow(), before.getHigh(), before.getResidual(), lookup));
    numbers.replaceAllUsesWith(numbersOf(b, function->bytes, shift));
    return success();
  }

  /// The numbers that `image` was dequantised from, moved as it was; null if
  /// they are others than those that it is quantised to.
  static Value numbersBefore(ImplicitLocOpBuilder &b, Value image,
                             const Quantized &quantized) {
    if (Operation *move = image.getDefiningOp(); isMove(move)) {
      SmallVector<Value> operands;
      for (Value operand : move->getOperands()) {
        operands.push_back(numbersBefore(b, operand, quantized));
        if (!operands.back())
          return {};
      }
      return moveAlike(b, move, operands, b.getF32Type());
    }
    auto before = matchDequantized(image);
    if (!before || !areAlike(before->scale, quantized.scale) ||
        before->zeroPoint != quantized.zeroPoint)
      return {};
    auto range = rangeOf(before->numbers);
    bool isIn = range && range->first >= quantized.low &&
                range->second <= quantized.high;
    return isIn ? before->numbers : Value();
  }

  /// The least and the greatest that whole numbers may be.
  static std::optional<std::pair<int64_t, int64_t>> rangeOf(Value numbers) {
    if (auto from = matchFromBytes(numbers)) {
      int64_t least = (from->isSigned ? -128 : 0) - from->shift;
      return std::pair(least, least + 255);
    }
    if (auto quantized = matchQuantized(numbers))
      return std::pair(quantized->low, quantized->high);
    return std::nullopt;
  }

  LogicalResult quantize(Pool2DOp op) {
    if (!target.storesBytes() || !op.getType().getElementType().isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), op);
    std::optional<QuantizedUse> use = quantizedUseOf(op.getOutput());
    UniformAttr input = uniformOfImage(op.getInput());
    if (!use || !input)
      return failure();
    QuantizationAttr quantization = quantizationOf(
        input, use->quantized, Activation::None, /*residual=*/{});
    if (op.getPooling() == Pooling::Max) {
      UniformAttr output = quantization.getOutput();
      if (output.getZeroPoint() != input.getZeroPoint() ||
          !areAlike(output.scaleAsDouble(), input.scaleAsDouble()))
        return failure();
      quantization = QuantizationAttr::get(
          &getContext(), kind(), input, input, quantization.getLow(),
          quantization.getHigh(), /*residual=*/{},
          /*lookup=*/{});
    }
    auto pool = Pool2DOp::create(b, op.getType().clone(b.getI8Type()),
                                 bytesOfImage(b, op.getInput()),
                                 op.getPooling(), op.getKernel(),
                                 op.getStrides(), op.getPadding(), quantization,
                                 /*schedule=*/nullptr, op.getLayerAttr());
    b.setInsertionPointAfterValue(use->numbers);
    replace(b, *use, pool.getOutput());
    return success();
  }

  LogicalResult left(Conv2DOp op, StringRef reason) {
    isLeft = true;
    sayReason(op, reason);
    remark::missed(op.getLoc(),
                   remark::RemarkOpts::name("float").category(getArgument()))
        << remark::reason("{0}", reason);
    return failure();
  }

  /// Keeps a reason for the report.
  void sayReason(Conv2DOp op, StringRef reason) {
    reasons.set(layerName(op), StringAttr::get(&getContext(), reason));
  }

  LogicalResult quantize(Conv2DOp op) {
    if (!op.getType().getElementType().isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), op);
    UniformAttr input = uniformOfImage(op.getInput());
    if (!input) { // then it is none of what the model quantises
      sayReason(op, "its input is not quantised");
      return failure();
    }
    if (!target.storesBytes())
      return left(op, "the target stores no bytes");
    std::optional<QuantizedUse> use = quantizedUseOf(op.getOutput());
    if (!use)
      return left(op, "its output is not quantised");
    UniformAttr residual =
        op.getResidual() ? uniformOfImage(op.getResidual()) : UniformAttr();
    if (op.getResidual() && !residual)
      return left(op, "what it adds is not quantised");
    if (op.getActivation() == Activation::HardSwish ||
        op.getActivation() == Activation::Silu)
      return left(op, "its activation is computed in floats");

    ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
    auto weights = ConstantData<float>::of(op.getWeights());
    std::optional<ScaledWeights> scaled =
        weights ? findScales(weights->elements(), geometry.filters)
                : std::nullopt;
    if (!scaled)
      return left(op, "its weights are not quantised");
    if (!fitSums(*scaled))
      return left(op, "its sums may not fit 32 bits");

    std::string name = layerName(op);
    Value numbers = createBlobConstant<float>(
        b, op.getLoc(), name + ".weight",
        op.getWeights().getType().clone(b.getI8Type()),
        std::move(scaled->numbers));
    Value scale = createBlobConstant<float>(
        b, op.getLoc(), name + ".scale",
        RankedTensorType::get({geometry.filters}, b.getF32Type()),
        std::move(scaled->scales));
    QuantizationAttr quantization =
        quantizationOf(input, use->quantized, op.getActivation(), residual);
    Value bytes = bytesOfImage(b, op.getInput());
    Value added = residual ? bytesOfImage(b, op.getResidual()) : Value();
    auto conv = Conv2DOp::create(
        b, op.getType().clone(b.getI8Type()), bytes, numbers, scale,
        op.getBias(), added, op.getMap(), op.getFilterOrderAttr(),
        op.getFilterGroupAttr(), op.getStridesAttr(), op.getPaddingAttr(),
        op.getDilationsAttr(), op.getGroupsAttr(),
        ActivationAttr::get(&getContext(), Activation::None), quantization,
        op.getLayerAttr());
    b.setInsertionPointAfterValue(use->numbers);
    replace(b, *use, conv.getOutput());
    return success();
  }

  /// Whether sums of products of any bytes, less any zero point, fit 32 bits.
  static bool fitSums(const ScaledWeights &weights) {
    int64_t each = weights.numbers.size() / weights.scales.size();
    ArrayRef<float> left = weights.numbers;
    for (; !left.empty(); left = left.drop_front(each)) {
      double magnitude = 0;
      for (float number : left.take_front(each))
        magnitude += std::abs(number);
      if (2 * 255 * magnitude > std::numeric_limits<int32_t>::max())
        return false;
    }
    return true;
  }

  /// What only quantised and dequantised for what is replaced now.
  static void eraseUnused(ModuleOp module) {
    SmallVector<Operation *> ops;
    module.walk([&](Operation *op) {
      if (isa<linalg::GenericOp, Conv2DOp, Pool2DOp, arith::ConstantOp,
              tensor::EmptyOp>(op) ||
          isMove(op))
        ops.push_back(op);
    });
    for (Operation *op : llvm::reverse(ops))
      if (isOpTriviallyDead(op))
        op->erase();
  }

  TargetAttr target;
  bool isSigned = false;
  NamedAttrList reasons; // by layer, for what computes floats
  bool isLeft = false;   // whether one of these could have been bytes
};

} // namespace
