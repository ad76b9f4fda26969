// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of products with a matrix.

#include "kernels/ConvolutionForm.h"
#include "kernels/CpuMatrixKernel.h"
#include "kernels/FilterVector.h"
#include "kernels/Forms.h"
#include "kernels/MatrixTiles.h"
#include "kernels/WorkSplits.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

/// Sums that keep two units of four cycles latency busy.
static constexpr int64_t minSums = 8;

std::string CpuMatrixAttr::reasonAgainst(Operation *operation,
                                         TargetAttr target) const {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  if (!op || !ConvolutionGeometry::of(op).isFullyConnected())
    return "it is no product with a matrix";
  std::string reason =
      reasonAgainstLanes(getLanes(), op.getType().getElementType(), target);
  if (!reason.empty())
    return reason;
  int64_t group = op.getStorage().getGroup(),
          batch = op.getType().getDimSize(0);
  if (getLanes() > group)
    return llvm::formatv("vectors of {0} filters are longer than a group of "
                         "{1}",
                         getLanes(), group);
  if (getRows() > batch)
    return llvm::formatv("it computes {0} rows at once, but there are {1}",
                         getRows(), batch);
  int64_t multiplyAdds = saturatedProduct(
      {getRows(), getChains(), llvm::divideCeilSigned(group, getLanes())});
  if (multiplyAdds > maxWrittenOut)
    return llvm::formatv("it writes out {0} multiply-adds, expected at most "
                         "{1}",
                         multiplyAdds, maxWrittenOut);
  return {};
}

namespace {

/// The numbers that schedules of one layer are made from.
struct Layer {
  Layer(PackedConv2DOp op, bool prefetch)
      : target(TargetAttr::of(op)), geometry(ConvolutionGeometry::of(op)),
        group(op.getStorage().getGroup()),
        lanes(std::min<int64_t>(target.getLanes(op.getType().getElementType()),
                                llvm::bit_floor(uint64_t(group)))),
        // Sums are in f32.
        sums(llvm::divideCeilSigned(group, lanes) * 32 /
             op.getType().getElementTypeBitWidth()),
        prefetch(prefetch && target.has(TargetFeature::SoftwarePrefetch)) {
    std::optional<FkwIndices> indices = readFkwIndices(op);
    stores = indices && areRuns(group, lanes, indices->reorder)
                 ? Stores::Vectors
                 : Stores::Scatter;
  }

  int64_t mostRows() const {
    return rowsAtOnce(target, sums, /*parts=*/1, geometry.batch);
  }

  int64_t filterGroups() const { return geometry.filters / group; }

  CpuMatrixAttr schedule(int64_t rows, int64_t blocks) const {
    return CpuMatrixAttr::get(target.getContext(), lanes, rows, blocks,
                              llvm::divideCeilSigned(minSums, rows * sums),
                              stores,
                              // Hardware prefetchers stop where a page ends.
                              prefetch ? target.getPageBytes() : 0);
  }

  TargetAttr target;
  ConvolutionGeometry geometry;
  int64_t group, lanes, sums;
  bool prefetch;
  Stores stores;
};

class CpuMatrixForm : public ConvolutionForm<CpuMatrixAttr, CpuMatrixKernel> {
  bool takes(PackedConv2DOp op) const override {
    return TargetAttr::of(op).isCpu() && !op.getQuantizationAttr() &&
           ConvolutionGeometry::of(op).isFullyConnected();
  }

  CpuMatrixAttr chooseFor(PackedConv2DOp op,
                          const ScheduleOptions &options) const override {
    Layer layer(op, options.prefetch);
    int64_t batch = layer.geometry.batch;
    int64_t parts = llvm::divideCeilSigned(batch, layer.mostRows());
    return layer.schedule(llvm::divideCeilSigned(batch, parts),
                          blocksFor(layer.filterGroups(), parts));
  }

  void enumerateFor(PackedConv2DOp op,
                    function_ref<void(Schedule)> found) const override {
    for (bool prefetch : {false, true}) {
      Layer layer(op, prefetch);
      if (layer.prefetch != prefetch)
        continue; // it does not pay on the target
      for (int64_t rows = 1; rows <= layer.mostRows(); ++rows)
        for (int64_t blocks : powersUpTo(layer.filterGroups()))
          found(layer.schedule(rows, blocks));
    }
  }
};

} // namespace

const KernelForm &patternc::cpuMatrixForm() {
  static const CpuMatrixForm form;
  return form;
}
