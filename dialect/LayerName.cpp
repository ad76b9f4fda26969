// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/LayerName.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

using namespace mlir;

StringRef patternc::layerOf(StringRef blob) {
  blob.consume_back(demotedSuffix);
  // MLIR adds a number where a name is taken.
  StringRef unnumbered = blob.rtrim("_0123456789");
  if (unnumbered.consume_back(foldedSuffix))
    blob = unnumbered;
  if (blob == "weight") // the model is a bare convolution
    return "conv";
  blob.consume_back(".weight");
  return blob;
}

StringAttr patternc::layerAttr(MLIRContext *context, StringRef blob) {
  return blob.empty() ? StringAttr() : StringAttr::get(context, layerOf(blob));
}

Location patternc::nameLayer(Location loc, StringAttr layer) {
  return layer ? Location(NameLoc::get(layer, loc)) : loc;
}

std::string patternc::layerName(Operation *op) {
  auto layer = op->getAttrOfType<StringAttr>("layer");
  return layer && !layer.empty() ? layer.str() : "conv";
}
