// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Sets the attribute of the module that says what it is compiled for.
// Precondition: none. Postcondition: the module has a #pattern.target. Refuses
// text that is none.

#include "mlir/AsmParser/AsmParser.h"
#include "passes/Passes.h"

namespace patternc {
#define GEN_PASS_DEF_ATTACHTARGETPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

class AttachTarget : public patternc::impl::AttachTargetPassBase<AttachTarget> {
public:
  using AttachTargetPassBase::AttachTargetPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    auto attribute = TargetAttr::getDefault(context);
    if (!target.empty()) {
      // What is wrong with the text is an error of the parser's.
      Attribute parsed = parseAttribute(target, context);
      attribute = dyn_cast_or_null<TargetAttr>(parsed);
      if (parsed && !attribute)
        getOperation().emitError("expected a #pattern.target, but found ")
            << parsed;
      if (!attribute)
        return signalPassFailure();
    }
    getOperation()->setAttr(TargetAttr::attributeName, attribute);
  }
};

} // namespace
