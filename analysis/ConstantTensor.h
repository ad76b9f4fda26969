// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_CONSTANTTENSOR_H
#define ANALYSIS_CONSTANTTENSOR_H

#include "analysis/ScalarColumns.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <memory>

namespace patternc {

/// A static tensor whose elements are known: those of an attribute, which are
/// not copied, or computed ones.
class ConstantTensor {
public:
  /// Whether its elements are of a type and a number that can be computed with.
  static bool canHold(mlir::RankedTensorType type);

  static std::optional<ConstantTensor> of(mlir::ElementsAttr attribute);
  /// A tensor to write to, or nothing if it has no elements or is too large.
  static std::optional<ConstantTensor> create(mlir::RankedTensorType type);

  mlir::RankedTensorType getType() const { return type; }
  bool isWritable() const { return blob != nullptr; }
  /// The same elements under another shape.
  ConstantTensor reshaped(mlir::RankedTensorType type) const;

  /// The elements at some places in row-major order.
  Column read(llvm::ArrayRef<int64_t> places) const;
  /// Only of a tensor that was created.
  void write(llvm::ArrayRef<int64_t> places, const Column &column);

  /// All of them, one after the other, if they were computed.
  mlir::DenseElementsAttr toSplat() const;
  /// The computed elements as a blob, which takes them over if nobody else has
  /// them.
  mlir::DenseResourceElementsAttr toBlob(llvm::StringRef name) const;

private:
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> bytes; // one element, if it is a splat
  bool isSplat = false;
  std::shared_ptr<mlir::AsmResourceBlob> blob;
};

} // namespace patternc

#endif // ANALYSIS_CONSTANTTENSOR_H
