// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//===- LayerReport.cpp - What is known of each layer of a module ----------===//

#include "analysis/LayerReport.h"
#include "analysis/LayerSchedules.h"
#include "analysis/LeftOperations.h"
#include "python/bindings/Bindings.h"
#include "python/bindings/Context.h"

#include "nanobind/stl/string.h"

namespace nb = nanobind;
using namespace patternc::python;

void patternc::python::bindLayerReport(nb::module_ &pythonModule) {
  pythonModule.def(
      "layer_report",
      [](Module &module) {
        ContextGuard guard(*module.context);
        return patternc::layerReport(*module.op);
      },
      nb::arg("module"),
      "JSON text with one object for each pattern layer of the module.");
  pythonModule.def(
      "left_report",
      [](Module &module) {
        ContextGuard guard(*module.context);
        return patternc::leftReport(*module.op);
      },
      nb::arg("module"),
      "JSON text with one object for each operation with multiply-adds that no "
      "kernel\ncomputes: layer, operation, multiply-adds and the reason.");
  pythonModule.def(
      "schedules",
      [](Module &module) {
        ContextGuard guard(*module.context);
        return patternc::layerSchedules(*module.op);
      },
      nb::arg("module"),
      "JSON text with the schedules that each pattern layer of the module may "
      "have on its\ntarget, by the name of the layer.");
}
