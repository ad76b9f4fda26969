// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/Statistics.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

void patternc::remarkStatistics(
    const Pass &pass, ModuleOp module,
    ArrayRef<std::pair<StringRef, int64_t>> statistics) {
  auto opts =
      remark::RemarkOpts::name("statistics").category(pass.getArgument());
  auto remark = remark::analysis(module.getLoc(), opts);
  for (auto [name, value] : statistics)
    remark << remark::metric(name, value);
}
