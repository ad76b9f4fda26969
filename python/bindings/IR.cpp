// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//===- IR.cpp - Contexts and modules --------------------------------------===//

#include "passes/Registration.h"
#include "python/bindings/Bindings.h"
#include "python/bindings/Context.h"
#include "python/bindings/Diagnostics.h"
#include "python/bindings/Resources.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "nanobind/stl/optional.h"
#include "nanobind/stl/pair.h"
#include "nanobind/stl/shared_ptr.h"
#include "nanobind/stl/string.h"
#include "nanobind/stl/unique_ptr.h"
#include "nanobind/stl/vector.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

namespace nb = nanobind;
using namespace patternc::python;

patternc::python::Context::Context(bool allowUnregisteredDialects,
                                   bool multithreading)
    : mlir(multithreading ? mlir::MLIRContext::Threading::ENABLED
                          : mlir::MLIRContext::Threading::DISABLED) {
  mlir::DialectRegistry registry;
  patternc::registerDialects(registry);
  mlir.appendDialectRegistry(registry);
  mlir.allowUnregisteredDialects(allowUnregisteredDialects);
  // The default adds the whole operation to a message: for a function, the
  // network with its constants.
  mlir.printOpOnDiagnostic(false);
}

namespace {

/// The characters of a `str` or `bytes`, which the object keeps alive. Both
/// end in a zero, which the parser relies on.
llvm::StringRef characters(nb::handle source) {
  Py_ssize_t size = 0;
  if (PyUnicode_Check(source.ptr())) {
    const char *data = PyUnicode_AsUTF8AndSize(source.ptr(), &size);
    if (!data)
      throw nb::python_error();
    return {data, static_cast<size_t>(size)};
  }
  char *data = nullptr;
  if (PyBytes_AsStringAndSize(source.ptr(), &data, &size) != 0)
    throw nb::python_error();
  return {data, static_cast<size_t>(size)};
}

std::unique_ptr<Module> parse(nb::handle source,
                              std::shared_ptr<Context> context,
                              const std::string &filename,
                              std::optional<nb::dict> resources) {
  if (!context)
    context = std::make_shared<Context>(false, true);
  if (resources)
    requireNewResources(*context, *resources);

  llvm::StringRef text = characters(source);
  auto module = std::make_unique<Module>();
  module->context = context;
  std::vector<Diagnostic> diagnostics;
  {
    ContextGuard guard(*context);
    DiagnosticCollector collector(&context->mlir);
    llvm::SourceMgr sourceMgr;
    sourceMgr.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBuffer(text, filename), llvm::SMLoc());
    module->op =
        mlir::parseSourceFile<mlir::ModuleOp>(sourceMgr, &context->mlir);
    collector.quoteSource(filename, text);
    diagnostics = collector.diagnostics();
  }
  if (!module->op)
    raiseError(diagnostics, filename + ": cannot be parsed as an MLIR module");
  if (resources)
    attachResources(*context, *module->op, *resources);
  return module;
}

std::string print(Module &module, std::optional<int64_t> elideLarge,
                  bool resources, bool locations, bool generic) {
  mlir::OpPrintingFlags flags;
  if (elideLarge) {
    flags.elideLargeElementsAttrs(*elideLarge);
    flags.elideLargeResourceString(*elideLarge);
  }
  if (!resources)
    flags.elideLargeResourceString(0);
  if (locations)
    flags.enableDebugInfo(true, /*prettyForm=*/false);
  if (generic)
    flags.printGenericOpForm();
  std::string text;
  {
    ContextGuard guard(*module.context);
    llvm::raw_string_ostream stream(text);
    module.op->print(stream, flags);
  }
  // What is left of the resource section when nothing in it is printed.
  llvm::StringRef shown(text);
  if (!resources && shown.consume_back("\n{-#\n\n#-}\n"))
    return shown.str();
  return text;
}

void verify(Module &module) {
  std::vector<Diagnostic> diagnostics;
  {
    ContextGuard guard(*module.context);
    DiagnosticCollector collector(&module.context->mlir);
    if (mlir::succeeded(mlir::verify(*module.op)))
      return;
    diagnostics = collector.diagnostics();
  }
  raiseError(diagnostics, "the module does not verify");
}

/// Shape, with None for a dynamic size, and element type. A type without a
/// static rank has None for its shape and its own text for the element type.
nb::tuple describe(mlir::Type type) {
  auto text = [](mlir::Type type) {
    std::string result;
    llvm::raw_string_ostream(result) << type;
    return result;
  };
  auto shaped = llvm::dyn_cast<mlir::ShapedType>(type);
  if (!shaped || !shaped.hasRank())
    return nb::make_tuple(nb::none(), text(type));
  nb::list shape;
  for (int64_t size : shaped.getShape())
    shape.append(mlir::ShapedType::isDynamic(size)
                     ? nb::object(nb::none())
                     : nb::object(nb::int_(size)));
  return nb::make_tuple(nb::tuple(shape), text(shaped.getElementType()));
}

