// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_SCHEDULEINTERFACE_TD
#define DIALECT_SCHEDULEINTERFACE_TD

include "mlir/IR/Interfaces.td"

def Pattern_Schedule : AttrInterface<"Schedule"> {
  let description = [{
    How the loops of one operation run on one kind of unit: the tuning part of the layerwise
    representation (LR). There is an attribute for each form of loops, and all that lowering
    decides is in it. The dialect knows nothing of them but this: whoever adds a form adds its
    attribute beside its kernel.
  }];
  let cppNamespace = "::patternc";
  let methods = [
    InterfaceMethod<"The kind of unit that its loops are for.",
                    "::patternc::Device", "getDevice">,
    InterfaceMethod<"Why `op`, compiled for `target`, cannot run so; empty if it can.",
                    "std::string", "reasonAgainst",
                    (ins "::mlir::Operation *":$op, "::patternc::TargetAttr":$target)>,
    InterfaceMethod<"Whether the workgroups of what reads the operation compute it, too.",
                    "bool", "isPlacedInConsumer", (ins), /*methodBody=*/"",
                    /*defaultImplementation=*/"return false;">];
}

#endif // DIALECT_SCHEDULEINTERFACE_TD
