// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_LAYERSHAPE_H
#define ANALYSIS_LAYERSHAPE_H

#include "dialect/PatternOps.h"
#include "llvm/Support/JSON.h"

namespace patternc {

/// The fields of a layer's shape.
inline constexpr llvm::StringLiteral layerShapeFields[] = {
    "name",    "input",     "weights", "output", "strides",
    "padding", "dilations", "groups",  "dtype",  "activation"};

/// What a layer is, whatever its weights and loops are: an object with the
/// fields of layerShapeFields.
llvm::json::Object layerShape(Conv2DOp op);
llvm::json::Object layerShape(PackedConv2DOp op);

} // namespace patternc

#endif // ANALYSIS_LAYERSHAPE_H
