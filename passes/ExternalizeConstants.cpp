// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Turns large tensor constants into named parameters of the IREE module, whose
// bytes travel beside the text. Precondition: the module is complete.
// Postcondition: function bodies hold small constants only. Refuses a blob that
// does not hold what its type says.

#include "analysis/LayerReport.h"
#include "dialect/SizeLimits.h"
#include "iree/IreeDialects.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace patternc {
#define GEN_PASS_DEF_EXTERNALIZECONSTANTSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// The constant as a blob; dense elements are copied into a new one. Nothing
/// for constants whose bytes are not simply their elements.
static DenseResourceElementsAttr asBlob(Attribute attribute) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
    return resource;
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense || dense.isSplat() || !dense.getElementType().isIntOrFloat() ||
      dense.getElementType().getIntOrFloatBitWidth() < 8)
    return {};
  return DenseResourceElementsAttr::get(
      dense.getType(), "constant",
      HeapAsmResourceBlob::allocateAndCopyWithAlign(dense.getRawData(),
                                                    /*align=*/64,
                                                    /*dataIsMutable=*/false));
}

/// What makes two blobs of one type equal: their bytes, or if it has none here,
/// the name.
static StringRef contentOf(DenseResourceElementsAttr blob) {
  const AsmResourceBlob *data = blob.getRawHandle().getBlob();
  if (!data)
    return blob.getRawHandle().getKey();
  return {data->getData().data(), data->getData().size()};
}

namespace {

class ExternalizeConstants
    : public patternc::impl::ExternalizeConstantsPassBase<
          ExternalizeConstants> {
public:
  using ExternalizeConstantsPassBase::ExternalizeConstantsPassBase;

  void runOnOperation() override {
    SmallVector<arith::ConstantOp> constants;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](arith::ConstantOp op) {
        auto type = dyn_cast<RankedTensorType>(op.getType());
        std::optional<int64_t> bytes = type ? bytesOf(type) : std::nullopt;
        // Blobs are not printed, so they have to leave whatever their size.
        if (bytes && (isa<DenseResourceElementsAttr>(op.getValue()) ||
                      *bytes >= minBytes))
          constants.push_back(op);
      });

    SymbolTable symbols(getOperation());
    llvm::MapVector<Attribute, FlatSymbolRefAttr> globals;
    llvm::DenseMap<std::pair<Type, StringRef>, FlatSymbolRefAttr> equals;
    NamedAttrList blobs;
    int64_t bytes = 0;
    for (arith::ConstantOp op : constants) {
      // What kernels made arrays of their own from.
      if (op.use_empty()) {
        op.erase();
        continue;
      }
      FlatSymbolRefAttr &global = globals[op.getValue()];
      if (!global) {
        DenseResourceElementsAttr blob = asBlob(op.getValue());
        if (!blob)
          continue;
        int64_t expected = *bytesOf(blob.getType());
        const AsmResourceBlob *data = blob.getRawHandle().getBlob();
        if (data && static_cast<int64_t>(data->getData().size()) != expected) {
          op.emitError("blob ") << blob.getRawHandle().getKey() << " has "
                                << data->getData().size() << " bytes, but "
                                << blob.getType() << " takes " << expected;
          return signalPassFailure();
        }
        // An unrolled loop has the same weights in each of its steps.
        FlatSymbolRefAttr &equal = equals[{blob.getType(), contentOf(blob)}];
        if (!equal) {
          StringRef name = blob.getRawHandle().getKey();
          if (!blobs.get(name))
            bytes += expected;
          blobs.set(name, blob);
          equal = createGlobal(symbols, op.getLoc(), name, blob.getType());
        }
        global = equal;
      }
      OpBuilder b(op);
      OperationState load(op.getLoc(), "util.global.load");
      load.addTypes(op.getType());
      load.propertiesAttr =
          b.getDictionaryAttr(b.getNamedAttr("global", global));
      op.replaceAllUsesWith(b.create(load));
      op.erase();
    }
    getOperation()->removeAttr(TargetAttr::attributeName);
    getOperation()->removeAttr(floatReasons);
    // The bytes stay with the module until the caller takes them.
    if (!blobs.empty())
      getOperation()->setAttr("pattern.parameters",
                              blobs.getDictionary(&getContext()));
    remarkStatistics(
        *this, getOperation(),
        {{"parameters", static_cast<int64_t>(blobs.getAttrs().size())},
         {"bytes", bytes}});
  }

private:
  FlatSymbolRefAttr createGlobal(SymbolTable &symbols, Location loc,
                                 StringRef name, ShapedType type) {
    OpBuilder b = OpBuilder::atBlockBegin(getOperation().getBody());
    std::string symbol = name.str();
    for (unsigned i = 1; symbols.lookup(symbol) || !used.insert(symbol).second;
         ++i)
      symbol = (name + "_" + Twine(i)).str();
    std::string parameter;
    llvm::raw_string_ostream os(parameter);
    os << "parameter.named<\"";
    llvm::printEscapedString(scope, os);
    os << "\"::\"";
    llvm::printEscapedString(name, os);
    os << "\">";
    OperationState state(loc, "util.global");
    state.propertiesAttr = b.getDictionaryAttr(
        {b.getNamedAttr(
             "initial_value",
             OpaqueAttr::get(b.getStringAttr("flow"), parameter, type)),
         b.getNamedAttr("sym_name", b.getStringAttr(symbol)),
         b.getNamedAttr("sym_visibility", b.getStringAttr("private")),
         b.getNamedAttr("type", TypeAttr::get(type))});
    b.create(state);
    return FlatSymbolRefAttr::get(b.getContext(), symbol);
  }

  llvm::StringSet<> used;
};

} // namespace
