// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/Placement.h"

#include "dialect/ConvolutionGeometry.h"
#include "kernels/Schedules.h"
#include "storage/FkwStorage.h"

using namespace mlir;
using namespace patternc;

std::string patternc::reasonAgainstConsumer(PackedConv2DOp producer) {
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
  if (!scheduleOf<CpuOutputStationaryAttr>(producer) ||
      !scheduleOf<CpuOutputStationaryAttr>(consumer))
    return "its schedule or its consumer's is not cpu_output_stationary";
  std::optional<FkwIndices> made = readFkwIndices(producer);
  std::optional<FkwIndices> read = readFkwIndices(consumer);
  if (!made || !read || made->reorder != read->reorder)
    return "its consumer does not store filters in the same order";
  return {};
}

PackedConv2DOp patternc::placedIn(PackedConv2DOp consumer) {
  auto producer = consumer.getInput().getDefiningOp<PackedConv2DOp>();
  auto schedule = producer ? scheduleOf<CpuOutputStationaryAttr>(producer)
                           : CpuOutputStationaryAttr();
  return schedule && schedule.isPlacedInConsumer() ? producer
                                                   : PackedConv2DOp();
}

void patternc::placeProducer(PackedConv2DOp consumer) {
  auto producer = consumer.getInput().getDefiningOp<PackedConv2DOp>();
  if (!producer || !reasonAgainstConsumer(producer).empty())
    return;
  // Each workgroup makes one filter group of the input after the other, for the
  // whole of the image. The fewer they are, the more often the same memory
  // takes the next one; so there is one for each core.
  int64_t filterGroups = ConvolutionGeometry::onPlanes(producer).filters /
                         producer.getStorage().getGroup();
  int64_t blocks =
      std::min<int64_t>(filterGroups, TargetAttr::of(consumer).getCores());
  auto place = [&](PackedConv2DOp op, Placement placement) {
    auto schedule = scheduleOf<CpuOutputStationaryAttr>(op);
    int64_t run = ConvolutionGeometry::onPlanes(op).runLength(
        planesOf(op.getInput()).getPitch());
    op.setScheduleAttr(schedule.placed(
        placement, llvm::divideCeilSigned(run, schedule.getTile()), blocks));
  };
  place(producer, Placement::Consumer);
  place(consumer, Placement::Memory);
}
