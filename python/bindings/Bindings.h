// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PYTHON_BINDINGS_BINDINGS_H
#define PYTHON_BINDINGS_BINDINGS_H

#include "nanobind/nanobind.h"

namespace patternc::python {

void bindDiagnostics(nanobind::module_ &module);
void bindIR(nanobind::module_ &module);
void bindLayerReport(nanobind::module_ &module);
void bindPassManager(nanobind::module_ &module);

} // namespace patternc::python

#endif // PYTHON_BINDINGS_BINDINGS_H
