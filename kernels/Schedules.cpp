// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What schedules say by themselves. Whether an operation can run so is said
// beside the form of its loops.

#include "kernels/Schedules.h"

#include "kernels/ByteBlocks.h"

#include "dialect/PatternDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace patternc;

#include "kernels/SchedulesDialect.cpp.inc"
#include "kernels/SchedulesEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "kernels/Schedules.cpp.inc"

void ScheduleDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "kernels/Schedules.cpp.inc"
      >();
}

namespace {

/// A field that counts something, and the range of it.
struct Count {
  StringRef name;
  int64_t value, least, most;
};

} // namespace

/// A field of which one or more are written out.
static Count written(StringRef name, int64_t value) {
  return {name, value, 1, maxAtOnce};
}

/// A field of which there are one or more.
static Count some(StringRef name, int64_t value) {
  return {name, value, 1, maxPositions};
}

/// A field that may be 0.
static Count perhaps(StringRef name, int64_t value) {
  return {name, value, 0, maxPositions};
}

static LogicalResult verifyCounts(function_ref<InFlightDiagnostic()> emitError,
                                  ArrayRef<Count> counts) {
  for (const Count &count : counts)
    if (count.value < count.least || count.value > count.most)
      return emitError() << "expected " << count.name << " from " << count.least
                         << " to " << count.most << ", but found "
                         << count.value;
  return success();
}

LogicalResult CpuOutputStationaryAttr::verify(
    function_ref<InFlightDiagnostic()> emitError, int64_t lanes,
    int64_t vectors, int64_t filters, int64_t tiles, int64_t blocks,
    int64_t unroll, TapOffsets, ChannelNumbers, WeightLoads, InnerLoop,
    int64_t prefetch, int64_t prefetchWeights, Placement) {
  return verifyCounts(emitError,
                      {written("lanes", lanes), written("vectors", vectors),
                       written("filters", filters), some("tiles", tiles),
                       some("blocks", blocks), some("unroll", unroll),
                       perhaps("prefetch", prefetch),
                       perhaps("prefetch_weights", prefetchWeights)});
}

CpuOutputStationaryAttr CpuOutputStationaryAttr::placed(Placement placement,
                                                        int64_t tiles,
                                                        int64_t blocks) const {
  return get(getContext(), getLanes(), getVectors(), getFilters(), tiles,
             blocks, getUnroll(), getOffsets(), getChannels(), getWeights(),
             getInner(), getPrefetch(), getPrefetchWeights(), placement);
}

LogicalResult
CpuInputStationaryAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t lanes, int64_t vectors, int64_t tiles,
                               int64_t blocks, WeightLoads, int64_t prefetch) {
  return verifyCounts(emitError,
                      {written("lanes", lanes), written("vectors", vectors),
                       some("tiles", tiles), some("blocks", blocks),
                       perhaps("prefetch", prefetch)});
}

LogicalResult CpuDotAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t lanes, int64_t vectors,
                                 int64_t filters, int64_t tiles, int64_t blocks,
                                 Quads, TapOffsets, Interleave interleave,
                                 Products, WeightLoads) {
  bool inBlocks = interleave == Interleave::Blocks;
  return verifyCounts(
      emitError, {written("lanes", lanes),
                  Count{"vectors", vectors, inBlocks ? vectorsOfBlocks : 1, 4},
                  written("filters", filters), some("tiles", tiles),
                  some("blocks", blocks)});
}

int64_t CpuDotAttr::storedLanes() const {
  return getInterleave() == Interleave::Blocks ? vectorsOfBlocks * getLanes()
                                               : getLanes();
}

int64_t CpuDotAttr::storedVectors() const {
  return getInterleave() == Interleave::Blocks ? 1 : getVectors();
}

LogicalResult
CpuMatrixAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t lanes, int64_t rows, int64_t blocks,
                      int64_t chains, Stores, int64_t prefetchWeights) {
  return verifyCounts(emitError,
                      {written("lanes", lanes), some("rows", rows),
                       some("blocks", blocks), written("chains", chains),
                       perhaps("prefetch_weights", prefetchWeights)});
}

