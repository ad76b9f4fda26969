// Lowers pattern.pack and pattern.packed_conv2d to dispatches of executables
// whose bodies are loops. Precondition: scheduled convolutions on planes with
// constant FKW arrays. Postcondition: no op of the pattern dialect is left.
// Refuses a convolution that was not scheduled, is not on planes, or whose
// arrays are not constant.

#include "dialect/ConstantData.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/ConvolutionKernel.h"
#include "passes/FkwStorage.h"
#include "passes/IreeDialects.h"
#include "passes/LayerName.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_LOWERCONVOLUTIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// The buffer that holds planes once the encoding is written out.
static RankedTensorType writeOutPlanes(RankedTensorType type) {
  auto planes = cast<PlanesAttr>(type.getEncoding());
  ArrayRef<int64_t> shape = type.getShape();
  return RankedTensorType::get(
      {shape[0] * shape[1] * planes.getPlaneSize() + PlanesAttr::slack},
      type.getElementType());
}

/// One integer for each stored kernel, see ConvolutionKernel. At least one
/// element, because a buffer cannot be empty. Of 16 bits on the CPU only: IREE
/// loads words of 32 bits on Vulkan, also the one that reaches beyond the end
/// of an odd number of them, and extends their sign on vmvx.
static Value createDescriptors(ImplicitLocOpBuilder &b, StringRef layer,
                               const FkwArrays &arrays, int64_t patterns,
                               int64_t channels, int64_t patternBits,
                               Device device) {
  SmallVector<int32_t> descriptors;
  for (size_t i = 0; i + 1 < arrays.offset.size(); ++i)
    for (int64_t p = 0; p < patterns; ++p)
      for (int32_t k = arrays.stride[i * (patterns + 1) + p];
           k < arrays.stride[i * (patterns + 1) + p + 1]; ++k)
        descriptors.push_back(
            arrays.index[arrays.offset[i] + k] << patternBits | p);
  if (descriptors.empty())
    descriptors.push_back(0);
  int64_t size = descriptors.size();
  std::string name = (layer + ".kernels").str();
  if (device == Device::Cpu && channels << patternBits <= 1 << 16)
    return createBlobConstant<uint16_t>(
        b, b.getLoc(), name, RankedTensorType::get({size}, b.getI16Type()),
        llvm::to_vector_of<uint16_t>(descriptors));
  return createBlobConstant<int32_t>(
      b, b.getLoc(), name, RankedTensorType::get({size}, b.getI32Type()),
      descriptors);
}

/// Offsets of the taps of every pattern.
static Value createTaps(ImplicitLocOpBuilder &b, KernelPatternsAttr set,
                        const ConvolutionGeometry &geometry,
                        PlanesAttr planes) {
  SmallVector<int32_t> taps;
  for (int32_t position : set.getPositions())
    taps.push_back(geometry.tapOffset(position, planes));
  auto type = RankedTensorType::get({static_cast<int64_t>(taps.size())},
                                    b.getI32Type());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int32_t>(taps)));
}

