// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Chooses how activations lie in memory, for the whole graph: images of one
// size that convolutions read, write or add lie in the same planes, so that
// nothing is copied between them. Precondition: pattern.packed_conv2d.
// Postcondition: all of them read planes; what only other operations read is
// plain.

#include "dialect/ConvolutionGeometry.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

#include <map>

namespace patternc {
#define GEN_PASS_DEF_LAYOUTACTIVATIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

/// What planes depend on: height and width of the image, the strides with which
/// it is read, and how many of its elements are a cache line.
using Extent = std::array<int64_t, 5>;

Extent extentOf(Value image, ArrayRef<int64_t> strides = {1, 1}) {
  auto type = cast<RankedTensorType>(image.getType());
  ArrayRef<int64_t> shape = type.getShape();
  return {shape[2], shape[3], strides[0], strides[1],
          TargetAttr::of(image.getParentRegion()->getParentOp())
              .getLineElements(type.getElementType())};
}

/// How a convolution runs over planes.
struct Run {
  Extent input, output;
  ConvolutionGeometry geometry;
};

/// The strides of the convolutions that read an image, where all of its uses
/// are such and agree.
std::optional<SmallVector<int64_t, 2>> stridesOfReaders(Value image) {
  std::optional<SmallVector<int64_t, 2>> strides;
  for (OpOperand &use : image.getUses()) {
    auto conv = dyn_cast<PackedConv2DOp>(use.getOwner());
    if (!conv || use.get() != conv.getInput() ||
        use.get() == conv.getResidual() ||
        (strides && ArrayRef<int64_t>(*strides) != conv.getStrides()))
      return std::nullopt;
    strides = llvm::to_vector<2>(conv.getStrides());
  }
  return strides;
}

/// Strided convolutions read an image in phases. If a 1x1 convolution makes it,
/// that one can run over phases already; it pays where it reads fewer channels
/// than it writes, or where its input is wanted in phases anyway.
Run runOf(PackedConv2DOp op) {
  ConvolutionGeometry whole = ConvolutionGeometry::of(op);
  auto inPhases = [&](ArrayRef<int64_t> strides) {
    return Run{extentOf(op.getInput(), strides),
               extentOf(op.getOutput(), strides), *whole.ofPhase(strides)};
  };
  if (PlanesAttr planes = planesOf(op.getInput());
      planes && planes.getStrides() != op.getStridesAttr())
    return inPhases(planes.getStrides());

  auto strides = stridesOfReaders(op.getOutput());
  if (strides && llvm::product_of(*strides) != 1 && !op.getResidual() &&
      whole.ofPhase(*strides)) {
    bool wanted = llvm::any_of(op.getInput().getUsers(), [&](Operation *user) {
      auto conv = dyn_cast<PackedConv2DOp>(user);
      return conv && conv.getStrides() == ArrayRef<int64_t>(*strides);
    });
    if (wanted || whole.channels < whole.filters)
      return inPhases(*strides);
  }
  return {extentOf(op.getInput(), op.getStrides()), extentOf(op.getOutput()),
          whole};
}

/// The planes of images of every extent, chosen for all convolutions at once.
class Layouts {
public:
  Layouts(TargetAttr target, ArrayRef<Run> runs) : target(target) {
    // A convolution writes rows as far apart as those that it reads.
    bool changed = true;
    while (changed) {
      changed = false;
      for (const Run &run : runs) {
        int64_t pitch =
            alignedPitch(std::max({run.geometry.leastPitch(),
                                   pitches[run.input], pitches[run.output]}));
        for (Extent extent : {run.input, run.output}) {
          changed |= pitches[extent] != pitch;
          pitches[extent] = pitch;
        }
      }
    }
    for (const Run &run : runs) {
      int64_t &origin = origins[run.input];
      origin = std::max(origin, run.geometry.leastOrigin(pitches[run.input]));
    }
    for (const Run &run : runs) {
      int64_t &size = sizes[run.input];
      size = std::max(size, run.geometry.leastSize(alignedOrigin(run.input),
                                                   pitches[run.input]));
      // Vectors of positions write whole lines.
      sizes[run.output] = std::max(sizes[run.output], lineElements(run.output));
    }
  }

