// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef PYTHON_BINDINGS_DIAGNOSTICS_H
#define PYTHON_BINDINGS_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "nanobind/nanobind.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patternc::python {

/// One diagnostic in plain data: it outlives the context that it came from.
struct Diagnostic {
  std::string severity;
  std::string message;
  /// Readable; empty when unknown.
  std::string location;
  std::optional<std::string> file;
  std::optional<int64_t> line;
  std::optional<int64_t> column;
  std::vector<Diagnostic> notes;

  /// `location: severity: message`, then the notes, each on an indented line.
  std::string text() const;
};

/// Collects what a context reports while it lives. It keeps C++ data only, so
/// that threads without the GIL may report.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext *context);

  bool hasError() const;
  const std::vector<Diagnostic> &diagnostics() const { return collected; }

  /// Shows under each message the line of `source` that it points to.
  void quoteSource(llvm::StringRef file, llvm::StringRef source);

private:
  std::vector<Diagnostic> collected;
  mlir::ScopedDiagnosticHandler handler;
};

/// Throws `MLIRError` with the diagnostics in its message and attributes;
/// `summary` is the message when there are none.
[[noreturn]] void raiseError(const std::vector<Diagnostic> &diagnostics,
                             const std::string &summary,
                             std::optional<std::string> failedPass = {});
[[noreturn]] void raiseError(const std::string &message);

} // namespace patternc::python

#endif // PYTHON_BINDINGS_DIAGNOSTICS_H
