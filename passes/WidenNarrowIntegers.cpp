// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Holds integers narrower than a word of 32 bits in words, where the target
// stores no bytes: IREE 3.13 has several of them in a word, and threads write
// over what their neighbours wrote, or it refuses them. Loops are written out;
// in their bodies elements are truncated to what they were and extended again.
// Arithmetic on them is done in words, too: IREE emulates it without the sign.
// Precondition: linalg on tensors. Postcondition: functions have no tensors of
// such integers, but for constants that only kernels of ours read. Refuses
// operations that it does not know, functions that take or return such tensors
// among them, and blobs that do not hold what their types say.

#include "dialect/ConstantData.h"
#include "dialect/LayerName.h"
#include "dialect/SizeLimits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Transforms/DialectConversion.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "llvm/ADT/TypeSwitch.h"

namespace patternc {
#define GEN_PASS_DEF_WIDENNARROWINTEGERSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

static constexpr StringLiteral sortName = "tm_tensor.sort";

static bool isNarrow(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer && integer.isSignless() && integer.getWidth() < 32;
}

static bool isTensorOfNarrow(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  return tensor && isNarrow(tensor.getElementType());
}

static Type widen(Type tensor) {
  return cast<TensorType>(tensor).clone(
      IntegerType::get(tensor.getContext(), 32));
}

/// Kernels of ours read words of what they store in them.
static bool isForKernels(Value value) {
  return value.getDefiningOp<arith::ConstantOp>() &&
         llvm::all_of(value.getUsers(), [](Operation *user) {
           return user->getName().getStringRef() == "flow.dispatch";
         });
}

static bool isHeldNarrow(Value value) {
  return isTensorOfNarrow(value.getType()) && !isForKernels(value);
}

/// The tensors of narrow integers that `op` defines.
static SmallVector<Value> narrowTensorsOf(Operation *op) {
  SmallVector<Value> values(op->getResults());
  for (Region &region : op->getRegions())
    for (Block &block : region)
      llvm::append_range(values, block.getArguments());
  return llvm::filter_to_vector(values, isHeldNarrow);
}

/// Null if `op` has none of them.
static Type findNarrow(Operation *op) {
  SmallVector<Value> values = narrowTensorsOf(op);
  llvm::append_range(values,
                     llvm::make_filter_range(op->getOperands(), isHeldNarrow));
  return values.empty() ? Type() : values.front().getType();
}

/// Whether it is known where `op` has elements: in bodies and as operands.
static bool canWiden(Operation *op) {
  if (auto loops = dyn_cast<linalg::LinalgOp>(op))
    return loops.hasPureTensorSemantics();
  if (isa_and_present<scf::SCFDialect, tensor::TensorDialect>(op->getDialect()))
    return !isa<tensor::BitcastOp>(op);
  StringRef name = op->getName().getStringRef();
  return name == "util.optimization_barrier" || name == "tm_tensor.scan" ||
         name == "tm_tensor.scatter" || name == sortName;
}

static Value extend(OpBuilder &b, Value value) {
  if (value.getType().isInteger(1))
    return arith::ExtUIOp::create(b, value.getLoc(), b.getI32Type(), value);
  return arith::ExtSIOp::create(b, value.getLoc(), b.getI32Type(), value);
}

/// Makes an element a word, and truncates it for whoever reads it.
static void truncate(Value element) {
  OpBuilder b(element.getContext());
  b.setInsertionPointAfterValue(element);
  Type type = element.getType();
  element.setType(b.getI32Type());
  if (element.use_empty())
    return;
  Value narrow = arith::TruncIOp::create(b, element.getLoc(), type, element);
  element.replaceAllUsesExcept(narrow, narrow.getDefiningOp());
}

/// Extends the elements that `op` has as operands.
static void extendOperands(Operation *op) {
  OpBuilder b(op);
  for (OpOperand &operand : op->getOpOperands())
    if (isNarrow(operand.get().getType()))
      operand.set(extend(b, operand.get()));
}

/// The same numbers as words; null, after an error, if there are none.
static ElementsAttr widenElements(arith::ConstantOp op) {
  ShapedType type = cast<ElementsAttr>(op.getValue()).getShapedType();
  unsigned bits = type.getElementTypeBitWidth();
  if (auto dense = dyn_cast<DenseIntElementsAttr>(op.getValue()))
    return dense.mapValues(
        IntegerType::get(op.getContext(), 32), [&](const APInt &number) {
          return bits == 1 ? number.zext(32) : number.sext(32);
        });
  auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue());
  const AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  std::optional<int64_t> bytes = bytesOf(type);
  if (!blob || !bytes ||
      static_cast<int64_t>(blob->getData().size()) != *bytes) {
    op.emitOpError() << "has no data that holds " << type;
    return {};
  }
  size_t each = llvm::divideCeil(bits, 8);
  SmallVector<int32_t, 0> words(type.getNumElements());
  for (auto [i, number] : llvm::enumerate(words)) {
    std::memcpy(&number, blob->getData().data() + i * each, each);
    number = bits == 1 ? number & 1 : llvm::SignExtend32(number, bits);
  }
  return createBlob<int32_t>(
      (resource.getRawHandle().getKey() + widenedSuffix).str(),
      cast<RankedTensorType>(widen(type)), std::move(words));
}

