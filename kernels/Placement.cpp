// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/Placement.h"

#include "dialect/ConvolutionGeometry.h"
#include "kernels/GpuBand.h"
#include "kernels/Schedules.h"

using namespace mlir;
using namespace patternc;

bool patternc::isPlacedInConsumer(PackedConv2DOp op) {
  Schedule schedule = op.getScheduleAttr();
  return schedule && schedule.isPlacedInConsumer();
}

PackedConv2DOp patternc::placedIn(PackedConv2DOp consumer) {
  auto producer = consumer.getInput().getDefiningOp<PackedConv2DOp>();
  return producer && isPlacedInConsumer(producer) ? producer : PackedConv2DOp();
}

std::string patternc::reasonAgainstReader(PackedConv2DOp producer) {
  if (!planesOf(producer.getOutput()) || !producer->hasOneUse())
    return "not one convolution alone reads its planes";
  auto consumer = dyn_cast<PackedConv2DOp>(*producer->user_begin());
  if (!consumer || consumer.getResidual() == producer.getOutput() ||
      !ConvolutionGeometry::of(consumer).isDepthwise() ||
      consumer.getStorage().getGroup() != 1)
    return "no depthwise convolution of single filters reads it";
  if (producer.getResidual())
    return "it adds a residual, which lies in memory";
  if (placedIn(producer))
    return "it computes its own input";
  std::optional<FkwIndices> made = readFkwIndices(producer);
  std::optional<FkwIndices> read = readFkwIndices(consumer);
  if (!made || !read || made->reorder != read->reorder)
    return "its consumer does not store filters in the same order";
  return {};
}

std::string patternc::reasonAgainstConsumer(PackedConv2DOp producer) {
  std::string reason = reasonAgainstReader(producer);
  if (!reason.empty())
    return reason;
  auto consumer = cast<PackedConv2DOp>(*producer->user_begin());
  if (scheduleOf<CpuOutputStationaryAttr>(producer) &&
      scheduleOf<CpuOutputStationaryAttr>(consumer))
    return {};
  if (scheduleOf<GpuOutputStationaryAttr>(producer) &&
      scheduleOf<GpuOutputStationaryAttr>(consumer))
    return GpuBand(producer, consumer).reasonAgainst();
  return "its schedule and its consumer's are not of one form that keeps sums";
}

void patternc::numberWithin(FkwIndices &indices, int64_t count) {
  for (size_t i = 0; i + 1 < indices.offset.size(); ++i)
    for (int32_t k = indices.offset[i]; k < indices.offset[i + 1]; ++k)
      indices.index[k] = i % count;
}