  /// Null for images that are too large for planes, after an error at `op`.
  PlanesAttr planes(Operation *op, Extent extent, int64_t padding) const {
    auto [height, width, strideH, strideW, lineElements] = extent;
    int64_t columns = llvm::divideCeilSigned(width, strideW);
    int64_t pitch = alignedPitch(std::max(columns, lookup(pitches, extent)));
    int64_t origin = alignedOrigin(extent);
    int64_t imageEnd = origin + llvm::divideCeilSigned(height, strideH) * pitch;
    int64_t size =
        llvm::alignTo(std::max(imageEnd, lookup(sizes, extent)), lineElements);
    auto emit = [&] { return op->emitOpError(); };
    function_ref<InFlightDiagnostic()> emitError = emit;
    return PlanesAttr::getChecked(
        emitError, target.getContext(),
        DenseI64ArrayAttr::get(target.getContext(), {strideH, strideW}), origin,
        pitch, size, padding);
  }

private:
  static int64_t lookup(const std::map<Extent, int64_t> &numbers,
                        Extent extent) {
    auto found = numbers.find(extent);
    return found == numbers.end() ? 0 : found->second;
  }

  /// So that the tap that reads an output position itself is aligned.
  int64_t alignedOrigin(Extent extent) const {
    return llvm::alignTo(lookup(origins, extent), lineElements(extent));
  }

  /// So that rows begin where a thread of a GPU can read a vector.
  int64_t alignedPitch(int64_t pitch) const {
    return target.isGpu() ? llvm::alignTo(pitch, TargetAttr::threadElements)
                          : pitch;
  }

  static int64_t lineElements(const Extent &extent) { return extent.back(); }

