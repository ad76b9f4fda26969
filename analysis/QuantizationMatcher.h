// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_QUANTIZATIONMATCHER_H
#define ANALYSIS_QUANTIZATIONMATCHER_H

#include "mlir/IR/Value.h"

#include <optional>

namespace patternc {

/// A tensor of f32 that holds whole numbers: those nearest to `image / scale +
/// zeroPoint`, clamped to `low` … `high`. Whether it is divided by the scale,
/// or multiplied by what is one over it, decides on a few of the nearest.
struct Quantized {
  mlir::Value image;
  bool isQuotient;
  double scale;
  int64_t zeroPoint, low, high;
};

/// A tensor of f32 that is `(numbers − zeroPoint) · scale`.
struct Dequantized {
  mlir::Value numbers;
  double scale;
  int64_t zeroPoint;
};

/// A tensor of f32 that holds the bytes of a tensor of i8, less `shift`.
struct FromBytes {
  mlir::Value bytes;
  bool isSigned;
  int64_t shift;
};

// Importers write each as one elementwise operation or as several, with the
// tensors between them; the last one defines `value`.
std::optional<Quantized> matchQuantized(mlir::Value value);
std::optional<Dequantized> matchDequantized(mlir::Value value);
std::optional<FromBytes> matchFromBytes(mlir::Value value);

} // namespace patternc

#endif // ANALYSIS_QUANTIZATIONMATCHER_H
