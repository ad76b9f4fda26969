// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "iree/IreeDialects.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace patternc;

IreeDialect::IreeDialect(StringRef name, MLIRContext *context, TypeID id)
    : Dialect(name, context, id) {
  allowUnknownOperations();
  allowUnknownTypes();
}

Attribute IreeDialect::parseAttribute(DialectAsmParser &parser,
                                      Type type) const {
  return OpaqueAttr::get(StringAttr::get(getContext(), getNamespace()),
                         parser.getFullSymbolSpec(),
                         type ? type : NoneType::get(getContext()));
}

FlowDialect::FlowDialect(MLIRContext *context)
    : IreeDialect(getDialectNamespace(), context, TypeID::get<FlowDialect>()) {}
StreamDialect::StreamDialect(MLIRContext *context)
    : IreeDialect(getDialectNamespace(), context,
                  TypeID::get<StreamDialect>()) {}
UtilDialect::UtilDialect(MLIRContext *context)
    : IreeDialect(getDialectNamespace(), context, TypeID::get<UtilDialect>()) {}
TMTensorDialect::TMTensorDialect(MLIRContext *context)
    : IreeDialect(getDialectNamespace(), context,
                  TypeID::get<TMTensorDialect>()) {}
IreeCodegenDialect::IreeCodegenDialect(MLIRContext *context)
    : IreeDialect(getDialectNamespace(), context,
                  TypeID::get<IreeCodegenDialect>()) {}
