// What the vector and the scalar form of a convolution kernel share.

#include "passes/ConvolutionKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "passes/IndexArithmetic.h"

using namespace mlir;
using namespace patternc;

std::array<int64_t, 3> ConvolutionKernel::workgroups() const {
  switch (schedule.getDevice()) {
  case Device::Cpu:
    return {llvm::divideCeilSigned(tiles(), schedule.getTiles()),
            schedule.getBlocks(), images()};
  case Device::Gpu:
    return {llvm::divideCeilSigned(channelSize(), schedule.getLanes()),
            filterTiles(), images()};
  case Device::Vm:
    return {1, filterTiles(), images()};
  }
  llvm_unreachable("unknown device");
}

std::pair<Value, Value> ConvolutionKernel::groupOf(ImplicitLocOpBuilder &b,
                                                   Value i) const {
  IndexArithmetic index(b);
  int64_t parts = group / filterTile();
  return {index.div(i, parts), index.mul(index.rem(i, parts), filterTile())};
}

int64_t ConvolutionKernel::tiles() const {
  return llvm::divideCeilSigned(geometry.runLength(pitch()), tile());
}

int64_t ConvolutionKernel::channelSize() const {
  return outputPlanes ? outputPlanes.getSize()
                      : geometry.outHeight * geometry.outWidth;
}

/// Images are `channels` times `phases` times `size` elements, and phase `i mod
/// phases` of each channel begins `size` elements behind the one before.
static Value phaseBase(ImplicitLocOpBuilder &b, Value i, int64_t phases,
                       int64_t channels, int64_t size) {
  IndexArithmetic index(b);
  if (phases == 1)
    return index.mul(i, channels * size);
  return index.add(index.mul(index.div(i, phases), channels * phases * size),
                   index.mul(index.rem(i, phases), size));
}

Value ConvolutionKernel::inputBase(ImplicitLocOpBuilder &b, Value i) const {
  int64_t size = planes.getPlaneSize() / geometry.phases;
  return phaseBase(b, i, geometry.phases, geometry.channels, size);
}

Value ConvolutionKernel::outputBase(ImplicitLocOpBuilder &b, Value i) const {
  return phaseBase(b, i, geometry.phases, geometry.filters, channelSize());
}

int64_t ConvolutionKernel::threads() const {
  return schedule.getDevice() == Device::Gpu ? schedule.getLanes() : 0;
}

void ConvolutionKernel::emit(StreamExecutable &executable) const {
  if (schedule.getDevice() == Device::Cpu)
    emitVector(executable);
  else
    emitScalar(executable);
}

KernelReads patternc::readKernel(ImplicitLocOpBuilder &b,
                                 const ConvolutionKernel &kernel, Value k) {
  IndexArithmetic index(b);
  Value descriptor = index.load(kernel.descriptors, k);
  int64_t planeSize = kernel.planes.getPlaneSize();
  int64_t entries = kernel.set.getEntries();
  if (kernel.taps) {
    int64_t patterns = int64_t(1) << kernel.patternBits;
    Value firstTap = index.mul(index.rem(descriptor, patterns), entries);
    return {index.mul(index.div(descriptor, patterns), planeSize),
            [&b, taps = kernel.taps, firstTap](Value entry) {
              IndexArithmetic index(b);
              return index.load(taps, index.add(firstTap, entry));
            }};
  }
  return {index.mul(descriptor, planeSize), [&b, &kernel](Value entry) {
            // One pattern: its offsets are constants.
            APInt constant;
            bool isConstant = matchPattern(entry, m_ConstantInt(&constant));
            assert(isConstant && "taps of a lone pattern are unrolled");
            (void)isConstant;
            int32_t position =
                kernel.set.getPattern(0)[constant.getZExtValue()];
            return IndexArithmetic(b).constant(
                kernel.geometry.tapOffset(position, kernel.planes));
          }};
}

/// max(x, bound) or min(x, bound) as PyTorch's ReLU has it: NaN stays NaN.
static Value clamp(ImplicitLocOpBuilder &b, Value x, float bound,
                   arith::CmpFPredicate keep) {
  TypedAttr attribute = b.getF32FloatAttr(bound);
  if (auto type = dyn_cast<VectorType>(x.getType()))
    attribute = DenseElementsAttr::get(type, bound);
  Value limit = arith::ConstantOp::create(b, attribute);
  Value kept = arith::CmpFOp::create(b, keep, x, limit);
  return arith::SelectOp::create(b, kept, x, limit);
}

Value patternc::activate(ImplicitLocOpBuilder &b, Value x,
                         Activation activation) {
  if (activation == Activation::None)
    return x;
  x = clamp(b, x, 0, arith::CmpFPredicate::UGT);
  return activation == Activation::Relu
             ? x
             : clamp(b, x, 6, arith::CmpFPredicate::ULT);
}
