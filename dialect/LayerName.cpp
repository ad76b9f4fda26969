// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A layer is known to the user by its name in the model. The name travels as
// the location of the op, so that diagnostics and reports show it alike.

#include "dialect/LayerName.h"

#include "mlir/IR/Location.h"

using namespace mlir;

StringRef patternc::layerOf(StringRef blob) {
  blob.consume_back(demotedSuffix);
  if (blob == "weight") // the model is a bare convolution
    return "conv";
  blob.consume_back(".weight");
  return blob;
}

Location patternc::nameLayer(Location loc, StringRef blob) {
  if (blob.empty())
    return loc;
  return NameLoc::get(StringAttr::get(loc.getContext(), layerOf(blob)), loc);
}

std::string patternc::layerName(Operation *op) {
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    return name.getName().str();
  return "conv";
}