nb::tuple functionSignature(Module &module, const std::string &name) {
  auto function = llvm::dyn_cast_or_null<mlir::FunctionOpInterface>(
      mlir::SymbolTable::lookupSymbolIn(module.op->getOperation(), name));
  if (!function) {
    std::string names;
    for (auto other : module.op->getOps<mlir::FunctionOpInterface>())
      names += (names.empty() ? "'" : ", '") + other.getName().str() + "'";
    raiseError("the module has no function '" + name + "', but " +
               (names.empty() ? "none at all" : names));
  }
  nb::list inputs, outputs;
  for (mlir::Type type : function.getArgumentTypes())
    inputs.append(describe(type));
  for (mlir::Type type : function.getResultTypes())
    outputs.append(describe(type));
  return nb::make_tuple(inputs, outputs);
}

} // namespace

void patternc::python::bindIR(nb::module_ &pythonModule) {
  nb::class_<Context>(pythonModule, "Context",
                      "What modules live in: dialects, types, and the "
                      "resources of every module "
                      "parsed into it, which it keeps as long as it lives.")
      .def(nb::init<bool, bool>(), nb::kw_only(),
           nb::arg("allow_unregistered_dialects") = false,
           nb::arg("multithreading") = true)
      .def_prop_rw(
          "allow_unregistered_dialects",
          [](Context &self) { return self.mlir.allowsUnregisteredDialects(); },
          [](Context &self, bool allow) {
            self.mlir.allowUnregisteredDialects(allow);
          })
      .def_prop_ro("dialects", [](Context &self) {
        std::vector<std::string> names;
        for (llvm::StringRef name : self.mlir.getAvailableDialects())
          names.push_back(name.str());
        return names;
      });

  nb::class_<Module>(pythonModule, "Module",
                     "A `builtin.module`, with its context.")
      .def_static(
          "parse", &parse, nb::arg("source"),
          nb::arg("context").none() = nb::none(), nb::kw_only(),
          nb::arg("filename") = "<string>",
          nb::arg("resources").none() = nb::none(),
          nb::sig("def parse(source: str | bytes, context: Context | None = "
                  "None, *, "
                  "filename: str = '<string>', "
                  "resources: dict[str, typing.Any] | None = None) "
                  "-> Module"),
          "Parses MLIR text, or bytecode, into a context (by default a new "
          "one).\n\nWith `resources`, each `dense_resource<NAME>` without data "
          "in the text\ntakes the array of that name: C-contiguous, of the "
          "type's shape and\nelements (or flat bytes), kept alive and not "
          "copied, so it must not\nchange. Names that the text does not use "
          "are ignored; a name of the text\nthat has no data is an error.\n\n"
          "Raises:\n  MLIRError: with file:line:column.")
      .def("print", &print, nb::kw_only(),
           nb::arg("elide_large").none() = nb::none(),
           nb::arg("resources") = true, nb::arg("locations") = false,
           nb::arg("generic") = false,
           "The module as text.\n\nArgs:\n"
           "  elide_large: leave out constants of more elements, and blobs of "
           "more\n    characters, than this: to be read, it does not parse "
           "back.\n"
           "  resources: whether to print the data of `dense_resource` "
           "constants; without\n    it the text parses back with "
           "`resources=module.resources()`.\n"
           "  locations: print where each operation comes from.\n"
           "  generic: print the generic form of each operation.")
      .def("__str__",
           [](Module &self) { return print(self, {}, true, false, false); })
      .def(
          "resources",
          [](Module &self) { return exportResources(self.context, *self.op); },
          nb::sig("def resources(self) -> dict[str, numpy.ndarray]"),
          "Read-only arrays over the data of the module's `dense_resource` "
          "constants,\nwithout a copy. bf16 comes as uint16; a type that "
          "numpy lacks, as flat bytes.")
      .def(
          "free_unused_resources",
          [](Module &self) { freeUnusedResources(*self.context, *self.op); },
          "Frees the data of the context's resources that this module does not "
          "refer to,\nunless an array of `resources` looks at them. Other "
          "modules of the context\nlose them.")
      .def(
          "clone",
          [](Module &self) {
            ContextGuard guard(*self.context);
            auto copy = std::make_unique<Module>();
            copy->context = self.context;
            copy->op = self.op->clone();
            return copy;
          },
          "A copy in the same context; the resources are shared.")
      .def("verify", &verify, "Raises `MLIRError` when the module is invalid.")
      .def_prop_ro("context", [](Module &self) { return self.context; });

  pythonModule.def(
      "function_signature", &functionSignature, nb::arg("module"),
      nb::arg("name"),
      nb::sig("def function_signature(module: Module, name: str) -> "
              "tuple[list[tuple[tuple[int | None, ...] | None, str]], "
              "list[tuple[tuple[int | None, ...] | None, str]]]"),
      "Inputs and outputs of a function, each as (shape, element type as "
      "MLIR\nspells it). A dynamic size is None; what is no ranked tensor "
      "has None for its\nshape and its type's text.");
}
