// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/Placement.h"

#include "dialect/ConvolutionGeometry.h"
#include "storage/FkwStorage.h"

using namespace mlir;
using namespace patternc;

static bool isVectorKernel(PackedConv2DOp op) {
  auto schedule = op.getSchedule();
  return schedule && schedule->getDevice() == Device::Cpu &&
         schedule->getStationary() == Stationary::Filter &&
         !ConvolutionGeometry::onPlanes(op).isFullyConnected();
}

std::string patternc::reasonAgainstReader(PackedConv2DOp maker) {
  if (!planesOf(maker.getOutput()) || !maker->hasOneUse())
    return "not one convolution alone reads its planes";
  auto reader = dyn_cast<PackedConv2DOp>(*maker->user_begin());
  if (!reader || reader.getResidual() == maker.getOutput() ||
      !ConvolutionGeometry::of(reader).isDepthwise() ||
      reader.getStorage().getGroup() != 1)
    return "no depthwise convolution of single filters reads it";
  if (maker.getResidual())
    return "it adds a residual, which lies in memory";
  if (placedIn(maker))
    return "it computes its own input";
  if (!isVectorKernel(maker) || !isVectorKernel(reader))
    return "it and its reader are not vector kernels with stationary filters";
  std::optional<FkwIndices> made = readFkwIndices(maker);
  std::optional<FkwIndices> read = readFkwIndices(reader);
  if (!made || !read || made->reorder != read->reorder)
    return "its reader does not store filters in the same order";
  return {};
}

PackedConv2DOp patternc::placedIn(PackedConv2DOp reader) {
  auto maker = reader.getInput().getDefiningOp<PackedConv2DOp>();
  bool isPlaced =
      maker && maker.getSchedule() && maker.getSchedule()->isPlacedInReader();
  return isPlaced ? maker : PackedConv2DOp();
}
