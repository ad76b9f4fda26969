// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_ACTIVATIONMATCHER_H
#define ANALYSIS_ACTIVATIONMATCHER_H

#include "dialect/PatternOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace patternc {

/// An activation, and the image that it is applied to.
struct MatchedActivation {
  Activation activation = Activation::None;
  mlir::Value image;
};

/// Recognises the activation that `last` and any elementwise operations before
/// it compute together. Gives none where it is another function, or where a
/// value on the way, the image included, is needed elsewhere as well.
MatchedActivation matchActivation(mlir::linalg::GenericOp last);

} // namespace patternc

#endif // ANALYSIS_ACTIVATIONMATCHER_H
