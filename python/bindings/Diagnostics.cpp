// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//===- Diagnostics.cpp - MLIR diagnostics as data and as an exception -----===//

#include "python/bindings/Diagnostics.h"
#include "python/bindings/Bindings.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "nanobind/stl/optional.h"
#include "nanobind/stl/string.h"
#include "nanobind/stl/vector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace nb = nanobind;
using namespace patternc::python;

namespace {

/// More errors than anyone reads in one exception.
constexpr size_t maxShownDiagnostics = 10;
/// A line of weights can be megabytes long.
constexpr size_t maxQuotedColumns = 100;

/// Owned by the extension module; valid as long as the interpreter runs.
PyObject *errorType = nullptr;

llvm::StringRef severityName(mlir::DiagnosticSeverity severity) {
  switch (severity) {
  case mlir::DiagnosticSeverity::Note:
    return "note";
  case mlir::DiagnosticSeverity::Warning:
    return "warning";
  case mlir::DiagnosticSeverity::Error:
    return "error";
  case mlir::DiagnosticSeverity::Remark:
    return "remark";
  }
  return "error";
}

/// `file:line:column`, or a layer's name with the place that it is from. MLIR's
/// own `loc("file":1:2)` is for machines.
std::string readableLocation(mlir::Location location) {
  if (llvm::isa<mlir::UnknownLoc>(location))
    return "";
  if (auto place = llvm::dyn_cast<mlir::FileLineColLoc>(location)) {
    // The file as a whole, as a module without a location has it.
    if (place.getLine() == 0)
      return place.getFilename().str();
    return (place.getFilename().getValue() + ":" +
            llvm::Twine(place.getLine()) + ":" + llvm::Twine(place.getColumn()))
        .str();
  }
  if (auto name = llvm::dyn_cast<mlir::NameLoc>(location)) {
    std::string from = readableLocation(name.getChildLoc());
    std::string text = "'" + name.getName().getValue().str() + "'";
    return from.empty() ? text : text + " (" + from + ")";
  }
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(location)) {
    std::string text;
    for (mlir::Location part : fused.getLocations()) {
      std::string partText = readableLocation(part);
      if (!partText.empty())
        text += (text.empty() ? "" : ", ") + partText;
    }
    return text;
  }
  std::string text;
  llvm::raw_string_ostream(text) << location;
  return text;
}

Diagnostic convert(mlir::Diagnostic &diagnostic) {
  Diagnostic result;
  result.severity = severityName(diagnostic.getSeverity()).str();
  // A message may quote bytes of a file that is no text.
  result.message = llvm::json::fixUTF8(diagnostic.str());
  result.location =
      llvm::json::fixUTF8(readableLocation(diagnostic.getLocation()));
  if (auto place =
          diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>()) {
    result.file = llvm::json::fixUTF8(place.getFilename());
    result.line = place.getLine();
    result.column = place.getColumn();
  }
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    result.notes.push_back(convert(note));
  return result;
}

/// The given line of a text, counted from 1, without its end.
llvm::StringRef lineOf(llvm::StringRef source, int64_t line) {
  for (int64_t i = 1; i < line; ++i) {
    size_t end = source.find('\n');
    if (end == llvm::StringRef::npos)
      return {};
    source = source.drop_front(end + 1);
  }
  return source.take_until([](char c) { return c == '\n'; }).rtrim('\r');
}

void quoteLine(Diagnostic &diagnostic, llvm::StringRef file,
               llvm::StringRef source) {
  if (diagnostic.file == file && diagnostic.line && *diagnostic.line > 0) {
    llvm::StringRef line = lineOf(source, *diagnostic.line);
    size_t column = std::max<int64_t>(diagnostic.column.value_or(1), 1) - 1;
    // Around the column when the line is long.
    size_t start =
        column > maxQuotedColumns / 2 && line.size() > maxQuotedColumns
            ? column - maxQuotedColumns / 2
            : 0;
    llvm::StringRef shown = line.substr(start, maxQuotedColumns);
    if (!shown.trim().empty()) {
      std::string caret;
      for (char c : shown.take_front(column - start))
        caret += c == '\t' ? '\t' : ' ';
      diagnostic.message +=
          "\n  " + llvm::json::fixUTF8(shown.rtrim()) + "\n  " + caret + "^";
    }
  }
  for (Diagnostic &note : diagnostic.notes)
    if (note.location != diagnostic.location)
      quoteLine(note, file, source);
}

} // namespace

