// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Lowers packed convolutions, pooling and copies to dispatches of executables
// whose bodies are loops. Precondition: all of them are scheduled; convolutions
// read planes and have constant FKW arrays. Postcondition: no op of the pattern
// dialect is left. Refuses what does not meet the precondition.

#include "dialect/ConstantData.h"
#include "dialect/LayerName.h"
#include "iree/IreeDialects.h"
#include "iree/StreamExecutable.h"
#include "kernels/KernelForm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "storage/FkwStorage.h"
#include "llvm/ADT/TypeSwitch.h"

namespace patternc {
#define GEN_PASS_DEF_LOWERCONVOLUTIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// The buffer of an image: planes are written out to a flat one.
static RankedTensorType writeOutPlanes(RankedTensorType type) {
  auto planes = dyn_cast_or_null<PlanesAttr>(type.getEncoding());
  if (!planes)
    return type;
  ArrayRef<int64_t> shape = type.getShape();
  return RankedTensorType::get(
      {shape[0] * shape[1] * planes.getPlaneSize() + PlanesAttr::slack(type)},
      type.getElementType());
}

/// A flat constant as a blob. A buffer cannot be empty: there is one element at
/// least.
template <typename T>
static Value createArray(ImplicitLocOpBuilder &b, StringRef name, Type element,
                         SmallVector<T, 0> data) {
  if (data.empty())
    data.push_back(0);
  auto arrayType =
      RankedTensorType::get({static_cast<int64_t>(data.size())}, element);
  return createBlobConstant<T>(b, b.getLoc(), name, arrayType, std::move(data));
}

/// Numbers as a blob.
static Value createArray(ImplicitLocOpBuilder &b, StringRef name,
                         StoredNumbers &&numbers) {
  Type type = b.getIntegerType(numbers.bits);
  if (numbers.bits == 8)
    return createArray(b, name, type,
                       llvm::to_vector_of<uint8_t, 0>(numbers.values));
  if (numbers.bits == 16)
    return createArray(b, name, type,
                       llvm::to_vector_of<uint16_t, 0>(numbers.values));
  return createArray(b, name, type, std::move(numbers.values));
}

/// Numbers that are few, readable in the IR.
static Value createNumbers(ImplicitLocOpBuilder &b,
                           const StoredNumbers &numbers) {
  auto type = RankedTensorType::get(
      {static_cast<int64_t>(numbers.values.size())}, b.getI32Type());
  auto all = DenseIntElementsAttr::get(type, ArrayRef(numbers.values));
  if (numbers.bits == 32)
    return arith::ConstantOp::create(b, all);
  return arith::ConstantOp::create(
      b, all.mapValues(b.getI16Type(),
                       [](const APInt &number) { return number.trunc(16); }));
}

/// An array that a kernel reads; `element` is the type of weights.
static Value createArray(ImplicitLocOpBuilder &b, Type element,
                         KernelArray &&array) {
  auto *numbers = std::get_if<StoredNumbers>(&array.elements);
  if (numbers && array.name.empty())
    return createNumbers(b, *numbers);
  if (numbers)
    return createArray(b, array.name, std::move(*numbers));
  return createArray(
      b, array.name, array.type ? array.type : element,
      std::get<SmallVector<float, 0>>(std::move(array.elements)));
}

/// What the kernel of an operation is called.
static std::string kernelName(Operation *op) {
  StringRef suffix = llvm::TypeSwitch<Operation *, StringRef>(op)
                         .Case<PackOp>([](auto) { return "_pack"; })
                         .Case<UnpackOp>([](auto) { return "_unpack"; })
                         .Case<Pool2DOp>([](auto) { return "_pool"; })
                         .Default([](auto) { return ""; });
  return layerName(op) + suffix.str();
}

namespace {

class LowerConvolutions
    : public patternc::impl::LowerConvolutionsPassBase<LowerConvolutions> {
public:
  void runOnOperation() override {
    writtenOut.clear();
    SmallVector<Operation *> lowered;
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isSchedulable(op))
        return WalkResult::advance();
      lowered.push_back(op);
      return failed(lower(op)) ? WalkResult::interrupt()
                               : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    // Nothing else reads them any more.
    for (Operation *op : lowered)
      op->dropAllUses();
    int64_t convolutions = 0, pools = 0, copies = 0;
    for (Operation *op : lowered) {
      convolutions += isa<PackedConv2DOp>(op);
      pools += isa<Pool2DOp>(op);
      copies += isa<PackOp, UnpackOp>(op);
      if (auto conv = dyn_cast<PackedConv2DOp>(op))
        erasePacked(conv);
      else
        op->erase();
    }
    remarkStatistics(
        *this, getOperation(),
        {{"convolutions", convolutions}, {"pools", pools}, {"copies", copies}});
  }

private:
  LogicalResult lower(Operation *op) {
    if (!scheduleOf(op))
      return op->emitOpError(
          "has no schedule; run pattern-schedule-convolutions first");
    std::unique_ptr<Kernel> kernel = kernelOf(op);
    std::string reason = "no form of kernel has its schedule";
    std::optional<KernelOperands> needed =
        kernel ? kernel->operands(reason) : std::optional<KernelOperands>();
    if (!needed)
      return op->emitOpError("cannot be lowered: ") << reason;
    if (failed(refuseForeignReaders(op)))
      return failure();
    if (kernel->isPartOfConsumer())
      return success();

    ImplicitLocOpBuilder b(op->getLoc(), op);
    auto image = cast<TypedValue<RankedTensorType>>(op->getResult(0));
    SmallVector<Value> operands;
    for (KernelOperand &operand : *needed) {
      auto *value = std::get_if<Value>(&operand);
      operands.push_back(
          value ? bufferOf(*value)
                : createArray(b, image.getType().getElementType(),
                              std::get<KernelArray>(std::move(operand))));
      if (!operands.back())
        return op->emitOpError(
            "reads planes that no operation of this dialect made");
    }
    SmallVector<RankedTensorType> results{writeOutPlanes(image.getType())};
    for (RankedTensorType workspace : kernel->workspaces())
      results.push_back(writeOutPlanes(workspace));
    SmallVector<Type> bindings(ValueRange(operands).getTypes());
    llvm::append_range(bindings, results);
    StreamExecutable executable(getOperation(), op->getLoc(), kernelName(op),
                                bindings, kernel->grid());
    kernel->emit(executable);
    Value result = executable.call(b, op->getLoc(), operands, results);
    if (planesOf(image))
      writtenOut.map(image, result);
    else
      image.replaceAllUsesWith(result);
    return success();
  }

  /// The tensor that stands for an image: itself if it is plain, what its
  /// planes were written out to, or null for planes that no op here made.
  Value bufferOf(Value image) const {
    return planesOf(image) ? writtenOut.lookupOrNull(image) : image;
  }

  /// Fails if an operation of another dialect reads what `op` writes in planes.
  static LogicalResult refuseForeignReaders(Operation *op) {
    if (!planesOf(op->getResult(0)))
      return success();
    for (Operation *user : op->getUsers())
      if (!isSchedulable(user)) {
        InFlightDiagnostic error =
            op->emitOpError("writes planes that another operation reads");
        error.attachNote(user->getLoc()) << "it is read here";
        return error;
      }
    return success();
  }

  IRMapping writtenOut; // from images in planes to flat tensors
};

} // namespace
