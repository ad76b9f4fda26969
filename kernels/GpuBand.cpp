// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/GpuBand.h"

#include "kernels/Quads.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

GpuBand::GpuBand(PackedConv2DOp producer, PackedConv2DOp consumer,
                 GpuOutputStationaryAttr made, GpuOutputStationaryAttr read)
    : made(made), read(read), target(TargetAttr::of(consumer)),
      element(consumer.getType().getElementType()),
      whole(planesOf(producer.getOutput())),
      channels(made.getWorkgroupFilters()) {
  ConvolutionGeometry source = ConvolutionGeometry::onPlanes(producer);
  ConvolutionGeometry geometry = ConvolutionGeometry::onPlanes(consumer);
  consumerPhases = geometry.phases;
  outputRows = llvm::divideCeilSigned(geometry.outHeight, read.getBands());
  int64_t firstTapRow = geometry.tapRow(0);
  int64_t lastTapRow = geometry.tapRow(geometry.kernelHeight - 1);
  rowsBefore = -firstTapRow;
  inputRows = std::min(source.outHeight, outputRows + lastTapRow - firstTapRow);
  lastRow = source.outHeight - inputRows;

  // Rows as they lie in memory, which end with the padding that the next one
  // begins with. What is read of the band is rounded to whole quads.
  int64_t pitch = whole.getPitch();
  int64_t rowsBehind =
      std::max<int64_t>(geometry.outHeight + lastTapRow - source.outHeight, 0);
  auto quadsOf = [](int64_t elements) {
    return llvm::alignTo(std::max<int64_t>(elements, 0), quad);
  };
  int64_t before = quadsOf(-geometry.tapColumn(0));
  int64_t lastColumn = geometry.tapColumn(geometry.kernelWidth - 1);
  int64_t behind = quadsOf(llvm::alignTo(geometry.outWidth, quad) +
                           quadsOf(lastColumn + 1) - pitch);
  origin = before + rowsBefore * pitch;
  size = origin + (inputRows + rowsBehind) * pitch + behind;
}

PlanesAttr GpuBand::planes() const {
  return PlanesAttr::get(whole.getContext(), whole.getStrides(), origin,
                         whole.getPitch(), size, /*padding=*/0);
}

int64_t GpuBand::elements() const {
  return saturatedProduct({channels, whole.getPhases(), size});
}

int64_t GpuBand::sharedBytes() const {
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  int64_t exchanged = made.getExchangedBytes(element);
  return std::min(saturatedProduct({elements(), bytes}), maxTensorBytes) +
         std::min(exchanged, maxTensorBytes);
}

std::string GpuBand::reasonAgainst() const {
  if (consumerPhases != 1)
    return "its consumer runs over the phases of an image";
  if (made.getThreads() != read.getThreads())
    return llvm::formatv("its workgroups have {0} threads, its consumer's {1}",
                         made.getThreads(), read.getThreads());
  if (channels != read.getWorkgroupFilters())
    return llvm::formatv(
        "a workgroup makes {0} filters of it, and {1} of its consumer",
        channels, read.getWorkgroupFilters());
  if (made.getRows() > inputRows || read.getRows() > outputRows)
    return llvm::formatv("threads compute {0} and {1} rows at once, but a band "
                         "has {2} and {3}",
                         made.getRows(), read.getRows(), inputRows, outputRows);
  return reasonAgainstShared(sharedBytes(), target);
}
