// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Makes reductions dispatches of their own, where IREE 3.13 computes something
// else of what it fuses with them. For GPUs that is every one that something
// reads over the reduced dimension again, as in a softmax over channels: of
// both IREE makes one SPIR-V kernel, whose threads read what others have not
// written yet, or that needs more shared memory than there is. For CPUs it is
// one that an operation reads in two ways, as in the sums of two distances,
// once by rows and once by columns: both are read by rows. Precondition: linalg
// on tensors. Postcondition: `util.optimization_barrier` is behind each such
// reduction, on GPUs also behind what is computed for it and has another
// reader. Refuses nothing.

#include "iree/IreeDialects.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "llvm/ADT/SetVector.h"

namespace patternc {
#define GEN_PASS_DEF_ISOLATEREDUCTIONSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

/// A product of matrices or a convolution may be followed by what is computed
/// of each of its elements.
static bool isReduction(linalg::LinalgOp op) {
  return op.getNumReductionLoops() > 0 && op.hasPureTensorSemantics() &&
         !linalg::isaContractionOpInterface(op) &&
         !linalg::isaConvolutionOpInterface(op);
}

/// Collects what has another reader among what is computed for `op` alone.
/// Reshapes, slices and the like are looked through: IREE fuses them.
static void collectShared(Operation *op, bool isShared,
                          llvm::SetVector<Operation *> &shared) {
  auto reader = dyn_cast<linalg::LinalgOp>(op);
  SmallVector<Value> inputs(op->getOperands());
  for (Value input : reader ? reader.getDpsInputs() : inputs) {
    Operation *source = input.getDefiningOp();
    if (!source)
      continue;
    bool hasOthers = isShared || !input.hasOneUse();
    auto computed = dyn_cast<linalg::LinalgOp>(source);
    if (isa<tensor::TensorDialect>(source->getDialect()))
      collectShared(source, hasOthers, shared);
    else if (!computed || !computed.hasPureTensorSemantics())
      continue;
    else if (hasOthers)
      shared.insert(source);
    else if (!isReduction(computed))
      collectShared(source, /*isShared=*/false, shared);
  }
}

/// How the elements of a tensor that is computed of a reduction's result follow
/// from its elements: from where in the tensor to where in the result. Null
/// where that is not known.
using Origins = llvm::DenseMap<Value, AffineMap>;

/// `map` with 0 for places along dimensions of one element.
static AffineMap withoutUnits(AffineMap map, ArrayRef<int64_t> shape) {
  SmallVector<AffineExpr> results;
  for (auto [result, size] : llvm::zip_equal(map.getResults(), shape))
    results.push_back(size == 1 ? getAffineConstantExpr(0, map.getContext())
                                : result);
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

/// From the places of a reshaped tensor to those of the one before, if of
/// dimensions that are joined all but one have one element; else null. `split`
/// is the shape of the tensor with more dimensions.
static AffineMap placesBefore(ArrayRef<ReassociationIndices> groups,
                              ArrayRef<int64_t> split, bool expands,
                              MLIRContext *context) {
  SmallVector<AffineExpr> results(expands ? groups.size() : split.size(),
                                  getAffineConstantExpr(0, context));
  for (auto [joined, group] : llvm::enumerate(groups)) {
    auto isLarge = [&](int64_t dim) { return split[dim] != 1; };
    if (llvm::count_if(group, isLarge) > 1)
      return {};
    auto large = llvm::find_if(group, isLarge);
    if (large == group.end())
      continue;
    if (expands)
      results[joined] = getAffineDimExpr(*large, context);
    else
      results[*large] = getAffineDimExpr(joined, context);
  }
  return AffineMap::get(expands ? split.size() : groups.size(), 0, results,
                        context);
}

/// The same for any operation on tensors that is not computed.
static AffineMap placesBefore(Operation *op) {
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return placesBefore(expand.getReassociationIndices(),
                        expand.getResultType().getShape(), /*expands=*/true,
                        op->getContext());
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return placesBefore(collapse.getReassociationIndices(),
                        collapse.getSrcType().getShape(), /*expands=*/false,
                        op->getContext());
  return {};
}

/// Whether an operation in its block reads what is computed of `reduced` in two
/// ways.
static bool isReadInTwoWays(OpResult reduced) {
  auto type = cast<RankedTensorType>(reduced.getType());
  Origins origins;
  origins[reduced] =
      AffineMap::getMultiDimIdentityMap(type.getRank(), type.getContext());
  for (Operation *op = reduced.getOwner()->getNextNode(); op;
       op = op->getNextNode()) {
    auto reader = dyn_cast<linalg::LinalgOp>(op);
    std::optional<AffineMap> way;
    for (OpOperand &operand : op->getOpOperands()) {
      auto found = origins.find(operand.get());
      if (found == origins.end())
        continue;
      AffineMap places =
          reader ? reader.getMatchingIndexingMap(&operand) : placesBefore(op);
      AffineMap now;
      if (found->second && places)
        now = withoutUnits(found->second.compose(places), type.getShape());
      if (reader && way && (!now || *way != now))
        return true;
      way = now;
    }
    if (!way)
      continue;
    if (!reader && isa<tensor::TensorDialect>(op->getDialect())) {
      for (Value result : op->getResults())
        origins[result] = *way;
    } else if (reader && reader.getNumReductionLoops() == 0) {
      // What is computed element by element comes from the same places.
      for (OpResult result : op->getResults()) {
        AffineMap loops =
            inversePermutation(reader.getIndexingMapMatchingResult(result));
        origins[result] = *way && loops ? way->compose(loops) : AffineMap();
      }
    }
  }
  return false;
}

/// Puts a barrier between an operation and what reads its results.
static void isolate(Operation *op) {
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  for (Value result : op->getResults()) {
    OperationState state(op->getLoc(), "util.optimization_barrier", result,
                         result.getType());
    Operation *barrier = builder.create(state);
    result.replaceAllUsesExcept(barrier->getResult(0), barrier);
  }
}

namespace {

class IsolateReductions
    : public patternc::impl::IsolateReductionsPassBase<IsolateReductions> {
public:
  void runOnOperation() override {
    Device device = TargetAttr::of(getOperation()).getDevice();
    if (device == Device::Vm)
      return;
    llvm::SetVector<Operation *> isolated;
    int64_t reductions = 0;
    getOperation().walk([&](linalg::LinalgOp op) {
      // Of convolutions, those that are left are poolings for the most part.
      bool isPooling = isa<linalg::ConvolutionOpInterface>(op.getOperation());
      if (device == Device::Gpu
              ? !isReduction(op)
              : !(isReduction(op) || isPooling) ||
                    llvm::none_of(op->getResults(), isReadInTwoWays))
        return;
      ++reductions;
      isolated.insert(op);
      if (device == Device::Gpu)
        collectShared(op, /*isShared=*/false, isolated);
    });
    llvm::for_each(isolated, isolate);
    remarkStatistics(*this, getOperation(), {{"reductions", reductions}});
  }
};

} // namespace
