// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/LayerShape.h"

#include "dialect/ConvolutionGeometry.h"
#include "dialect/LayerName.h"

using namespace mlir;
using namespace patternc;

/// Of weights and images.
template <typename ConvolutionOp> static StringRef dtypeOf(ConvolutionOp op) {
  Type element = op.getType().getElementType();
  if (element.isInteger())
    return "int8";
  return element.isF16() ? "float16" : "float32";
}

template <typename ConvolutionOp>
static llvm::json::Object describe(ConvolutionOp op) {
  ConvolutionGeometry g = ConvolutionGeometry::of(op);
  return llvm::json::Object{
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
      {"dtype", dtypeOf(op)},
      {"activation", stringifyActivation(op.getActivation())}};
}

llvm::json::Object patternc::layerShape(Conv2DOp op) { return describe(op); }

llvm::json::Object patternc::layerShape(PackedConv2DOp op) {
  return describe(op);
}
