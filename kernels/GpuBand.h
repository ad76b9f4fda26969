// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_GPUBAND_H
#define KERNELS_GPUBAND_H

#include "dialect/ConvolutionGeometry.h"
#include "kernels/Schedules.h"

namespace patternc {

/// What the workgroups of a depthwise convolution make of its input: for a band
/// of rows of their output all that it reads, in memory that threads share.
class GpuBand {
public:
  /// Both have a #schedule.gpu_output_stationary, and planes in between.
  GpuBand(PackedConv2DOp producer, PackedConv2DOp consumer)
      : GpuBand(producer, consumer,
                scheduleOf<GpuOutputStationaryAttr>(producer),
                scheduleOf<GpuOutputStationaryAttr>(consumer)) {}
  /// As if they had these schedules.
  GpuBand(PackedConv2DOp producer, PackedConv2DOp consumer,
          GpuOutputStationaryAttr made, GpuOutputStationaryAttr read);

  /// Why there can be no such workgroups; empty if there can.
  std::string reasonAgainst() const;

  /// Where there can be, the planes in which it lies, as an image of
  /// `inputRows` rows a phase.
  PlanesAttr planes() const;
  /// Elements of the band, and bytes of all memory that the threads share.
  int64_t elements() const;
  int64_t sharedBytes() const;

private:
  GpuOutputStationaryAttr made, read;
  TargetAttr target;
  mlir::Type element;
  int64_t consumerPhases;
  PlanesAttr whole; // that of all rows
  int64_t origin, size;

public:
  int64_t channels;   // that a workgroup makes
  int64_t outputRows; // that it computes of them
  int64_t inputRows;  // that it makes of each phase
  int64_t rowsBefore; // of the input, that an output reads before its own row
  int64_t lastRow;    // of the input that a band can begin with
};

} // namespace patternc

#endif // KERNELS_GPUBAND_H
