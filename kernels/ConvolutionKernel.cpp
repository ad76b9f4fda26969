// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What the vector and the scalar form of a convolution kernel share.

#include "kernels/ConvolutionKernel.h"

#include "kernels/IndexArithmetic.h"
#include "kernels/SumPrecision.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <numeric>

using namespace mlir;
using namespace patternc;

/// Multiply-adds of one kernel up to which its taps are unrolled.
static constexpr int64_t maxUnrolled = 512;

/// Weights of a stored kernel beside which a byte of its index matters. Adding
/// up distances costs 3 % of the time of 1x1 layers in groups of 8.
static constexpr int64_t maxWeightsByDistance = 4;

/// Weights that are worth a vector of their own where one lane of a register is
/// multiplied by, or where no load fills all lanes.
static constexpr int64_t minLaneWeights = 4;

ConvolutionKernel ConvolutionKernel::of(PackedConv2DOp op) {
  ConvolutionKernel kernel;
  kernel.geometry = ConvolutionGeometry::onPlanes(op);
  kernel.target = TargetAttr::of(op);
  // An image of one position is as planes of one element.
  kernel.planes =
      kernel.geometry.isFullyConnected()
          ? PlanesAttr::get(op.getContext(),
                            DenseI64ArrayAttr::get(op.getContext(), {1, 1}),
                            /*origin=*/0, /*pitch=*/1, /*size=*/1)
          : planesOf(op.getInput());
  kernel.outputPlanes = planesOf(op.getOutput());
  kernel.set = op.getStorage().getSet();
  kernel.group = op.getStorage().getGroup();
  kernel.schedule = *op.getSchedule();
  kernel.activation = op.getActivation();
  kernel.patternBits = llvm::Log2_64_Ceil(kernel.set.getNumPatterns());
  return kernel;
}

int64_t ConvolutionKernel::unrolledTaps() const {
  int64_t entries = set.getEntries();
  int64_t taps = std::clamp<int64_t>(
      maxUnrolled / (filterTile() * schedule.getVectors()), 1, entries);
  while (entries % taps != 0)
    --taps;
  return taps;
}

bool ConvolutionKernel::hasTapTable() const {
  if (isChannelStationary())
    return false;
  return set.getNumPatterns() > 1 || (schedule.getDevice() == Device::Cpu &&
                                      unrolledTaps() < set.getEntries());
}

bool ConvolutionKernel::mayStoreDistances() const {
  return schedule.getDevice() == Device::Cpu && geometry.groups == 1 &&
         !geometry.isFullyConnected() && set.getNumPatterns() == 1 &&
         set.getEntries() * group <= maxWeightsByDistance;
}