/// Adapts the scalars that are elements of what `op` reads or makes, whose
/// tensors have words already.
static void adaptScalars(Operation *op) {
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    truncate(extract.getResult());
    return;
  }
  if (auto fill = dyn_cast<linalg::FillOp>(op)) {
    OpBuilder b(op);
    fill->replaceAllUsesWith(linalg::FillOp::create(
        b, op->getLoc(), extend(b, fill.value()), fill.output()));
    fill.erase();
    return;
  }
  if (isa<tensor::InsertOp, tensor::FromElementsOp, tensor::SplatOp>(op))
    extendOperands(op);
  // Those of scf pass on tensors, and numbers that are in none.
  if (isa<scf::SCFDialect>(op->getDialect()))
    return;
  auto isElement = [&](BlockArgument argument) {
    return isNarrow(argument.getType()) &&
           (!isa<linalg::LinalgOp>(op) ||
            isa<TensorType>(op->getOperand(argument.getArgNumber()).getType()));
  };
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      for (Value element :
           llvm::make_filter_range(block.getArguments(), isElement))
        truncate(element);
      // What a sort yields is which comes first.
      if (block.mightHaveTerminator() &&
          op->getName().getStringRef() != sortName)
        extendOperands(block.getTerminator());
    }
}

/// Whether `op` is arithmetic on narrow integers, more than logic.
static bool isNarrowArithmetic(Operation *op) {
  if (op->getNumOperands() == 0 || !isNarrow(op->getOperand(0).getType()))
    return false;
  auto comparison = dyn_cast<arith::CmpIOp>(op);
  if (op->getOperand(0).getType().isInteger(1) &&
      (isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op) ||
       (comparison && comparison.getPredicate() <= arith::CmpIPredicate::ne)))
    return false;
  return comparison || isa<math::AbsIOp>(op) ||
         (isa<arith::ArithDialect>(op->getDialect()) &&
          op->hasTrait<OpTrait::SameOperandsAndResultType>());
}

/// What is true if a minimum or maximum is the first of its operands.
static std::optional<arith::CmpIPredicate> predicateOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<arith::CmpIPredicate>>(op)
      .Case<arith::MaxSIOp>([](auto) { return arith::CmpIPredicate::sgt; })
      .Case<arith::MinSIOp>([](auto) { return arith::CmpIPredicate::slt; })
      .Case<arith::MaxUIOp>([](auto) { return arith::CmpIPredicate::ugt; })
      .Case<arith::MinUIOp>([](auto) { return arith::CmpIPredicate::ult; })
      .Default(std::nullopt);
}

