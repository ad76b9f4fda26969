// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_CONSTANTDATA_H
#define DIALECT_CONSTANTDATA_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/StringRef.h"

namespace patternc {

/// Elements of a constant, whether it stands in the IR as a blob (no copy), as
/// dense elements (no copy) or as a splat (expanded), or badly aligned
/// (copied). Blobs carry the weights of a network and are never turned into
/// attributes. Elements of type f16, and i8 as signed, are widened to float,
/// which is exact.
template <typename T> class ConstantData {
public:
  /// The elements of `value`, or nothing when it is no constant of element
  /// type `T`, its blob is missing or not as long, or it is a splat of more
  /// elements than would be expanded.
  static std::optional<ConstantData> of(mlir::Value value);
  static std::optional<ConstantData> of(mlir::ElementsAttr attribute);

  llvm::ArrayRef<T> elements() const {
    return expanded.empty() ? view : llvm::ArrayRef<T>(expanded);
  }

private:
  template <typename> friend class ConstantData;

  /// Elements of as many bits, whatever they stand for.
  static std::optional<ConstantData> ofBits(mlir::ElementsAttr attribute);
  template <typename Narrow, typename Widen>
  static std::optional<ConstantData>
  widen(std::optional<ConstantData<Narrow>> narrow, Widen widenOne);

  llvm::ArrayRef<T> view;
  llvm::SmallVector<T, 0> expanded;
};

/// The name of the blob behind a constant, or an empty string.
llvm::StringRef blobName(mlir::Value value);

/// The same constant under another shape of as many elements; null for an
/// attribute that is neither a blob nor dense.
mlir::ElementsAttr reshapeConstant(mlir::ElementsAttr attribute,
                                   mlir::ShapedType type);

/// Creates a blob that owns `data`, of which floats are rounded to f16 if that
/// is the type of its elements, or are bytes with a sign already; the context
/// makes `name` unique.
template <typename T>
mlir::DenseResourceElementsAttr createBlob(llvm::StringRef name,
                                           mlir::RankedTensorType type,
                                           llvm::SmallVector<T, 0> data);

/// Creates a constant tensor that is such a blob.
template <typename T>
mlir::Value createBlobConstant(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef name,
                               mlir::RankedTensorType type,
                               llvm::SmallVector<T, 0> data) {
  return mlir::arith::ConstantOp::create(
      builder, loc, createBlob<T>(name, type, std::move(data)));
}

} // namespace patternc

#endif // DIALECT_CONSTANTDATA_H