LogicalResult
CpuDotMatrixAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                         int64_t lanes, int64_t rows, int64_t blocks, Stores,
                         InputQuads, Products) {
  return verifyCounts(emitError, {written("lanes", lanes), some("rows", rows),
                                  some("blocks", blocks)});
}

LogicalResult CpuRowsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t lanes, int64_t unroll) {
  return verifyCounts(emitError,
                      {written("lanes", lanes), some("unroll", unroll)});
}

LogicalResult
GpuDirectAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t threads, int64_t filters, int64_t unroll,
                      TapOffsets) {
  return verifyCounts(emitError,
                      {some("threads", threads), written("filters", filters),
                       some("unroll", unroll)});
}

LogicalResult GpuOutputStationaryAttr::verify(
    function_ref<InFlightDiagnostic()> emitError, int64_t threads, int64_t rows,
    int64_t filters, int64_t slices, int64_t parts, Placement, int64_t bands) {
  return verifyCounts(emitError,
                      {some("threads", threads), written("rows", rows),
                       written("filters", filters), written("slices", slices),
                       written("parts", parts), some("bands", bands)});
}

LogicalResult
GpuMatrixAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t threads, int64_t rows, int64_t slices,
                      int64_t unroll) {
  return verifyCounts(emitError,
                      {some("threads", threads), written("rows", rows),
                       written("slices", slices), written("unroll", unroll)});
}

LogicalResult GpuRowsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t threads, int64_t unroll,
                                  int64_t slices) {
  return verifyCounts(emitError,
                      {some("threads", threads), some("unroll", unroll),
                       written("slices", slices)});
}

LogicalResult VmDirectAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t filters, int64_t unroll,
                                   TapOffsets) {
  return verifyCounts(emitError,
                      {written("filters", filters), some("unroll", unroll)});
}

LogicalResult VmRowsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t unroll) {
  return verifyCounts(emitError, {some("unroll", unroll)});
}

std::string patternc::reasonAgainstLanes(int64_t lanes, Type element,
                                         TargetAttr target) {
  int64_t most = target.getLanes(element);
  if (llvm::isPowerOf2_64(lanes) && lanes <= most)
    return {};
  return llvm::formatv("expected a power of two of at most {0} lanes, which "
                       "the target's vectors have, but found {1}",
                       most, lanes);
}

std::string patternc::reasonAgainstElement(Operation *op, TargetAttr target) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  if (!element.isInteger(8) || target.storesBytes())
    return {};
  return "the target stores no bytes";
}

std::string patternc::reasonAgainstThreads(int64_t threads, TargetAttr target) {
  if (threads <= target.getThreads())
    return {};
  return llvm::formatv("expected at most {0} threads, which a workgroup of the "
                       "target has, but found {1}",
                       target.getThreads(), threads);
}

std::string patternc::reasonAgainstShared(int64_t bytes, TargetAttr target) {
  if (bytes <= target.getSharedBytes())
    return {};
  return llvm::formatv("a workgroup shares {0} bytes, but on the target it "
                       "has {1}",
                       bytes, target.getSharedBytes());
}

std::string patternc::reasonAgainstTaps(FkwAttr storage, int64_t filters,
                                        int64_t unroll, TapOffsets offsets,
                                        int64_t positions) {
  int64_t group = storage.getGroup(), taps = storage.getSet().getEntries();
  if (group % filters != 0)
    return llvm::formatv("it computes {0} filters at once, expected a divisor "
                         "of the filter group {1}",
                         filters, group);
  if (taps % unroll != 0)
    return llvm::formatv("it writes out {0} taps, expected a divisor of the "
                         "{1} of a kernel",
                         unroll, taps);
  int64_t multiplyAdds = saturatedProduct({positions, filters, unroll});
  if (multiplyAdds > maxWrittenOut)
    return llvm::formatv("it writes out {0} multiply-adds, expected at most "
                         "{1}",
                         multiplyAdds, maxWrittenOut);
  if (offsets == TapOffsets::Code &&
      (storage.getSet().getNumPatterns() > 1 || unroll != taps))
    return "offsets of taps are in the code, which takes one pattern whose "
           "taps are all written out";
  return {};
}
