// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/LayerReport.h"

#include "dialect/ConstantData.h"
#include "dialect/ConvolutionGeometry.h"
#include "dialect/LayerName.h"
#include "kernels/KernelArrays.h"
#include "kernels/Placement.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace patternc;

/// Bytes of what a kernel reads beside the weights; nothing where no kernel can
/// be made.
static std::optional<int64_t> indexBytes(PackedConv2DOp op) {
  if (!op.getSchedule() || (!planesOf(op.getInput()) &&
                            !ConvolutionGeometry::of(op).isFullyConnected()))
    return std::nullopt;
  ConvolutionKernel kernel = ConvolutionKernel::of(op), maker;
  if (PackedConv2DOp placed = placedIn(op)) {
    if (!reasonAgainstReader(placed).empty())
      return std::nullopt;
    maker = ConvolutionKernel::of(placed);
    kernel.maker = &maker;
  }
  auto weight = ConstantData<float>::of(op.getWeight());
  std::optional<FkwIndices> indices = readFkwIndices(op);
  if (!weight || !indices || !kernel.fitsDescriptors())
    return std::nullopt;
  return arraysOf(kernel, weight->elements(), *indices).indexBytes();
}

static llvm::json::Value describe(PackedConv2DOp op) {
  ConvolutionGeometry g = ConvolutionGeometry::of(op);
  KernelPatternsAttr set = op.getStorage().getSet();
  int64_t group = op.getStorage().getGroup();
  int64_t kernels =
      saturatedProduct({op.getIndex().getType().getNumElements(), group});
  int64_t weights = op.getWeight().getType().getNumElements();
  int64_t denseKernels = saturatedProduct({g.filters, g.channelsPerGroup()});
  int64_t area = g.kernelHeight * g.kernelWidth;
  int64_t elementBytes = op.getType().getElementTypeBitWidth() / 8;

  llvm::json::Array patterns;
  for (int64_t p = 0; p < set.getNumPatterns(); ++p)
    patterns.push_back(llvm::json::Array(set.getPattern(p)));
  llvm::json::Object layer{
      {"name", llvm::json::fixUTF8(layerName(op))},
      {"input", llvm::json::Array({g.batch, g.channels, g.height, g.width})},
      {"weights", llvm::json::Array({g.filters, g.channelsPerGroup(),
                                     g.kernelHeight, g.kernelWidth})},
      {"output",
       llvm::json::Array({g.batch, g.filters, g.outHeight, g.outWidth})},
      {"strides", llvm::json::Array(op.getStrides())},
      {"padding", llvm::json::Array(op.getPadding())},
      {"dilations", llvm::json::Array(op.getDilations())},
      {"groups", g.groups},
      {"dtype", op.getType().getElementType().isF16() ? "float16" : "float32"},
      {"activation", stringifyActivation(op.getActivation())},
      {"patterns", std::move(patterns)},
      {"filter_group", group},
      {"kernels", denseKernels},
      {"kept_kernels", kernels},
      {"kept_weights", weights},
      {"dense_multiply_adds", g.denseMultiplyAdds()},
      {"multiply_adds",
       saturatedProduct({weights, g.batch, g.outHeight, g.outWidth})},
      {"dense_bytes", saturatedProduct({denseKernels, area, elementBytes})},
      // CSR over filters: value and column of every weight, row pointers.
      {"csr_bytes", weights * (elementBytes + 4) + (g.filters + 1) * 4}};
  if (auto bytes = indexBytes(op))
    layer["fkw_bytes"] = weights * elementBytes + *bytes;
  if (auto schedule = op.getSchedule())
    layer["schedule"] = llvm::json::Object{
        {"device", stringifyDevice(schedule->getDevice())},
        {"lanes", schedule->getLanes()},
        {"vectors", schedule->getVectors()},
        {"tiles", schedule->getTiles()},
        {"blocks", schedule->getBlocks()},
        {"prefetch", schedule->getPrefetch()},
        {"stationary", stringifyStationary(schedule->getStationary())},
        {"placement", stringifyPlacement(schedule->getPlacement())},
        {"filters", schedule->getFiltersOf(group)}};
  return layer;
}

std::string patternc::layerReport(ModuleOp module) {
  llvm::json::Array layers;
  module.walk([&](PackedConv2DOp op) { layers.push_back(describe(op)); });
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::json::Value(std::move(layers));
  return text;
}
