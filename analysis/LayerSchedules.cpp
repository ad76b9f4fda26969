// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/LayerSchedules.h"

#include "dialect/LayerName.h"
#include "kernels/KernelForm.h"
#include "kernels/Schedules.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace patternc;

std::string patternc::layerSchedules(ModuleOp module) {
  // Outside of passes, nobody else does.
  module.getContext()->loadDialect<ScheduleDialect>();
  llvm::json::Object layers;
  module.walk([&](PackedConv2DOp op) {
    llvm::json::Array schedules;
    for (Schedule schedule : enumerateSchedules(op)) {
      std::string text;
      llvm::raw_string_ostream(text) << schedule;
      schedules.push_back(std::move(text));
    }
    layers[llvm::json::fixUTF8(layerName(op))] = std::move(schedules);
  });
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(layers));
  return text;
}
