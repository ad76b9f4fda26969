// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ANALYSIS_LINALGMATCHERS_H
#define ANALYSIS_LINALGMATCHERS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

namespace patternc {

/// True for what the pattern dialect takes: a static tensor of f32 or f16 with
/// elements, as many as fit into memory, and without encoding.
bool isPlain(mlir::Value value);

/// True if the operands and results of `op` have one element type.
bool isOfOneType(mlir::Operation *op);

/// True if `value` is the constant zero.
bool isZero(mlir::Value value);

/// The shape of a tensor; only for what is known to be one.
llvm::ArrayRef<int64_t> shapeOf(mlir::Value tensor);

/// If `image` is a plain image padded with constants that `isPadding` accepts,
/// strips the padding off and returns top, left, bottom and right.
llvm::SmallVector<int64_t>
takePadding(mlir::Value &image,
            llvm::function_ref<bool(mlir::Value)> isPadding);

/// True for the kinds of convolutions that kernels compute.
bool isConvolution(mlir::Operation *op);

/// Looks through reshapes that only split or join dimensions.
mlir::Value skipReshapes(mlir::Value value);

/// N×(G·C)×H×W to or from N×G×C×H×W.
llvm::ArrayRef<mlir::ReassociationIndices> groupsJoined();

/// Reads the initial value of a convolution of so many filters: null for zero,
/// one constant, or a bias along the output channels. Fails on anything else.
llvm::FailureOr<mlir::OpFoldResult> matchBias(mlir::Value init,
                                              int64_t filters);

/// True if `op` computes each element of its one result from the elements of
/// `numInputs` tensors at the same place, and does nothing else.
bool isElementwise(mlir::linalg::GenericOp op, unsigned numInputs);

/// True if every operand of `op` is a static tensor: neither a number nor a
/// buffer.
bool hasStaticTensors(mlir::Operation *op);

/// True if all that `body` does is to yield the sum of its first two arguments.
bool addsArguments(mlir::Block &body);

} // namespace patternc

#endif // ANALYSIS_LINALGMATCHERS_H
