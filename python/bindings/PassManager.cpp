// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//===- PassManager.cpp - Pass pipelines -----------------------------------===//

#include "python/bindings/Bindings.h"
#include "python/bindings/Context.h"
#include "python/bindings/Diagnostics.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Support/Timing.h"
#include "nanobind/stl/filesystem.h"
#include "nanobind/stl/optional.h"
#include "nanobind/stl/pair.h"
#include "nanobind/stl/shared_ptr.h"
#include "nanobind/stl/string.h"
#include "nanobind/stl/unique_ptr.h"
#include "nanobind/stl/vector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <filesystem>

namespace nb = nanobind;
using namespace patternc::python;

namespace {

/// Remembers the first pass that fails, by its flag: MLIR's diagnostics do not
/// name it.
class FailureRecorder : public mlir::PassInstrumentation {
public:
  explicit FailureRecorder(std::optional<std::string> &flag) : flag(flag) {}

  // The pass manager calls instrumentations one at a time.
  void runAfterPassFailed(mlir::Pass *pass, mlir::Operation *) override {
    if (!flag && !pass->getArgument().empty())
      flag = pass->getArgument().str();
  }

private:
  std::optional<std::string> &flag;
};

/// What one run of a pass counted: its flag, then name and value.
using Statistics =
    std::pair<std::string, std::vector<std::pair<std::string, int64_t>>>;

/// Collects the remarks that the passes report their counts with
/// (passes/Statistics.h).
class StatisticsStreamer : public mlir::remark::detail::MLIRRemarkStreamerBase {
public:
  explicit StatisticsStreamer(std::vector<Statistics> &collected)
      : collected(collected) {}

  void streamOptimizationRemark(
      const mlir::remark::detail::Remark &remark) override {
    if (remark.getRemarkName() != "statistics")
      return;
    Statistics &statistics = collected.emplace_back();
    statistics.first = remark.getCategoryName().str();
    for (const mlir::remark::detail::Remark::Arg &arg : remark.getArgs()) {
      int64_t value;
      if (llvm::to_integer(arg.val, value))
        statistics.second.push_back({arg.key, value});
    }
  }

private:
  std::vector<Statistics> &collected;
};

/// A pass as text, such as `flag{a=1 b={x y}}`.
std::string textOf(mlir::Pass &pass) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  pass.printAsTextualPipeline(stream);
  return text;
}

/// The options of a pass as text: name, then value.
using Options = std::vector<std::pair<std::string, std::string>>;

Options optionsIn(llvm::StringRef text) {
  Options options;
  text = text.substr(text.find('{')).drop_front().drop_back();
  while (!text.empty()) {
    auto [name, rest] = text.split('=');
    bool isQuoted = rest.consume_front("{");
    auto [value, next] = rest.split(isQuoted ? "}" : " ");
    options.push_back({name.str(), value.str()});
    text = next.ltrim();
  }
  return options;
}

/// A pass with those of its options that are not as by default.
std::pair<std::string, Options> describe(mlir::Pass &pass) {
  std::string flag = pass.getArgument().str(), text = textOf(pass);
  auto plain =
      mlir::parsePassPipeline("builtin.module(" + flag + ")", llvm::nulls());
  if (mlir::failed(plain) || plain->empty())
    return {text, {}}; // a pipeline for operations in the module
  std::string plainText = textOf(*plain->begin());
  if (text == plainText)
    return {flag, {}};
  Options options = optionsIn(text), byDefault = optionsIn(plainText);
  llvm::erase_if(options, [&](const auto &option) {
    return llvm::is_contained(byDefault, option);
  });
  return {flag, options};
}

class PassManager {
public:
  PassManager(std::shared_ptr<Context> context, const std::string &pipeline)
      : context(std::move(context)), manager(&this->context->mlir) {
    std::string message;
    llvm::raw_string_ostream stream(message);
    mlir::FailureOr<mlir::OpPassManager> parsed =
        mlir::parsePassPipeline(pipeline, stream);
    if (mlir::failed(parsed))
      raiseError("the pass pipeline does not parse: " +
                 llvm::StringRef(message).trim().str());
    static_cast<mlir::OpPassManager &>(manager) = std::move(*parsed);
    manager.addInstrumentation(std::make_unique<FailureRecorder>(failedPass));
  }

  std::string text() const {
    std::string result;
    llvm::raw_string_ostream stream(result);
    // No public const form.
    const_cast<mlir::PassManager &>(manager).printAsTextualPipeline(stream);
    return result;
  }

  std::vector<std::pair<std::string, Options>> passes() {
    std::vector<std::pair<std::string, Options>> result;
    for (mlir::Pass &pass : manager.getPasses())
      result.push_back(describe(pass));
    return result;
  }

  std::vector<Diagnostic> run(Module &module) {
    if (module.context != context)
      raiseError("the module and the pass manager are of different contexts");
    failedPass.reset();
    std::vector<Diagnostic> diagnostics;
    bool succeeded;
    {
      ContextGuard guard(*context);
      DiagnosticCollector collector(&context->mlir);
      // The engine is the context's: it is there for this run only.
      if (countStatistics)
        collectStatistics();
      succeeded = mlir::succeeded(manager.run(*module.op));
      context->mlir.setRemarkEngine(nullptr);
      diagnostics = collector.diagnostics();
    }
    if (!succeeded)
      raiseError(diagnostics, "the pass pipeline failed without a message",
                 failedPass);
    return diagnostics;
  }

  void enableVerifier(bool enabled) { manager.enableVerifier(enabled); }

