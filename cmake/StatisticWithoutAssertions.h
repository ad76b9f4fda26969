// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Read before every file of a build with assertions: llvm::Statistic has the
// layout that it has in an LLVM without them.

#define NDEBUG
#include "llvm/ADT/Statistic.h"
#undef NDEBUG
#include <cassert>
