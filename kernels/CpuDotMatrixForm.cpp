// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The schedules of products of bytes with a matrix.

#include "kernels/ConvolutionForm.h"
#include "kernels/CpuDotMatrixKernel.h"
#include "kernels/DotProducts.h"
#include "kernels/FilterVector.h"
#include "kernels/Forms.h"
#include "kernels/MatrixTiles.h"
#include "kernels/WorkSplits.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

std::string CpuDotMatrixAttr::reasonAgainst(Operation *operation,
                                            TargetAttr target) const {
  auto op = dyn_cast<PackedConv2DOp>(operation);
  if (!op || !op.getQuantizationAttr() ||
      !ConvolutionGeometry::of(op).isFullyConnected())
    return "it is no product of bytes with a matrix";
  std::string reason = reasonAgainstLanes(
      getLanes(), IntegerType::get(op.getContext(), 32), target);
  if (reason.empty())
    reason = reasonAgainstProducts(getProducts(), target, getLanes(),
                                   op.getQuantizationAttr().getBytes());
  if (!reason.empty())
    return reason;
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  int64_t group = op.getStorage().getGroup();
  if (getLanes() > group)
    return llvm::formatv("vectors of {0} filters are longer than a group of "
                         "{1}",
                         getLanes(), group);
  if (getRows() > geometry.batch)
    return llvm::formatv("it computes {0} rows at once, but there are {1}",
                         getRows(), geometry.batch);
  if (getInputs() == InputQuads::Run && geometry.channels < 4)
    return "it reads runs of four channels, but has fewer";
  int64_t products =
      saturatedProduct({getRows(), llvm::divideCeilSigned(group, getLanes())});
  if (products > maxWrittenOut)
    return llvm::formatv("it writes out {0} products, expected at most {1}",
                         products, maxWrittenOut);
  return {};
}

namespace {

/// The numbers that schedules of one layer are made from.
struct Layer {
  explicit Layer(PackedConv2DOp op)
      : target(TargetAttr::of(op)), geometry(ConvolutionGeometry::of(op)),
        group(op.getStorage().getGroup()),
        lanes(std::min<int64_t>(target.getVectorBits() / 32,
                                llvm::bit_floor(uint64_t(group)))),
        vectors(llvm::divideCeilSigned(group, lanes)),
        products(chooseProducts(target, lanes,
                                op.getQuantizationAttr().getBytes())) {
    std::optional<FkwIndices> indices = readFkwIndices(op);
    if (!indices)
      return;
    if (areRuns(group, lanes, indices->reorder))
      stores = Stores::Vectors;
    // A run costs one load, any four channels four and what joins them.
    if (geometry.channels >= 4 && 4 * count(*indices, InputQuads::Run) <=
                                      5 * count(*indices, InputQuads::Gather))
      inputs = InputQuads::Run;
  }

  int64_t count(const FkwIndices &indices, InputQuads read) const {
    int64_t quads = 0;
    for (int64_t i = 0; i < geometry.filters / group; ++i)
      quads += quadsOf(indices, i, geometry.channels, read).kernels.size();
    return quads;
  }

  int64_t mostRows() const {
    return rowsAtOnce(target, vectors, partsOf(products), geometry.batch);
  }

  int64_t filterGroups() const { return geometry.filters / group; }

  CpuDotMatrixAttr schedule(int64_t rows, int64_t blocks) const {
    return CpuDotMatrixAttr::get(target.getContext(), lanes, rows, blocks,
                                 stores, inputs, products);
  }

  TargetAttr target;
  ConvolutionGeometry geometry;
  int64_t group, lanes, vectors;
  Products products;
  Stores stores = Stores::Scatter;
  InputQuads inputs = InputQuads::Gather;
};

class CpuDotMatrixForm
    : public ConvolutionForm<CpuDotMatrixAttr, CpuDotMatrixKernel> {
  bool takes(PackedConv2DOp op) const override {
    return TargetAttr::of(op).isCpu() && op.getQuantizationAttr() &&
           ConvolutionGeometry::of(op).isFullyConnected();
  }

  CpuDotMatrixAttr chooseFor(PackedConv2DOp op,
                             const ScheduleOptions &) const override {
    Layer layer(op);
    int64_t batch = layer.geometry.batch;
    int64_t parts = llvm::divideCeilSigned(batch, layer.mostRows());
    return layer.schedule(llvm::divideCeilSigned(batch, parts),
                          blocksFor(layer.filterGroups(), parts));
  }

  void enumerateFor(PackedConv2DOp op,
                    function_ref<void(Schedule)> found) const override {
    Layer layer(op);
    for (InputQuads inputs : {InputQuads::Run, InputQuads::Gather}) {
      layer.inputs = inputs;
      for (int64_t rows = 1; rows <= layer.mostRows(); ++rows)
        for (int64_t blocks : powersUpTo(layer.filterGroups()))
          found(layer.schedule(rows, blocks));
    }
  }
};

} // namespace

const KernelForm &patternc::cpuDotMatrixForm() {
  static const CpuDotMatrixForm form;
  return form;
}