  void enableIRPrinting(bool before, bool after, bool onlyOnChange,
                        std::optional<int64_t> elideLarge,
                        std::optional<std::filesystem::path> directory) {
    // A module can be printed as a whole only while nobody else changes it.
    context->mlir.disableMultithreading();
    mlir::OpPrintingFlags flags;
    if (elideLarge) {
      flags.elideLargeElementsAttrs(*elideLarge);
      flags.elideLargeResourceString(*elideLarge);
    }
    auto always = [](bool enabled) {
      return [enabled](mlir::Pass *, mlir::Operation *) { return enabled; };
    };
    if (directory)
      manager.enableIRPrintingToFileTree(
          always(before), always(after),
          /*printModuleScope=*/true, onlyOnChange,
          /*printAfterOnlyOnFailure=*/false, directory->string(), flags);
    else
      manager.enableIRPrinting(always(before), always(after),
                               /*printModuleScope=*/true, onlyOnChange,
                               /*printAfterOnlyOnFailure=*/false, llvm::errs(),
                               flags);
  }

  void enableTiming() {
    if (timing)
      return;
    timing = std::make_unique<Timing>();
    timing->manager.setEnabled(true);
    timing->manager.setOutput(mlir::createOutputStrategy(
        mlir::DefaultTimingManager::OutputFormat::Text, timing->stream));
    timing->scope = timing->manager.getRootScope();
    manager.enableTiming(timing->scope);
  }

  /// The report of the runs since the last one.
  std::string timingReport() {
    if (!timing)
      raiseError("timing is not enabled; call enable_timing() before run()");
    timing->scope.stop();
    timing->manager.print();
    std::string report = std::move(timing->text);
    timing->text.clear();
    timing->scope = timing->manager.getRootScope();
    return report;
  }

  void enableStatistics() { countStatistics = true; }

  /// The counts of the runs since the last call.
  std::vector<Statistics> takeStatistics() {
    return std::exchange(statistics, {});
  }

  void enableReproducer(const std::filesystem::path &path, bool local) {
    if (local)
      // MLIR's requirement: it re-runs passes one by one.
      context->mlir.disableMultithreading();
    manager.enableCrashReproducerGeneration(path.string(), local);
  }

private:
  void collectStatistics() {
    mlir::remark::RemarkCategories categories;
    categories.analysis = ".*";
    // Fails for a streamer that cannot be set up, which ours can.
    (void)mlir::remark::enableOptimizationRemarks(
        context->mlir, std::make_unique<StatisticsStreamer>(statistics),
        std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(), categories);
  }

  struct Timing {
    std::string text;
    llvm::raw_string_ostream stream{text};
    mlir::DefaultTimingManager manager;
    mlir::TimingScope scope;
  };

  std::shared_ptr<Context> context;
  std::optional<std::string> failedPass;
  bool countStatistics = false;
  std::vector<Statistics> statistics;
  // Before the manager, whose instrumentation refers to it.
  std::unique_ptr<Timing> timing;
  mlir::PassManager manager;
};

} // namespace

void patternc::python::bindPassManager(nb::module_ &pythonModule) {
  nb::class_<PassManager>(pythonModule, "PassManager",
                          "A pass pipeline over a context's modules.")
      .def_static(
          "parse",
          [](const std::string &pipeline, std::shared_ptr<Context> context) {
            return std::make_unique<PassManager>(std::move(context), pipeline);
          },
          nb::arg("pipeline"), nb::arg("context"),
          "Parses the text that `pattern-opt --pass-pipeline=` takes, such "
          "as\n`builtin.module(canonicalize)`.\n\nRaises:\n  MLIRError: for an "
          "unknown pass or option.")
      .def(
          "run", &PassManager::run, nb::arg("module"),
          "Runs the pipeline on a module, in place, without the GIL.\n\n"
          "Returns:\n  The warnings and remarks.\n\nRaises:\n  MLIRError: when "
          "a pass fails; the module is then in an unknown state.")
      .def("__str__", &PassManager::text)
      .def("passes", &PassManager::passes,
           "The passes, of named pipelines those that they stand for: flag, "
           "then name and\nvalue, as text, of each option that is not as by "
           "default.")
      .def(
          "enable_verifier", &PassManager::enableVerifier,
          nb::arg("enabled") = true,
          "Whether to verify the module after each pass, which is the default.")
      .def("enable_ir_printing", &PassManager::enableIRPrinting, nb::kw_only(),
           nb::arg("before") = false, nb::arg("after") = true,
           nb::arg("only_on_change") = true,
           nb::arg("elide_large").none() = int64_t(16),
           nb::arg("directory").none() = nb::none(),
           "Prints the module around each pass, on stderr or into files of a "
           "directory.\nMakes the context single-threaded.")
      .def("enable_timing", &PassManager::enableTiming,
           "Measures each pass; see `timing`.")
      .def("timing", &PassManager::timingReport,
           "The time of each pass in the runs since the last call, as a table.")
      .def("enable_statistics", &PassManager::enableStatistics,
           "Collects what the passes count; see `statistics`.")
      .def("statistics", &PassManager::takeStatistics,
           "What the passes of this project counted in the runs since the last "
           "call, in\norder: the flag of the pass, then name and value of each "
           "count.")
      .def("enable_reproducer", &PassManager::enableReproducer, nb::arg("path"),
           nb::kw_only(), nb::arg("local") = false,
           "Writes the module as it was, and the pipeline, to a file when a "
           "pass fails or\ncrashes; `pattern-opt --run-reproducer FILE` runs "
           "it. With `local`, the\nshortest pipeline that fails, on a "
           "single-threaded context.");
}
