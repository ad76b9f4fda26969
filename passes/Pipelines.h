// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PASSES_PIPELINES_H
#define PASSES_PIPELINES_H

namespace patternc {

/// Registers the pipelines `pattern-<from>-to-<to>-pipeline`.
void registerPipelines();

} // namespace patternc

#endif // PASSES_PIPELINES_H
