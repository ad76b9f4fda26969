// Lowers packed convolutions, pooling and copies to dispatches of executables
// whose bodies are loops. Precondition: all of them are scheduled; convolutions
// read planes and have constant FKW arrays. Postcondition: no op of the pattern
// dialect is left. Refuses what does not meet the precondition.

#include "dialect/ConstantData.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "storage/ChannelStorage.h"
#include "kernels/ConvolutionKernel.h"
#include "iree/IreeDialects.h"
#include "dialect/LayerName.h"
#include "passes/Passes.h"
#include "kernels/Placement.h"
#include "kernels/RowKernel.h"
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

/// Creates a flat constant. A buffer cannot be empty: there is one element at
/// least.
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

/// The distances from each channel of a filter group to the next, the first
/// from 0; nothing if one takes more than eight bits.
static std::optional<SmallVector<uint8_t, 0>>
distancesOf(const FkwIndices &indices) {
  SmallVector<uint8_t, 0> distances;
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i) {
    int32_t before = 0;
    for (int32_t k = indices.offset[i]; k < indices.offset[i + 1]; ++k) {
      int32_t distance = indices.index[k] - before;
      if (!llvm::isUInt<8>(distance))
        return std::nullopt;
      distances.push_back(distance);
      before = indices.index[k];
    }
  }
  return distances;
}

/// Channels as places in the filter group that makes them: filters of a
/// depthwise convolution are stored in the order of their channels' makers.
static void numberInGroups(FkwIndices &indices, int64_t group) {
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int32_t k = indices.offset[i]; k < indices.offset[i + 1]; ++k)
      indices.index[k] = i % group;
}

/// Whether each vector of filters of a fully connected layer is a run of them.
static bool areRuns(const ConvolutionKernel &kernel,
                    const FkwIndices &indices) {
  int64_t lanes = kernel.filterLanes();
  for (int64_t first = 0; first < kernel.geometry.filters;
       first += kernel.group)
    for (int64_t in = 0; in < kernel.group; in += lanes) {
      ArrayRef<int32_t> filters =
          ArrayRef(indices.reorder)
              .slice(first + kernel.firstOfVector(in / lanes), lanes);
      for (auto [i, filter] : llvm::enumerate(filters))
        if (filter != filters.front() + static_cast<int32_t>(i))
          return false;
    }
  return true;
}

/// Whether numbers, which are not negative, are stored in 16 bits. On the CPU
/// only: IREE loads words of 32 bits on Vulkan, also the one that reaches
/// beyond the end of an odd number of them, and extends their sign on vmvx.
static bool fitIn16Bits(const ConvolutionKernel &kernel,
                        ArrayRef<int32_t> numbers) {
  return kernel.schedule.getDevice() == Device::Cpu &&
         llvm::all_of(numbers, llvm::isUInt<16>);
}

static Value createNumbers(ImplicitLocOpBuilder &b,
                           const ConvolutionKernel &kernel,
                           ArrayRef<int32_t> numbers) {
  auto type = RankedTensorType::get({static_cast<int64_t>(numbers.size())},
                                    b.getI32Type());
  auto all = DenseIntElementsAttr::get(type, numbers);
  if (!fitIn16Bits(kernel, numbers))
    return arith::ConstantOp::create(b, all);
  return arith::ConstantOp::create(
      b, all.mapValues(b.getI16Type(),
                       [](const APInt &number) { return number.trunc(16); }));
}

/// One integer for each stored kernel, see ConvolutionKernel.
static Value createDescriptors(ImplicitLocOpBuilder &b, StringRef layer,
                               ConvolutionKernel &kernel,
                               const FkwIndices &indices) {
  if (kernel.mayStoreDistances())
    if (auto distances = distancesOf(indices)) {
      kernel.storesDistances = true;
      return createArray<uint8_t>(b, layer + ".kernels", b.getI8Type(),
                                  std::move(*distances));
    }
  int64_t patterns = kernel.set.getNumPatterns();
  SmallVector<int32_t, 0> descriptors;
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int64_t p = 0; p < patterns; ++p)
      for (int32_t k = indices.stride[i * (patterns + 1) + p];
           k < indices.stride[i * (patterns + 1) + p + 1]; ++k)
        descriptors.push_back(
            indices.index[indices.offset[i] + k] << kernel.patternBits | p);
  if (fitIn16Bits(kernel, descriptors))
    return createArray<uint16_t>(b, layer + ".kernels", b.getI16Type(),
                                 {descriptors.begin(), descriptors.end()});
  return createArray<int32_t>(b, layer + ".kernels", b.getI32Type(),
                              std::move(descriptors));
}

