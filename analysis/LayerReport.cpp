// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/LayerReport.h"

#include "analysis/LayerShape.h"
#include "dialect/ConvolutionGeometry.h"
#include "dialect/LayerName.h"
#include "kernels/KernelForm.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace patternc;

/// Bytes of what a kernel reads beside the weights; nothing where no kernel can
/// be made.
static std::optional<int64_t> indexBytes(PackedConv2DOp op) {
  std::unique_ptr<Kernel> kernel = kernelOf(op);
  std::string reason;
  std::optional<KernelOperands> arrays =
      kernel ? kernel->arrays(reason) : std::optional<KernelOperands>();
  if (!arrays)
    return std::nullopt;
  int64_t bytes = 0;
  for (const KernelOperand &operand : *arrays)
    if (auto *array = std::get_if<KernelArray>(&operand))
      if (auto *numbers = std::get_if<StoredNumbers>(&array->elements))
        bytes += numbers->bytes();
  return bytes;
}

/// Why a layer computes floats where others do not; empty for others.
static StringRef floatReason(PackedConv2DOp op) {
  auto reasons = op->getParentOfType<ModuleOp>()->getAttrOfType<DictionaryAttr>(
      floatReasons);
  auto reason = reasons ? reasons.getAs<StringAttr>(layerName(op)) : nullptr;
  return reason && !op.getQuantizationAttr() ? reason.getValue() : StringRef();
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
  llvm::json::Object layer = layerShape(op);
  layer["patterns"] = std::move(patterns);
  layer["filter_group"] = group;
  layer["kernels"] = denseKernels;
  layer["kept_kernels"] = kernels;
  layer["kept_weights"] = weights;
  layer["float_reason"] = floatReason(op);
  layer["dense_multiply_adds"] = g.denseMultiplyAdds();
  layer["multiply_adds"] =
      saturatedProduct({weights, g.batch, g.outHeight, g.outWidth});
  layer["dense_bytes"] = saturatedProduct({denseKernels, area, elementBytes});
  // CSR over filters: value and column of every weight, row pointers.
  layer["csr_bytes"] = weights * (elementBytes + 4) + (g.filters + 1) * 4;
  if (auto bytes = indexBytes(op))
    layer["fkw_bytes"] = weights * elementBytes + *bytes;
  if (Schedule schedule = op.getScheduleAttr()) {
    std::string text;
    llvm::raw_string_ostream(text) << schedule;
    layer["schedule"] = std::move(text);
  }
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
