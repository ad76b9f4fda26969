// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//===- Resources.cpp - Weights between Python arrays and resource blobs ---===//
//
// A constant `dense_resource<NAME>` names a blob that the builtin dialect's
// blob manager holds. Here such blobs are Python buffers: weights cross into
// MLIR and back without a copy and never as text.
//
//===----------------------------------------------------------------------===//

#include "python/bindings/Resources.h"
#include "python/bindings/Diagnostics.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "nanobind/ndarray.h"
#include "nanobind/stl/shared_ptr.h"
#include "nanobind/stl/string.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace nb = nanobind;
using namespace patternc::python;

namespace {

using Handle = mlir::DenseResourceElementsHandle;

/// A vector register's width: more alignment than that is of use to nobody.
constexpr uint64_t maxAlignment = 64;

mlir::DialectResourceBlobManager &blobManager(Context &context) {
  return Handle::getManagerInterface(&context.mlir).getBlobManager();
}

/// Each resource that the module refers to, with the first type it has there.
llvm::MapVector<llvm::StringRef, mlir::DenseResourceElementsAttr>
reachableResources(mlir::ModuleOp module) {
  llvm::MapVector<llvm::StringRef, mlir::DenseResourceElementsAttr> found;
  mlir::AttrTypeWalker walker;
  walker.addWalk([&](mlir::DenseResourceElementsAttr attribute) {
    found.insert({attribute.getRawHandle().getKey(), attribute});
  });
  module->walk(
      [&](mlir::Operation *op) { walker.walk(op->getAttrDictionary()); });
  return found;
}

std::string text(mlir::Type type) {
  std::string result;
  llvm::raw_string_ostream(result) << type;
  return result;
}

/// Bytes of one element as a blob stores it, or nothing when MLIR does not say.
std::optional<int64_t> storedBytes(mlir::Type element) {
  if (auto complex = llvm::dyn_cast<mlir::ComplexType>(element)) {
    std::optional<int64_t> part = storedBytes(complex.getElementType());
    return part ? std::optional<int64_t>(2 * *part) : std::nullopt;
  }
  if (element.isIndex())
    return 8;
  if (element.isIntOrFloat())
    return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  return std::nullopt;
}

/// A buffer that a Python object lends, given back when this is destroyed,
/// which may be on any thread.
class BorrowedBuffer {
public:
  BorrowedBuffer(nb::handle object, const std::string &name) {
    // One error for all that numpy, array and memoryview may say.
    if (PyObject_GetBuffer(object.ptr(), &view,
                           PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0) {
      PyErr_Clear();
      raiseError(
          "resource '" + name + "' is " +
          nb::cast<std::string>(nb::str(object.type().attr("__name__"))) +
          " without a C-contiguous buffer, expected a C-contiguous "
          "numpy array");
    }
  }
  BorrowedBuffer(const BorrowedBuffer &) = delete;
  ~BorrowedBuffer() {
    // At exit the interpreter may be gone before the context is.
    if (!Py_IsInitialized())
      return;
    nb::gil_scoped_acquire acquire;
    PyBuffer_Release(&view);
  }

  llvm::ArrayRef<char> bytes() const {
    return {static_cast<const char *>(view.buf), static_cast<size_t>(view.len)};
  }
  int64_t itemSize() const { return view.itemsize; }
  llvm::ArrayRef<Py_ssize_t> shape() const {
    return {view.shape, static_cast<size_t>(view.ndim)};
  }
  llvm::StringRef format() const {
    llvm::StringRef format = view.format ? view.format : "B";
    return format.ltrim("@=<");
  }

private:
  Py_buffer view;
};

/// Whether a buffer of this format can be elements of the type; the sizes are
/// compared apart from it.
bool formatFits(llvm::StringRef format, mlir::Type element) {
  bool isSigned =
      format.size() == 1 && llvm::StringRef("bhilqn").contains(format);
  bool isUnsigned =
      format.size() == 1 && llvm::StringRef("BHILQN").contains(format);
  if (element.isF16() || element.isF32() || element.isF64())
    return format.size() == 1 && llvm::StringRef("efd").contains(format);
  if (llvm::isa<mlir::FloatType>(element))
    // bf16 and smaller have no buffer format: they come as unsigned integers.
    return isUnsigned;
  if (llvm::isa<mlir::ComplexType>(element))
    return format.starts_with("Z");
  if (element.isInteger(1))
    return format == "?" || isUnsigned;
  if (element.isSignedInteger())
    return isSigned;
  if (element.isUnsignedInteger())
    return isUnsigned;
  if (element.isSignlessInteger() || element.isIndex())
    return isSigned || isUnsigned;
  return true;
}

void requireFits(const BorrowedBuffer &buffer,
                 mlir::DenseResourceElementsAttr attribute,
                 const std::string &name) {
  mlir::ShapedType type = attribute.getType();
  std::optional<int64_t> itemSize = storedBytes(type.getElementType());
  if (!itemSize)
    return;
  int64_t expected = *itemSize * type.getNumElements();
  if (static_cast<int64_t>(buffer.bytes().size()) != expected)
    raiseError("resource '" + name + "' has " +
               std::to_string(buffer.bytes().size()) + " bytes, but " +
               text(type) + " needs " + std::to_string(expected));
  // A flat array of bytes is raw data of any type.
  if (buffer.format() == "B" && buffer.shape().size() == 1)
    return;
  if (buffer.itemSize() != *itemSize ||
      !formatFits(buffer.format(), type.getElementType()))
    raiseError("resource '" + name + "' has elements of buffer format '" +
               buffer.format().str() + "', but its type is " + text(type));
  if (!std::equal(buffer.shape().begin(), buffer.shape().end(),
                  type.getShape().begin(), type.getShape().end())) {
    std::string shape;
    for (Py_ssize_t size : buffer.shape())
      shape += (shape.empty() ? "" : "x") + std::to_string(size);
    raiseError("resource '" + name + "' has shape " +
               (shape.empty() ? "()" : shape) + ", but its type is " +
               text(type));
  }
}

/// A blob over the buffer, which lives until the blob is freed.
mlir::AsmResourceBlob makeBlob(std::unique_ptr<BorrowedBuffer> buffer) {
  llvm::ArrayRef<char> data = buffer->bytes();
  uint64_t address = reinterpret_cast<uint64_t>(data.data());
  uint64_t alignment =
      address ? std::min(maxAlignment, address & -address) : maxAlignment;
  // Never copied: weights may be larger than the memory left.
  return mlir::AsmResourceBlob(
      data, alignment,
      [buffer = std::move(buffer)](void *, size_t, size_t) mutable {
        buffer.reset();
      },
      /*dataIsMutable=*/false);
}

/// The array type of an element type, if numpy has it, and of bytes otherwise.
std::optional<nb::dlpack::dtype> arrayType(mlir::Type element) {
  if (element.isF16() || element.isF32() || element.isF64())
    return nb::dlpack::dtype{
        static_cast<uint8_t>(nb::dlpack::dtype_code::Float),
        static_cast<uint8_t>(element.getIntOrFloatBitWidth()), 1};
  if (element.isBF16())
    return nb::dtype<uint16_t>();
  if (element.isIndex())
    return nb::dtype<int64_t>();
  if (element.isInteger(1))
    return nb::dtype<bool>();
  if (!element.isInteger(8) && !element.isInteger(16) &&
      !element.isInteger(32) && !element.isInteger(64))
    return std::nullopt;
  nb::dlpack::dtype_code code = element.isUnsignedInteger()
                                    ? nb::dlpack::dtype_code::UInt
                                    : nb::dlpack::dtype_code::Int;
  return nb::dlpack::dtype{
      static_cast<uint8_t>(code),
      static_cast<uint8_t>(element.getIntOrFloatBitWidth()), 1};
}

} // namespace

void patternc::python::requireNewResources(Context &context,
                                           nb::dict resources) {
  for (auto [key, value] : resources) {
    std::string name = nb::cast<std::string>(nb::str(key));
    if (blobManager(context).lookup(name))
      raiseError("the context already holds a resource '" + name +
                 "'; parse each module with resources in a context of its own");
  }
}

void patternc::python::attachResources(Context &context, mlir::ModuleOp module,
                                       nb::dict resources) {
  for (auto &[key, attribute] : reachableResources(module)) {
    std::string name = key.str();
    nb::str pythonName(name.c_str(), name.size());
    if (!resources.contains(pythonName)) {
      if (attribute.getRawHandle().getBlob())
        continue;
      if (key.starts_with("__elided__"))
        raiseError("the constants of the module were elided when it was "
                   "printed; print it in full");
      raiseError("resource '" + name + "' of type " +
                 text(attribute.getType()) + " has no data");
    }
    if (attribute.getRawHandle().getBlob())
      raiseError("resource '" + name + "' has data in the text already");
    auto buffer = std::make_unique<BorrowedBuffer>(resources[pythonName], name);
    requireFits(*buffer, attribute, name);
    blobManager(context).update(name, makeBlob(std::move(buffer)));
  }
}

void patternc::python::freeUnusedResources(Context &context,
                                           mlir::ModuleOp module) {
  ContextGuard guard(context);
  auto used = reachableResources(module);
  std::vector<std::string> unused;
  blobManager(context).getBlobMap([&](const auto &blobs) {
    for (const auto &blob : blobs)
      if (!used.contains(blob.getKey()) &&
          !context.lent.contains(blob.getKey()))
        unused.push_back(blob.getKey().str());
  });
  // The entry stays: attributes may name it, and find no data.
  for (const std::string &name : unused)
    blobManager(context).update(
        name, mlir::UnmanagedAsmResourceBlob::allocateInferAlign<char>({}));
}

nb::dict
patternc::python::exportResources(const std::shared_ptr<Context> &context,
                                  mlir::ModuleOp module) {
  // Blobs are the context's: a view keeps it, not the module, alive.
  nb::object owner = nb::cast(context);
  llvm::MapVector<llvm::StringRef, mlir::DenseResourceElementsAttr> found;
  {
    ContextGuard guard(*context);
    found = reachableResources(module);
    for (auto &[key, attribute] : found)
      context->lent.insert(key);
  }
  nb::dict result;
  for (auto &[key, attribute] : found) {
    const mlir::AsmResourceBlob *blob = attribute.getRawHandle().getBlob();
    if (!blob)
      continue;
    mlir::ShapedType type = attribute.getType();
    std::optional<nb::dlpack::dtype> dtype = arrayType(type.getElementType());
    size_t expected =
        dtype ? static_cast<size_t>(type.getNumElements()) * dtype->bits / 8
              : 0;
    llvm::SmallVector<size_t> shape(type.getShape());
    if (!dtype || blob->getData().size() != expected) {
      dtype = nb::dtype<uint8_t>();
      shape.assign({blob->getData().size()});
    }
    nb::str name(key.data(), key.size());
    result[name] = nb::ndarray<nb::numpy, nb::ro>(
        blob->getData().data(), shape.size(), shape.data(), owner,
        /*strides=*/nullptr, *dtype);
  }
  return result;
}
