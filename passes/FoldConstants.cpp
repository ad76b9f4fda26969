// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Computes what depends on constants alone, and puts the result in its place:
// weights that a model parametrises or masks, and tables. Precondition: linalg
// on tensors. Postcondition: the weights of every convolution are constant if
// they can be. Refuses nothing; leaves alone what only looks at a constant in
// another way, what is made of nothing, and what would be large.

#include "analysis/ConstantEvaluator.h"
#include "analysis/LinalgMatchers.h"
#include "dialect/ConstantData.h"
#include "dialect/LayerName.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "llvm/ADT/SetVector.h"

namespace patternc {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// Whether `op` only looks at a tensor in another way, which costs nothing or
/// which passes want to see.
static bool onlyMoves(Operation *op) {
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
          tensor::ExtractSliceOp, linalg::TransposeOp, linalg::BroadcastOp>(op))
    return true;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumDpsInputs() == 1 &&
         llvm::hasSingleElement(*generic.getBody()) &&
         isa<BlockArgument>(generic.getBody()->getTerminator()->getOperand(0));
}

/// Whether `op` makes a tensor of nothing, which needs no memory until it is
/// read.
static bool creates(Operation *op) {
  if (isa<tensor::EmptyOp, linalg::FillOp>(op))
    return true;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && llvm::all_of(readBy(op), [&](Value value) {
           return llvm::is_contained(generic.getOutputs(), value) ||
                  !isa<TensorType>(value.getType());
         });
}

namespace {

class FoldConstants
    : public patternc::impl::FoldConstantsPassBase<FoldConstants> {
public:
  using FoldConstantsPassBase::FoldConstantsPassBase;

  void runOnOperation() override {
    evaluator = ConstantEvaluator();
    found.clear();
    seen.clear();
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      // What a known operation reads is folded with it, if at all.
      if (op->getNumResults() && evaluator.knows(op->getResult(0)))
        return WalkResult::skip();
      if (isConvolution(op))
        if (Value weights = skipReshapes(op->getOperand(1));
            isComputed(weights))
          found.insert(weights);
      for (Value operand : op->getOperands())
        visit(operand);
      return WalkResult::advance();
    });

    // Nothing is erased before the end: the evaluator knows operations by
    // their places in memory.
    SmallVector<Value> folded;
    for (size_t i = 0; i < found.size(); ++i) {
      Value value = found[i];
      if (std::optional<ConstantTensor> tensor = evaluator.evaluate(value)) {
        replace(value, *tensor);
        folded.push_back(value);
      } else
        for (Value read : readBy(value.getDefiningOp()))
          visit(read);
    }
    eraseUnread(folded);
    remarkStatistics(*this, getOperation(),
                     {{"folded", static_cast<int64_t>(folded.size())}});
  }

private:
  bool isComputed(Value value) {
    return isa<RankedTensorType>(value.getType()) && evaluator.knows(value) &&
           !value.getDefiningOp()->hasTrait<OpTrait::ConstantLike>();
  }

  /// Finds what to fold of `value` and of what it is computed from.
  void visit(Value value) {
    SmallVector<Value> todo{value};
    while (!todo.empty()) {
      Value next = todo.pop_back_val();
      if (!isComputed(next) || !seen.insert(next).second)
        continue;
      Operation *op = next.getDefiningOp();
      if (onlyMoves(op))
        llvm::append_range(todo, op->getOperands());
      else if (!creates(op) && isSmall(next))
        found.insert(next);
    }
  }

  /// Whether nothing that `value` needs is larger than what is stored for it.
  bool isSmall(Value value) const {
    SmallVector<Operation *> computation = computationOf(value);
    int64_t limit = 0;
    for (Operation *op : computation)
      limit += storedElements(op);
    limit = std::max<int64_t>(limit, maxElements);
    return llvm::all_of(computation, [&](Operation *op) {
      return storedElements(op) ||
             llvm::all_of(op->getResultTypes(), [&](Type type) {
               auto tensor = dyn_cast<RankedTensorType>(type);
               return !tensor || tensor.getNumElements() <= limit;
             });
    });
  }

  static void replace(Value value, const ConstantTensor &tensor) {
    StringRef name = largestBlob(value);
    TypedAttr attribute;
    if (name.empty() || tensor.getType().getNumElements() == 1)
      attribute = tensor.toSplat();
    if (!attribute)
      attribute = tensor.toBlob(
          ((name.empty() ? "constant" : name) + foldedSuffix).str());
    OpBuilder builder(value.getContext());
    builder.setInsertionPointAfterValue(value);
    value.replaceAllUsesWith(
        arith::ConstantOp::create(builder, value.getLoc(), attribute));
  }

  ConstantEvaluator evaluator;
  llvm::SetVector<Value> found;
  llvm::DenseSet<Value> seen;
};

} // namespace