std::string Diagnostic::text() const {
  std::string result = location.empty() ? "" : location + ": ";
  result += severity + ": " + message;
  for (const Diagnostic &note : notes) {
    result += "\n  ";
    for (char c : note.text()) {
      result += c;
      if (c == '\n')
        result += "  ";
    }
  }
  return result;
}

DiagnosticCollector::DiagnosticCollector(mlir::MLIRContext *context)
    : handler(context, [this](mlir::Diagnostic &diagnostic) {
        // The engine calls handlers one at a time.
        collected.push_back(convert(diagnostic));
      }) {}

bool DiagnosticCollector::hasError() const {
  return llvm::any_of(collected, [](const Diagnostic &diagnostic) {
    return diagnostic.severity == "error";
  });
}

void DiagnosticCollector::quoteSource(llvm::StringRef file,
                                      llvm::StringRef source) {
  for (Diagnostic &diagnostic : collected)
    quoteLine(diagnostic, file, source);
}

void patternc::python::raiseError(const std::vector<Diagnostic> &diagnostics,
                                  const std::string &summary,
                                  std::optional<std::string> failedPass) {
  std::string message;
  size_t shown = 0, errors = 0;
  for (const Diagnostic &diagnostic : diagnostics) {
    if (diagnostic.severity != "error")
      continue;
    if (++errors > maxShownDiagnostics)
      continue;
    ++shown;
    message += (message.empty() ? "" : "\n") + diagnostic.text();
  }
  if (message.empty())
    message = summary;
  if (errors > shown)
    message += "\n(and " + std::to_string(errors - shown) + " more errors)";
  if (failedPass)
    message += "\n(in pass '" + *failedPass + "')";

  nb::object error = nb::borrow(errorType)(message);
  error.attr("diagnostics") = nb::cast(diagnostics);
  error.attr("failed_pass") = nb::cast(failedPass);
  PyErr_SetObject(errorType, error.ptr());
  throw nb::python_error();
}

void patternc::python::raiseError(const std::string &message) {
  raiseError({}, message);
}

void patternc::python::bindDiagnostics(nb::module_ &pythonModule) {
  nb::class_<Diagnostic>(pythonModule, "Diagnostic",
                         "One message of the compiler, with its notes.")
      .def_ro("severity", &Diagnostic::severity,
              "`error`, `warning`, `remark` or `note`.")
      .def_ro("message", &Diagnostic::message)
      .def_ro("location", &Diagnostic::location,
              "Readable place, such as `file:line:column` or a layer's name; "
              "empty when unknown.")
      .def_ro("file", &Diagnostic::file)
      .def_ro("line", &Diagnostic::line, "Counted from 1.")
      .def_ro("column", &Diagnostic::column, "Counted from 1.")
      .def_ro("notes", &Diagnostic::notes)
      .def("__str__", &Diagnostic::text)
      .def("__repr__", [](const Diagnostic &self) {
        return "<Diagnostic " + self.text() + ">";
      });

  // In the project's family, so that one `except` catches every mistake.
  nb::object base =
      nb::module_::import_("patternc.errors").attr("PatterncError");
  nb::dict members;
  members["diagnostics"] = nb::list();
  members["failed_pass"] = nb::none();
  errorType = PyErr_NewExceptionWithDoc(
      "patternc.ir.MLIRError",
      "IR does not parse or verify, a pipeline does not parse, or a pass "
      "failed.\n\nAttributes:\n"
      "  diagnostics: every `Diagnostic` reported, warnings and remarks "
      "included.\n"
      "  failed_pass: flag of the pass that failed, or None.",
      base.ptr(), members.ptr());
  if (!errorType)
    throw nb::python_error();
  pythonModule.attr("MLIRError") = nb::borrow(errorType);
}