static void computeInWords(Operation *op) {
  auto comparison = dyn_cast<arith::CmpIOp>(op);
  bool isUnsigned =
      isa<arith::DivUIOp, arith::CeilDivUIOp, arith::RemUIOp, arith::ShRUIOp,
          arith::MaxUIOp, arith::MinUIOp>(op) ||
      (comparison && comparison.getPredicate() >= arith::CmpIPredicate::ult);
  OpBuilder b(op);
  Location loc = op->getLoc();
  SmallVector<Value> words;
  for (Value operand : op->getOperands())
    words.push_back(
        isUnsigned
            ? arith::ExtUIOp::create(b, loc, b.getI32Type(), operand).getOut()
            : arith::ExtSIOp::create(b, loc, b.getI32Type(), operand).getOut());
  // IREE would narrow minima and maxima again.
  if (std::optional<arith::CmpIPredicate> predicate = predicateOf(op)) {
    Value isFirst =
        arith::CmpIOp::create(b, loc, *predicate, words[0], words[1]);
    op->replaceAllUsesWith(arith::SelectOp::create(
        b, loc, isFirst, op->getOperand(0), op->getOperand(1)));
    op->erase();
    return;
  }
  op->setOperands(words);
  if (!comparison)
    truncate(op->getResult(0));
}

namespace {

class WidenNarrowIntegers
    : public patternc::impl::WidenNarrowIntegersPassBase<WidenNarrowIntegers> {
public:
  void runOnOperation() override {
    if (TargetAttr::of(getOperation()).storesBytes())
      return;
    if (failed(writeOutLoops()))
      return signalPassFailure();
    SmallVector<Operation *> widened;
    SmallVector<std::pair<arith::ConstantOp, ElementsAttr>> constants;
    WalkResult result =
        getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
          Type narrow = findNarrow(op);
          if (!narrow)
            return WalkResult::advance();
          if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
            constants.emplace_back(constant, widenElements(constant));
            return constants.back().second ? WalkResult::advance()
                                           : WalkResult::interrupt();
          }
          widened.push_back(op);
          if (canWiden(op))
            return WalkResult::advance();
          op->emitOpError() << "has " << narrow
                            << ", but the target stores no integers narrower "
                               "than 32 bits; convert them to i32 before it";
          return WalkResult::interrupt();
        });
    if (result.wasInterrupted())
      return signalPassFailure();

    for (auto [constant, words] : constants) {
      constant.setValueAttr(words);
      constant.getResult().setType(words.getType());
    }
    int64_t tensors = constants.size();
    for (Operation *op : widened)
      for (Value tensor : narrowTensorsOf(op)) {
        tensor.setType(widen(tensor.getType()));
        ++tensors;
      }
    llvm::for_each(widened, adaptScalars);

    SmallVector<Operation *> arithmetic;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (isNarrowArithmetic(op))
          arithmetic.push_back(op);
      });
    llvm::for_each(arithmetic, computeInWords);
    remarkStatistics(*this, getOperation(), {{"widened", tensors}});
  }

private:
  /// Elementwise operations on tensors and the named ones of linalg as
  /// `linalg.generic`, whose bodies can be changed.
  LogicalResult writeOutLoops() {
    ConversionTarget target(getContext());
    target.markUnknownOpDynamicallyLegal([](Operation *op) {
      auto loops = dyn_cast<linalg::LinalgOp>(op);
      bool isNamed = loops && loops.hasPureTensorSemantics() &&
                     !isa<linalg::GenericOp, linalg::FillOp>(op);
      bool isElementwise =
          OpTrait::hasElementwiseMappableTraits(op) &&
          llvm::any_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>);
      return !(isNamed || isElementwise) || !findNarrow(op);
    });
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseToLinalgConversionPatterns(patterns);
    linalg::populateLinalgNamedOpsGeneralizationPatterns(patterns);
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }
};

} // namespace
