// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef IREE_IREEDIALECTS_H
#define IREE_IREEDIALECTS_H

#include "mlir/IR/Dialect.h"

namespace patternc {

/// A dialect of IREE, known here by name only: its operations, types and
/// attributes are kept as text, so that IR may leave for IREE (and be read
/// again) although IREE's libraries are not linked.
class IreeDialect : public mlir::Dialect {
public:
  mlir::Attribute parseAttribute(mlir::DialectAsmParser &parser,
                                 mlir::Type type) const override;

protected:
  IreeDialect(llvm::StringRef name, mlir::MLIRContext *context,
              mlir::TypeID id);
};

/// Dispatches and named parameters.
struct FlowDialect : IreeDialect {
  explicit FlowDialect(mlir::MLIRContext *context);
  static constexpr llvm::StringLiteral getDialectNamespace() { return "flow"; }
};

/// Executables and their bindings.
struct StreamDialect : IreeDialect {
  explicit StreamDialect(mlir::MLIRContext *context);
  static constexpr llvm::StringLiteral getDialectNamespace() {
    return "stream";
  }
};

/// Globals.
struct UtilDialect : IreeDialect {
  explicit UtilDialect(mlir::MLIRContext *context);
  static constexpr llvm::StringLiteral getDialectNamespace() { return "util"; }
};

/// Scans, sorts and scatters, which torch-mlir makes and IREE takes.
struct TMTensorDialect : IreeDialect {
  explicit TMTensorDialect(mlir::MLIRContext *context);
  static constexpr llvm::StringLiteral getDialectNamespace() {
    return "tm_tensor";
  }
};

/// How a kernel body is compiled on.
struct IreeCodegenDialect : IreeDialect {
  explicit IreeCodegenDialect(mlir::MLIRContext *context);
  static constexpr llvm::StringLiteral getDialectNamespace() {
    return "iree_codegen";
  }
};

} // namespace patternc

#endif // IREE_IREEDIALECTS_H