std::array<int64_t, 3> ConvolutionKernel::workgroups() const {
  switch (schedule.getDevice()) {
  case Device::Cpu:
    if (maker)
      return {1, schedule.getBlocks(), images()};
    if (geometry.isFullyConnected())
      return {llvm::divideCeilSigned(geometry.batch, schedule.getTiles()),
              schedule.getBlocks(), 1};
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

Value ConvolutionKernel::loadWeight(ImplicitLocOpBuilder &b, Value first,
                                    int64_t i, int64_t count) const {
  IndexArithmetic index(b);
  Value scalar;
  auto all = VectorType::get(schedule.getLanes(), elementType());
  int64_t together = std::gcd(schedule.getLanes(), count);
  bool inLanes = target.has(TargetFeature::LaneMultiply) ||
                 !target.has(TargetFeature::BroadcastLoad);
  if (inLanes && together >= minLaneWeights) {
    int64_t lane = i % together;
    auto type = VectorType::get(together, elementType());
    Value weights =
        vector::LoadOp::create(b, type, weight, index.add(first, i - lane));
    scalar = vector::ExtractOp::create(b, weights, lane);
  } else {
    scalar = memref::LoadOp::create(b, weight, index.add(first, i));
  }
  return vector::BroadcastOp::create(b, all, scalar);
}

void ConvolutionKernel::prefetchTile(ImplicitLocOpBuilder &b,
                                     Value base) const {
  int64_t lineElements = target.getLineElements(elementType());
  int64_t nextLine = 0;
  for (int64_t tap = 0; tap < geometry.kernelHeight * geometry.kernelWidth;
       ++tap) {
    int64_t first = geometry.tapOffset(tap, planes);
    int64_t last = first + tile() - 1;
    for (nextLine = std::max(nextLine, first / lineElements);
         nextLine <= last / lineElements; ++nextLine)
      memref::PrefetchOp::create(
          b, input,
          ValueRange{IndexArithmetic(b).add(base, nextLine * lineElements)},
          /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  }
}

void ConvolutionKernel::prefetchWeights(ImplicitLocOpBuilder &b, Value first,
                                        int64_t count) const {
  // Hardware prefetchers stop where a page ends.
  int64_t lineElements = target.getLineElements(elementType());
  int64_t pageElements =
      lineElements * target.getPageBytes() / target.getLineBytes();
  for (int64_t i = 0; i < std::min(count, pageElements); i += lineElements)
    memref::PrefetchOp::create(
        b, weight, ValueRange{IndexArithmetic(b).add(first, pageElements + i)},
        /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

void ConvolutionKernel::emit(StreamExecutable &executable) const {
  if (schedule.getDevice() != Device::Cpu)
    emitScalar(executable);
  else if (geometry.isFullyConnected())
    emitFullyConnected(executable);
  else if (isChannelStationary())
    emitChannels(executable);
  else
    emitVector(executable);
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

static Value constantLike(ImplicitLocOpBuilder &b, Value x, float number) {
  TypedAttr attribute =
      b.getFloatAttr(getElementTypeOrSelf(x.getType()), number);
  if (auto type = dyn_cast<VectorType>(x.getType()))
    attribute = DenseElementsAttr::get(type, attribute);
  return arith::ConstantOp::create(b, attribute);
}

/// max(x, bound) or min(x, bound) as PyTorch's ReLU has it: NaN stays NaN.
static Value clamp(ImplicitLocOpBuilder &b, Value x, float bound,
                   arith::CmpFPredicate keep) {
  Value limit = constantLike(b, x, bound);
  Value kept = arith::CmpFOp::create(b, keep, x, limit);
  return arith::SelectOp::create(b, kept, x, limit);
}

static Value relu(ImplicitLocOpBuilder &b, Value x) {
  return clamp(b, x, 0, arith::CmpFPredicate::UGT);
}

static Value relu6(ImplicitLocOpBuilder &b, Value x) {
  return clamp(b, relu(b, x), 6, arith::CmpFPredicate::ULT);
}

/// x · (relu6(x + 3) / 6)
static Value hardSwish(ImplicitLocOpBuilder &b, Value x) {
  Value sum = arith::AddFOp::create(b, x, constantLike(b, x, 3));
  Value sixth = constantLike(b, x, 1.0f / 6);
  Value gate = arith::MulFOp::create(b, relu6(b, sum), sixth);
  return arith::MulFOp::create(b, x, gate);
}

/// x / (1 + exp(−x)), in which f16 would have no exp(−x) for x below −11.
static Value silu(ImplicitLocOpBuilder &b, Value input) {
  Value x = toSumType(b, input);
  Value power = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  Value divisor = arith::AddFOp::create(b, constantLike(b, x, 1), power);
  return fromSumType(b, arith::DivFOp::create(b, x, divisor), input.getType());
}

Value patternc::activate(ImplicitLocOpBuilder &b, Value x,
                         Activation activation) {
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return relu(b, x);
  case Activation::Relu6:
    return relu6(b, x);
  case Activation::HardSwish:
    return hardSwish(b, x);
  case Activation::Silu:
    return silu(b, x);
  }
  llvm_unreachable("unknown activation");
}
