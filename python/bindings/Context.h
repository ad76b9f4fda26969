// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PYTHON_BINDINGS_CONTEXT_H
#define PYTHON_BINDINGS_CONTEXT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "nanobind/nanobind.h"
#include "llvm/ADT/StringSet.h"
#include <memory>
#include <mutex>

namespace patternc::python {

/// An MLIRContext with the dialects of patternc registered.
struct Context {
  Context(bool allowUnregisteredDialects, bool multithreading);

  mlir::MLIRContext mlir;
  /// Serialises what reports diagnostics: the handler that collects them is
  /// the context's, not the thread's. Taken after the GIL is released, never
  /// while it is held, because a blob's deleter takes the GIL.
  std::mutex mutex;
  /// Names of the blobs that arrays look at, which are never freed.
  llvm::StringSet<> lent;
};

/// A module and the context that must outlive it.
struct Module {
  std::shared_ptr<Context> context;
  mlir::OwningOpRef<mlir::ModuleOp> op;
};

/// Releases the GIL, then takes the context.
class ContextGuard {
public:
  explicit ContextGuard(Context &context) : lock(context.mutex) {}

private:
  nanobind::gil_scoped_release release;
  std::lock_guard<std::mutex> lock;
};

} // namespace patternc::python

#endif // PYTHON_BINDINGS_CONTEXT_H
