// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Gives layers the filter groups of a file. Precondition: none. Postcondition:
// a pattern.conv2d of which the file knows the filter group has it. Refuses a
// file that it cannot read.

#include "analysis/LayerShape.h"
#include "analysis/ScheduleFile.h"
#include "mlir/IR/Builders.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

namespace patternc {
#define GEN_PASS_DEF_APPLYFILTERGROUPSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

class ApplyFilterGroups
    : public patternc::impl::ApplyFilterGroupsPassBase<ApplyFilterGroups> {
public:
  using ApplyFilterGroupsPassBase::ApplyFilterGroupsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    FailureOr<std::vector<ScheduleEntry>> read =
        readScheduleFile(file, context);
    if (failed(read))
      return failure();
    entries = std::move(*read);
    return success();
  }

  void runOnOperation() override {
    int64_t applied = 0;
    getOperation().walk([&](Conv2DOp op) { applied += setGroup(op); });
    remarkStatistics(*this, getOperation(), {{"applied", applied}});
  }

private:
  bool setGroup(Conv2DOp op) const {
    llvm::json::Object shape = layerShape(op);
    TargetAttr target = TargetAttr::of(op);
    auto entry = llvm::find_if(entries, [&](const ScheduleEntry &entry) {
      return entry.filterGroup && entry.isFor(shape, target);
    });
    if (entry == entries.end())
      return false;
    op.setFilterGroup(*entry->filterGroup);
    return true;
  }

  std::vector<ScheduleEntry> entries;
};

} // namespace