/// Offsets of the taps of every pattern.
static Value createTaps(ImplicitLocOpBuilder &b,
                        const ConvolutionKernel &kernel) {
  SmallVector<int32_t> taps;
  for (int32_t position : kernel.set.getPositions())
    taps.push_back(kernel.geometry.tapOffset(position, kernel.planes));
  auto type = RankedTensorType::get({static_cast<int64_t>(taps.size())},
                                    b.getI32Type());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int32_t>(taps)));
}

/// What a kernel reads that goes from filter group to filter group.
static SmallVector<Value> createFilterArrays(ImplicitLocOpBuilder &b,
                                             StringRef layer,
                                             ConvolutionKernel &kernel,
                                             PackedConv2DOp op,
                                             const FkwIndices &indices) {
  Value weight = op.getWeight();
  if (indices.index.empty())
    weight = createArray<float>(b, layer + ".fkw",
                                op.getType().getElementType(), {});
  SmallVector<Value> arrays = {weight,
                               createDescriptors(b, layer, kernel, indices),
                               createNumbers(b, kernel, indices.offset),
                               createNumbers(b, kernel, indices.reorder)};
  if (kernel.hasTapTable())
    arrays.push_back(createTaps(b, kernel));
  return arrays;
}

/// What a kernel reads that goes from channel to channel.
static SmallVector<Value>
createChannelArrays(ImplicitLocOpBuilder &b, StringRef layer,
                    const ConvolutionKernel &kernel, PackedConv2DOp op,
                    ArrayRef<float> weight, const FkwIndices &indices) {
  ChannelArrays arrays =
      orderByChannel(weight, indices, kernel.set, kernel.geometry.channels,
                     kernel.schedule.getBlocks());
  return {
      createArray(b, layer + ".fkw", op.getType().getElementType(),
                  std::move(arrays.weight)),
      createArray(b, layer + ".filters", b.getI16Type(),
                  std::move(arrays.filter)),
      createArray(b, layer + ".ends", b.getI32Type(), std::move(arrays.ends))};
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
    auto maker = op.getInput().getDefiningOp<PackedConv2DOp>();
    if (maker &&
        !(maker.getSchedule() && maker.getSchedule()->isPlacedInReader()))
      maker = {};
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
    kernel.geometry = ConvolutionGeometry::onPlanes(op);
    bool isPlain = kernel.geometry.isFullyConnected();
    if (residual && !planesOf(op.getOutput()) && !isPlain)
      return op.emitOpError("adds a residual, but not in planes; run "
                            "pattern-layout-activations first");
    std::optional<FkwIndices> indices = readFkwIndices(op);
    auto weight = ConstantData<float>::of(op.getWeight());
    if (!indices || !weight)
      return op.emitOpError(
          "cannot be lowered: its FKW arrays are not constant");
    // An image of one position is as planes of one element.
    kernel.planes =
        isPlain
            ? PlanesAttr::get(b.getContext(), b.getDenseI64ArrayAttr({1, 1}),
                              /*origin=*/0, /*pitch=*/1, /*size=*/1)
            : planesOf(op.getInput());
    kernel.outputPlanes = planesOf(op.getOutput());
    kernel.set = op.getStorage().getSet();
    kernel.group = op.getStorage().getGroup();
    kernel.schedule = *op.getSchedule();
    kernel.activation = op.getActivation();
    kernel.patternBits = llvm::Log2_64_Ceil(kernel.set.getNumPatterns());
    if (!llvm::isInt<32>(kernel.geometry.channels << kernel.patternBits))
      return op.emitOpError("has ")
             << kernel.geometry.channels << " channels and "
             << kernel.set.getNumPatterns()
             << " patterns, more than 32 bits can number";
    kernel.storesRuns = isPlain && areRuns(kernel, *indices);
    if (kernel.maker)
      numberInGroups(*indices, kernel.maker->group);

    std::string layer = layerName(op);
    if (input)
      operands.push_back(input);
    llvm::append_range(
        operands, kernel.isChannelStationary()
                      ? createChannelArrays(b, layer, kernel, op,
                                            weight->elements(), *indices)
                      : createFilterArrays(b, layer, kernel, op, *indices));
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
