// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_LAYERSHAPE_H
#define ANALYSIS_LAYERSHAPE_H

#include "dialect/PatternOps.h"
#include "llvm/Support/JSON.h"

namespace patternc {

/// What a layer is, whatever its weights and loops are: its name, the shapes of
/// input, weights and output, strides, padding, dilations, groups, dtype and
/// activation.
llvm::json::Object layerShape(Conv2DOp op);
llvm::json::Object layerShape(PackedConv2DOp op);

} // namespace patternc

#endif // ANALYSIS_LAYERSHAPE_H
