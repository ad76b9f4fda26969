// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Lowers packed convolutions, pooling and copies to dispatches of executables
// whose bodies are loops. Precondition: all of them are scheduled; convolutions
// read planes and have constant FKW arrays. Postcondition: no op of the pattern
// dialect is left. Refuses what does not meet the precondition.

#include "dialect/ConstantData.h"
#include "dialect/LayerName.h"
#include "iree/IreeDialects.h"
#include "kernels/KernelArrays.h"
#include "kernels/Placement.h"
#include "kernels/RowKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
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

/// The name and the elements of a flat constant as a blob. A buffer cannot be
/// empty: there is one element at least.
template <typename T>
static Value createArray(ImplicitLocOpBuilder &b, const Twine &name,
                         Type element, SmallVector<T, 0> data) {
  if (data.empty())
    data.push_back(0);
  auto arrayType =
      RankedTensorType::get({static_cast<int64_t>(data.size())}, element);
  return createBlobConstant<T>(b, b.getLoc(), name.str(), arrayType,
                               std::move(data));
}

/// Numbers as a blob.
static Value createArray(ImplicitLocOpBuilder &b, const Twine &name,
                         const StoredNumbers &numbers) {
  Type type = b.getIntegerType(numbers.bits);
  if (numbers.bits == 8)
    return createArray(b, name, type,
                       llvm::to_vector_of<uint8_t, 0>(numbers.values));
  if (numbers.bits == 16)
    return createArray(b, name, type,
                       llvm::to_vector_of<uint16_t, 0>(numbers.values));
  return createArray(b, name, type, numbers.values);
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

/// The arrays that a kernel reads, in the order in which it takes them.
static SmallVector<Value> createArrays(ImplicitLocOpBuilder &b, StringRef layer,
                                       PackedConv2DOp op,
                                       const ConvolutionKernel &kernel,
                                       KernelArrays &&arrays) {
  Type element = op.getType().getElementType();
  Value weight = op.getWeight();
  if (op.getWeight().getType().getNumElements() == 0)
    arrays.weight.emplace();
  if (arrays.weight)
    weight = createArray(b, layer + ".fkw", element, std::move(*arrays.weight));
  if (kernel.isChannelStationary())
    return {weight, createArray(b, layer + ".filters", arrays.descriptors),
            createArray(b, layer + ".ends", arrays.offset)};
  SmallVector<Value> values = {
      weight, createArray(b, layer + ".kernels", arrays.descriptors),
      createNumbers(b, arrays.offset), createNumbers(b, arrays.reorder)};
  if (kernel.hasTapTable())
    values.push_back(createNumbers(b, arrays.taps));
  return values;
}

namespace {

class LowerConvolutions
    : public patternc::impl::LowerConvolutionsPassBase<LowerConvolutions> {
public:
  void runOnOperation() override {
    writtenOut.clear();
    convolutions = pools = copies = 0;
    SmallVector<Operation *> lowered;
    WalkResult result = getOperation().walk([&](Operation *operation) {
      LogicalResult done =
          llvm::TypeSwitch<Operation *, LogicalResult>(operation)
              .Case<PackedConv2DOp, Pool2DOp, PackOp, UnpackOp>([&](auto op) {
                lowered.push_back(op);
                if (!op.getSchedule())
                  return LogicalResult(op.emitOpError(
                      "has no schedule; run pattern-schedule-convolutions "
                      "first"));
                return success(succeeded(lower(op)) &&
                               succeeded(refuseForeignReaders(op)));
              })
              .Default([](Operation *) { return success(); });
      return failed(done) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    // Nothing else reads them any more.
    for (Operation *op : lowered)
      op->dropAllUses();
    for (Operation *op : lowered) {
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
  LogicalResult lower(PackOp op) {
    ++copies;
    return lowerRows(op, layerName(op) + "_pack");
  }
  LogicalResult lower(UnpackOp op) {
    ++copies;
    return lowerRows(op, layerName(op) + "_unpack");
  }
  LogicalResult lower(Pool2DOp op) {
    ++pools;
    return lowerRows(op, layerName(op) + "_pool");
  }

  /// Lowers an op that makes the rows of one image from those of another.
  template <typename RowsOp>
  LogicalResult lowerRows(RowsOp op, const std::string &name) {
    Value input = bufferOf(op.getInput());
    if (!input)
      return refuseForeignPlanes(op);
    RowKernel kernel(op);
    RankedTensorType output = writeOutPlanes(op.getOutput().getType());
    StreamExecutable executable(getOperation(), op.getLoc(), name,
                                {input.getType(), output}, kernel.workgroups(),
                                *op.getSchedule());
    kernel.emit(executable);
    OpBuilder b(op);
    finish(op.getOutput(),
           executable.dispatch(b, op.getLoc(), {input}, output));
    return success();
  }

  LogicalResult lower(PackedConv2DOp op) {
    ++convolutions;
    if (!planesOf(op.getInput()) &&
        !ConvolutionGeometry::of(op).isFullyConnected())
      return op.emitOpError(
          "reads no planes; run pattern-layout-activations first");
    if (op.getSchedule()->isPlacedInReader()) {
      std::string reason = reasonAgainstReader(op);
      if (!reason.empty())
        return op.emitOpError("cannot be placed in its reader: ") << reason;
      return success(); // comes with its reader
    }
    PackedConv2DOp maker = placedIn(op);
    if (maker && !reasonAgainstReader(maker).empty())
      return op.emitOpError("cannot compute its input, which is placed in it");

    ImplicitLocOpBuilder b(op.getLoc(), op);
    ConvolutionKernel kernel, makerKernel;
    SmallVector<Value> operands;
    if ((maker && failed(prepare(b, maker, makerKernel, operands))))
      return failure();
    size_t makerOperands = operands.size();
    kernel.maker = maker ? &makerKernel : nullptr;
    if (failed(prepare(b, op, kernel, operands)))
      return failure();

    RankedTensorType output = writeOutPlanes(op.getOutput().getType());
    SmallVector<Type> bindings(ValueRange(operands).getTypes());
    SmallVector<RankedTensorType> results{output};
    if (maker) {
      RankedTensorType work = groupsInWork(maker, kernel);
      if (!work)
        return failure();
      results.push_back(work);
    }
    llvm::append_range(bindings, results);
    StreamExecutable executable(getOperation(), op.getLoc(), layerName(op),
                                bindings, kernel.workgroups(), kernel.schedule);
    ArrayRef<Value> buffers = executable.buffers();
    kernel.output = buffers[operands.size()];
    if (maker) {
      makerKernel.output = kernel.input = buffers.back();
      bind(maker, makerKernel, buffers.take_front(makerOperands));
    }
    bind(op, kernel,
         buffers.slice(makerOperands, operands.size() - makerOperands));
    kernel.emit(executable);
    finish(op.getOutput(),
           executable.dispatch(b, op.getLoc(), operands, results));
    return success();
  }

  /// A filter group of the maker's output for each workgroup of the reader;
  /// null if they take too much memory, after an error.
  static RankedTensorType groupsInWork(PackedConv2DOp maker,
                                       const ConvolutionKernel &reader) {
    RankedTensorType made = maker.getOutput().getType();
    std::array<int64_t, 3> grid = reader.workgroups();
    int64_t shape[] = {saturatedProduct(grid), maker.getStorage().getGroup(),
                       made.getDimSize(2), made.getDimSize(3)};
    RankedTensorType work = RankedTensorType::getChecked(
        [&] { return maker.emitOpError("is placed in its reader, whose "); },
        shape, made.getElementType(), made.getEncoding());
    return work ? writeOutPlanes(work) : work;
  }

  /// Fills in all but the buffers of `kernel`, and appends its operands.
  LogicalResult prepare(ImplicitLocOpBuilder &b, PackedConv2DOp op,
                        ConvolutionKernel &kernel,
                        SmallVectorImpl<Value> &operands) {
    Value input = kernel.maker ? Value() : bufferOf(op.getInput());
    Value residual = op.getResidual() ? bufferOf(op.getResidual()) : Value();
    if ((!kernel.maker && !input) || (op.getResidual() && !residual))
      return refuseForeignPlanes(op);
    const ConvolutionKernel *maker = kernel.maker;
    kernel = ConvolutionKernel::of(op);
    kernel.maker = maker;
    if (residual && !planesOf(op.getOutput()) &&
        !kernel.geometry.isFullyConnected())
      return op.emitOpError("adds a residual, but not in planes; run "
                            "pattern-layout-activations first");
    std::string reason = "its weights are not constant";
    std::optional<FkwIndices> indices = readFkwIndices(op, &reason);
    auto weight = ConstantData<float>::of(op.getWeight());
    if (!indices || !weight)
      return op.emitOpError("cannot be lowered: ") << reason;
    if (!kernel.fitsDescriptors())
      return op.emitOpError("has ")
             << kernel.geometry.channels << " channels and "
             << kernel.set.getNumPatterns()
             << " patterns, more than 32 bits can number";

    if (input)
      operands.push_back(input);
    llvm::append_range(
        operands, createArrays(b, layerName(op), op, kernel,
                               arraysOf(kernel, weight->elements(), *indices)));
    if (op.getBias())
      operands.push_back(op.getBias());
    if (residual)
      operands.push_back(residual);
    return success();
  }

  /// Gives `kernel` the buffers of the operands that `prepare` appended.
  static void bind(PackedConv2DOp op, ConvolutionKernel &kernel,
                   ArrayRef<Value> buffers) {
    auto take = [&] {
      Value first = buffers.front();
      buffers = buffers.drop_front();
      return first;
    };
    if (!kernel.maker)
      kernel.input = take();
    kernel.weight = take();
    kernel.descriptors = take();
    kernel.offset = take();
    kernel.reorder = kernel.isChannelStationary() ? Value() : take();
    kernel.taps = kernel.hasTapTable() ? take() : Value();
    kernel.bias = op.getBias() ? take() : Value();
    kernel.residual = op.getResidual() ? take() : Value();
  }

  /// The tensor that stands for an image: itself if it is plain, what its
  /// planes were written out to, or null for planes that no op here made.
  Value bufferOf(Value image) const {
    return planesOf(image) ? writtenOut.lookupOrNull(image) : image;
  }

  /// Fails if an operation of another dialect reads what `op` writes in planes.
  template <typename RowsOp>
  static LogicalResult refuseForeignReaders(RowsOp op) {
    if (!planesOf(op.getOutput()))
      return success();
    for (Operation *user : op->getUsers())
      if (!isa<PackedConv2DOp, Pool2DOp, PackOp, UnpackOp>(user)) {
        InFlightDiagnostic error =
            op.emitOpError("writes planes that another operation reads");
        error.attachNote(user->getLoc()) << "it is read here";
        return error;
      }
    return success();
  }

  static LogicalResult refuseForeignPlanes(Operation *op) {
    return op->emitOpError(
        "reads planes that no operation of this dialect made");
  }

  void finish(TypedValue<RankedTensorType> image, Value result) {
    if (planesOf(image))
      writtenOut.map(image, result);
    else
      image.replaceAllUsesWith(result);
  }

  IRMapping writtenOut; // from images in planes to flat tensors
  int64_t convolutions = 0, pools = 0, copies = 0;
};

} // namespace
