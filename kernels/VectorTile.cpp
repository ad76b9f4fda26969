// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/VectorTile.h"

#include "kernels/IndexArithmetic.h"
#include "kernels/WorkSplits.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

using namespace mlir;
using namespace patternc;

/// Weights that are worth a vector of their own where one lane of a register is
/// multiplied by, or where no load fills all lanes.
static constexpr int64_t minLaneWeights = 4;

/// Tiles of which the input stays in half of a core's second-level cache.
static int64_t cachedTiles(PackedConv2DOp op, int64_t positions,
                           int64_t cacheBytes) {
  ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(op);
  int64_t bytes = cacheBytes ? cacheBytes : TargetAttr::of(op).getL2Bytes() / 2;
  int64_t cached = bytes / (op.getType().getElementTypeBitWidth() / 8 *
                            geometry.channelsPerGroup());
  int64_t halo = geometry.halo(planesOf(op.getInput()).getPitch());
  return (cached - halo) / positions;
}

TileSplit patternc::splitTiles(PackedConv2DOp op, int64_t lanes,
                               int64_t mostVectors, int64_t filters,
                               const ScheduleOptions &options) {
  ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(op);
  int64_t run = geometry.runLength(planesOf(op.getInput()).getPitch());
  int64_t vectors = llvm::divideCeilSigned(
      run, lanes * llvm::divideCeilSigned(run, lanes * mostVectors));
  int64_t tiles = llvm::divideCeilSigned(run, lanes * vectors);
  int64_t cached = cachedTiles(op, lanes * vectors, options.cacheBytes);
  int64_t bands =
      llvm::divideCeilSigned(tiles, std::clamp<int64_t>(cached, 1, tiles));
  return {vectors, llvm::divideCeilSigned(tiles, bands),
          blocksFor(geometry.filters / filters,
                    bands * geometry.batch * geometry.phases)};
}

WeightLoads patternc::chooseWeightLoads(TargetAttr target, int64_t lanes,
                                        int64_t count) {
  bool inLanes = target.has(TargetFeature::LaneMultiply) ||
                 !target.has(TargetFeature::BroadcastLoad);
  return inLanes && std::gcd(lanes, count) >= minLaneWeights
             ? WeightLoads::Lanes
             : WeightLoads::Broadcast;
}

Value VectorTile::loadWeight(ImplicitLocOpBuilder &b, Value first, int64_t i,
                             int64_t count) const {
  IndexArithmetic index(b);
  Value scalar;
  if (weightLoads == WeightLoads::Lanes) {
    int64_t together = std::gcd(lanes, count);
    int64_t lane = i % together;
    auto type = VectorType::get(together, kernel.element);
    Value weights = vector::LoadOp::create(b, type, kernel.weight,
                                           index.add(first, i - lane));
    scalar = vector::ExtractOp::create(b, weights, lane);
  } else {
    scalar = memref::LoadOp::create(b, kernel.weight, index.add(first, i));
  }
  return vector::BroadcastOp::create(b, vectorType(), scalar);
}

static void prefetch(ImplicitLocOpBuilder &b, Value buffer, Value at) {
  memref::PrefetchOp::create(b, buffer, ValueRange{at}, /*isWrite=*/false,
                             /*localityHint=*/3, /*isDataCache=*/true);
}

void VectorTile::prefetchInput(ImplicitLocOpBuilder &b, Value base) const {
  const ConvolutionGeometry &geometry = kernel.geometry;
  int64_t lineElements = kernel.target.getLineElements(kernel.element);
  int64_t nextLine = 0;
  for (int64_t tap = 0; tap < geometry.kernelHeight * geometry.kernelWidth;
       ++tap) {
    int64_t first = geometry.tapOffset(tap, kernel.planes);
    int64_t last = first + size() - 1;
    for (nextLine = std::max(nextLine, first / lineElements);
         nextLine <= last / lineElements; ++nextLine)
      prefetch(b, kernel.input,
               IndexArithmetic(b).add(base, nextLine * lineElements));
  }
}

void patternc::prefetchWeights(ImplicitLocOpBuilder &b,
                               const ConvolutionKernel &kernel, Value first,
                               int64_t count, int64_t bytes) {
  int64_t lineElements = kernel.target.getLineElements(kernel.element);
  int64_t ahead = bytes * 8 / kernel.element.getIntOrFloatBitWidth();
  for (int64_t i = 0; i < std::min(count, ahead); i += lineElements)
    prefetch(b, kernel.weight, IndexArithmetic(b).add(first, ahead + i));
}

std::string patternc::reasonAgainstTile(PackedConv2DOp op, TargetAttr target,
                                        int64_t lanes, int64_t vectors) {
  std::string reason =
      reasonAgainstLanes(lanes, op.getType().getElementType(), target);
  PlanesAttr planes = planesOf(op.getInput());
  if (!reason.empty() || !planes)
    return reason;
  ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(op);
  int64_t slack = PlanesAttr::slack(op.getType());
  if (lanes * vectors > slack)
    return llvm::formatv("a tile of {0} positions may read beyond the input "
                         "planes, expected at most {1}",
                         lanes * vectors, slack);
  if (PlanesAttr output = planesOf(op.getOutput())) {
    int64_t end = output.getOrigin() +
                  llvm::alignTo(geometry.runLength(planes.getPitch()), lanes);
    if (output.getSize() < end)
      return llvm::formatv("output planes have size {0}, but the last vector "
                           "of {1} lanes ends at {2}",
                           output.getSize(), lanes, end);
  }
  return {};
}