namespace {

class LowerConvolutions
    : public patternc::impl::LowerConvolutionsPassBase<LowerConvolutions> {
public:
  void runOnOperation() override {
    SmallVector<PackOp> packs;
    SmallVector<PackedConv2DOp> convolutions;
    getOperation().walk([&](PackOp op) { packs.push_back(op); });
    getOperation().walk([&](PackedConv2DOp op) { convolutions.push_back(op); });
    IRMapping writtenOut; // from values in planes to plain tensors
    for (PackOp op : packs)
      if (failed(lowerPack(op, writtenOut)))
        return signalPassFailure();
    for (PackedConv2DOp op : convolutions)
      if (failed(lowerConvolution(op, writtenOut)))
        return signalPassFailure();
    for (PackOp op : packs)
      op.erase();
    remarkStatistics(
        *this, getOperation(),
        {{"convolutions", static_cast<int64_t>(convolutions.size())},
         {"packs", static_cast<int64_t>(packs.size())}});
  }

private:
  LogicalResult lowerPack(PackOp op, IRMapping &writtenOut) {
    ScheduleAttr schedule;
    for (Operation *user : op->getUsers()) {
      auto conv = dyn_cast<PackedConv2DOp>(user);
      if (!conv || !conv.getSchedule()) {
        op.emitOpError("can be lowered for scheduled convolutions only")
                .attachNote(user->getLoc())
            << "this use is none";
        return failure();
      }
      schedule = *conv.getSchedule();
    }
    if (!schedule)
      return success(); // no use: erased with the others

    RankedTensorType planesType = writeOutPlanes(op.getOutput().getType());
    ArrayRef<int64_t> shape = op.getInput().getType().getShape();
    auto planes = cast<PlanesAttr>(op.getOutput().getType().getEncoding());
    bool gpu = schedule.getDevice() == Device::Gpu;
    int64_t threads = gpu ? schedule.getLanes() : 0;
    std::array<int64_t, 3> workgroups = {shape[1], shape[0], 1};
    if (gpu)
      workgroups = {llvm::divideCeilSigned(planes.getPlaneSize(), threads),
                    shape[1], shape[0]};
    StreamExecutable executable(getOperation(), op.getLoc(),
                                layerName(op) + "_pack",
                                {op.getInput().getType(), planesType},
                                workgroups, schedule.getDevice(), threads);
    emitPackKernel(executable, op, schedule);
    OpBuilder b(op);
    writtenOut.map(
        op.getOutput(),
        executable.dispatch(b, op.getLoc(), {op.getInput()}, planesType));
    return success();
  }

  LogicalResult lowerConvolution(PackedConv2DOp op, IRMapping &writtenOut) {
    if (!op.getSchedule())
      return op.emitOpError(
          "has no schedule; run pattern-schedule-convolutions first");
    Value input = writtenOut.lookupOrNull(op.getInput());
    if (!input)
      return op.emitOpError("reads no planes made by pattern.pack; run "
                            "pattern-layout-activations first");
    std::optional<FkwArrays> arrays = readFkw(op);
    if (!arrays)
      return op.emitOpError(
          "cannot be lowered: its FKW arrays are not constant");

    ConvolutionKernel kernel;
    kernel.geometry = ConvolutionGeometry::of(op);
    kernel.planes = cast<PlanesAttr>(op.getInput().getType().getEncoding());
    kernel.set = op.getStorage().getSet();
    kernel.group = op.getStorage().getGroup();
    kernel.schedule = *op.getSchedule();
    kernel.activation = op.getActivation();
    int64_t patterns = kernel.set.getNumPatterns();
    kernel.patternBits = llvm::Log2_64_Ceil(patterns);

    ImplicitLocOpBuilder b(op.getLoc(), op);
    std::string layer = layerName(op);
    Value weight = op.getWeight();
    if (arrays->weight.empty()) // a buffer cannot be empty
      weight = createBlobConstant<float>(
          b, op.getLoc(), layer + ".fkw",
          RankedTensorType::get({1}, b.getF32Type()), {0.0f});
    Value descriptors =
        createDescriptors(b, layer, *arrays, patterns, kernel.geometry.channels,
                          kernel.patternBits, kernel.schedule.getDevice());
    SmallVector<Value> operands = {input, weight, descriptors, op.getOffset(),
                                   op.getReorder()};
    if (patterns > 1)
      operands.push_back(
          createTaps(b, kernel.set, kernel.geometry, kernel.planes));
    if (op.getBias())
      operands.push_back(op.getBias());

    SmallVector<Type> bindings(ValueRange(operands).getTypes());
    bindings.push_back(op.getType());
    StreamExecutable executable(getOperation(), op.getLoc(), layer, bindings,
                                kernel.workgroups(),
                                kernel.schedule.getDevice(), kernel.threads());
    ArrayRef<Value> buffers = executable.buffers();
    auto take = [&] {
      Value first = buffers.front();
      buffers = buffers.drop_front();
      return first;
    };
    kernel.input = take();
    kernel.weight = take();
    kernel.descriptors = take();
    kernel.offset = take();
    kernel.reorder = take();
    kernel.taps = patterns > 1 ? take() : Value();
    kernel.bias = op.getBias() ? take() : Value();
    kernel.output = take();
    kernel.emit(executable);
    replacePacked(op,
                  executable.dispatch(b, op.getLoc(), operands, op.getType()));
    return success();
  }
};

} // namespace
