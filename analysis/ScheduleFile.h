// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_SCHEDULEFILE_H
#define ANALYSIS_SCHEDULEFILE_H

#include "dialect/PatternOps.h"
#include "llvm/Support/JSON.h"

namespace patternc {

/// How layers of one shape run on one target.
struct ScheduleEntry {
  TargetAttr target;
  /// The fields of `layerShape` that a layer has to have.
  llvm::json::Object layer;
  /// Filters of a group at most; nothing where that is not said.
  std::optional<int64_t> filterGroup;
  /// Null where only the group is said.
  Schedule schedule;

  /// Whether it is for a layer of that shape on `target`.
  bool isFor(const llvm::json::Object &shape, TargetAttr target) const;
};

/// Reads a file of schedules: a JSON object with `format` = "patternc
/// schedules", `version` = 1 and an array `schedules`, of which each has
/// `target` and `schedule` as the IR writes them, `layer`, an object with some
/// fields of `layerShape`, and `filter_group`; one of the last but one of
/// `schedule` and `filter_group` may be missing. Reports what is wrong with the
/// file.
llvm::FailureOr<std::vector<ScheduleEntry>>
readScheduleFile(llvm::StringRef path, mlir::MLIRContext *context);

} // namespace patternc

#endif // ANALYSIS_SCHEDULEFILE_H