  TargetAttr target;
  std::map<Extent, int64_t> pitches, origins, sizes;
};

class LayoutActivations
    : public patternc::impl::LayoutActivationsPassBase<LayoutActivations> {
public:
  void runOnOperation() override {
    inserted = unpacked = 0;
    for (Operation &function : *getOperation().getBody())
      if (failed(layOut(function)))
        return signalPassFailure();
    remarkStatistics(*this, getOperation(),
                     {{"packs", inserted}, {"unpacks", unpacked}});
  }

private:
  LogicalResult layOut(Operation &function) {
    SmallVector<Run> runs;
    llvm::DenseMap<Operation *, size_t> runOfOp;
    function.walk([&](PackedConv2DOp op) {
      if (staysPlain(op))
        return;
      runOfOp[op] = runs.size();
      runs.push_back(runOf(op));
    });
    Layouts layouts(TargetAttr::of(getOperation()), runs);
    packs.clear();
    WalkResult result = function.walk([&](Operation *op) {
      LogicalResult done = success();
      auto conv = dyn_cast<PackedConv2DOp>(op);
      if (conv && !staysPlain(conv)) {
        const Run &run = runs[runOfOp[op]];
        auto [ofInput, ofOutput] = paddings(conv);
        PlanesAttr input = layouts.planes(op, run.input, ofInput);
        PlanesAttr output =
            input ? layouts.planes(op, run.output, ofOutput) : input;
        done = success(output &&
                       succeeded(move(conv, conv.getInputMutable(), input)));
        for (OpOperand &residual : conv.getResidualMutable())
          done = success(
              succeeded(done) &&
              succeeded(move(conv, residual, ofResidual(conv, output))));
        if (succeeded(done))
          done = place(conv.getOutput(), output, conv.getResidual() != nullptr);
      } else if (auto pool = dyn_cast<Pool2DOp>(op)) {
        PlanesAttr output = layouts.planes(op, extentOf(pool.getOutput()),
                                           paddings(pool).second);
        done = success(output && succeeded(place(pool.getOutput(), output,
                                                 /*always=*/false)));
      }
      return failed(done) ? WalkResult::interrupt() : WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  /// What planes of the input and of the output are padded with.
  template <typename ImageOp>
  static std::pair<int64_t, int64_t> paddings(ImageOp op) {
    QuantizationAttr quantization = op.getQuantizationAttr();
    if (!quantization)
      return {0, 0};
    return {quantization.getInput().getZeroPoint(),
            quantization.getOutput().getZeroPoint()};
  }

  /// The planes of what is added to an output in `planes`.
  static PlanesAttr ofResidual(PackedConv2DOp op, PlanesAttr planes) {
    QuantizationAttr quantization = op.getQuantizationAttr();
    return quantization
               ? planes.withPadding(quantization.getResidual().getZeroPoint())
               : planes;
  }

  /// `image` in planes; null if that takes too much memory, after an error at
  /// `op`.
  static RankedTensorType inPlanes(Operation *op, RankedTensorType image,
                                   PlanesAttr planes) {
    return RankedTensorType::getChecked([&] { return op->emitOpError(); },
                                        image.getShape(),
                                        image.getElementType(), planes);
  }

  /// Images of one position are one element after the other already.
  static bool staysPlain(PackedConv2DOp op) {
    return ConvolutionGeometry::of(op).isFullyConnected();
  }

  static bool readsPlanes(OpOperand &use) {
    if (auto conv = dyn_cast<PackedConv2DOp>(use.getOwner()))
      return !staysPlain(conv) &&
             (use.get() == conv.getInput() || use.get() == conv.getResidual());
    return isa<Pool2DOp>(use.getOwner());
  }

  /// The layer that a copy is made for.
  static StringAttr layerAttrOf(Operation *op) {
    return op->getAttrOfType<StringAttr>("layer");
  }

  /// Puts an output into planes if some use can read it there, or `always`;
  /// other uses get it unpacked.
  LogicalResult place(TypedValue<RankedTensorType> image, PlanesAttr planes,
                      bool always) {
    if (image.getType().getEncoding() ||
        !(always || llvm::any_of(image.getUses(), readsPlanes)))
      return success();
    RankedTensorType plain = image.getType();
    RankedTensorType placed = inPlanes(image.getDefiningOp(), plain, planes);
    if (!placed)
      return failure();
    image.setType(placed);
    if (llvm::all_of(image.getUses(), readsPlanes))
      return success();
    OpBuilder b(image.getContext());
    b.setInsertionPointAfterValue(image);
    auto unpack =
        UnpackOp::create(b, image.getLoc(), plain, image, /*schedule=*/nullptr,
                         layerAttrOf(image.getDefiningOp()));
    image.replaceUsesWithIf(unpack, [&](OpOperand &use) {
      return use.getOwner() != unpack && !readsPlanes(use);
    });
    ++unpacked;
    return success();
  }

  /// Makes a use read `planes`, or others as good that the image is in already.
  LogicalResult move(Operation *user, OpOperand &use, PlanesAttr planes) {
    auto image = cast<TypedValue<RankedTensorType>>(use.get());
    if (PlanesAttr now = planesOf(image);
        now && now.getStrides() == planes.getStrides() &&
        now.getPadding() == planes.getPadding() &&
        now.getPitch() == planes.getPitch() &&
        now.getOrigin() >= planes.getOrigin() &&
        now.getSize() - now.getOrigin() >=
            planes.getSize() - planes.getOrigin())
      return success();
    Value &pack = packs[{image, planes}];
    if (!pack || pack.getParentBlock() != user->getBlock()) {
      RankedTensorType packed = inPlanes(user, image.getType(), planes);
      if (!packed)
        return failure();
      ImplicitLocOpBuilder b(user->getLoc(), user);
      pack = PackOp::create(b, packed, image, /*schedule=*/nullptr,
                            layerAttrOf(user));
      ++inserted;
    }
    use.set(pack);
    return success();
  }

  llvm::DenseMap<std::pair<Value, Attribute>, Value> packs;
  int64_t inserted = 0, unpacked = 0;
};

} // namespace
