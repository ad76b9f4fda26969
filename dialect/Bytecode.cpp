// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Kernel maps in MLIR's bytecode. Any other attribute stands there as its text,
// which is where MLIR loses the data of a resource.

#include "dialect/Bytecode.h"

#include "dialect/PatternAttributes.h"
#include "mlir/Bytecode/BytecodeImplementation.h"

using namespace mlir;
using namespace patternc;

namespace {

struct PatternBytecode : BytecodeDialectInterface {
  explicit PatternBytecode(Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  Attribute readAttribute(DialectBytecodeReader &reader) const override {
    KernelPatternsAttr set;
    ElementsAttr ids;
    if (failed(reader.readAttribute(set)) || failed(reader.readAttribute(ids)))
      return {};
    return KernelMapAttr::getChecked([&] { return reader.emitError(); },
                                     getContext(), set, ids);
  }

  LogicalResult writeAttribute(Attribute attribute,
                               DialectBytecodeWriter &writer) const override {
    auto map = dyn_cast<KernelMapAttr>(attribute);
    if (!map)
      return failure();
    writer.writeAttribute(map.getSet());
    writer.writeAttribute(map.getIds());
    return success();
  }
};

} // namespace

std::unique_ptr<DialectInterface>
patternc::createBytecodeInterface(Dialect *dialect) {
  return std::make_unique<PatternBytecode>(dialect);
}
