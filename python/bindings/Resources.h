// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PYTHON_BINDINGS_RESOURCES_H
#define PYTHON_BINDINGS_RESOURCES_H

#include "mlir/IR/BuiltinOps.h"
#include "nanobind/nanobind.h"
#include "python/bindings/Context.h"
#include <memory>

namespace patternc::python {

/// Refuses names that the context already holds: MLIR would rename the new
/// module's resource, and its data would go to the wrong one.
void requireNewResources(Context &context, nanobind::dict resources);

/// Gives every blob of `resources` to the handle of its name, without a copy,
/// and checks that each handle of the module has data that fits its type.
void attachResources(Context &context, mlir::ModuleOp module,
                     nanobind::dict resources);

/// Frees the blobs that neither the module refers to nor arrays look at.
void freeUnusedResources(Context &context, mlir::ModuleOp module);

/// Read-only arrays over the blobs that the module refers to, without a copy.
nanobind::dict exportResources(const std::shared_ptr<Context> &context,
                               mlir::ModuleOp module);

} // namespace patternc::python

#endif // PYTHON_BINDINGS_RESOURCES_H
