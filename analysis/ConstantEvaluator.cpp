// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Runs operations on constants. An operation of linalg is its loops and its
// body: the loops say which elements of its operands meet, the body runs for
// many of them at once. Reductions add up in the order of their loops.

#include "analysis/ConstantEvaluator.h"

#include "analysis/LinalgMatchers.h"
#include "dialect/ConstantData.h"
#include "dialect/SizeLimits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace patternc;

/// Runs of a body at once: as many as fit into the nearest cache.
static constexpr int64_t runsAtOnce = 1024;
/// Runs of a body: what takes a few seconds.
static constexpr int64_t maxRuns = int64_t(1) << 28;
/// What stands before a loop in an affine map.
static constexpr int64_t maxFactor = 1 << 24;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

namespace {

/// How a place in a tensor moves with each of some loops.
struct Walk {
  explicit Walk(size_t loops) : steps(loops, 0) {}

  int64_t start = 0;
  SmallVector<int64_t> steps;
};

/// Nested loops, of which the last is the fastest, and what they read.
class Loops {
public:
  Loops(SmallVector<int64_t> sizes, SmallVector<Walk> walks)
      : sizes(std::move(sizes)), walks(std::move(walks)) {
    counters.assign(this->sizes.size(), 0);
    for (const Walk &walk : this->walks)
      current.push_back(walk.start);
    places.resize(this->walks.size());
  }

  /// Runs the next `count` iterations.
  void next(int64_t count) {
    for (auto &row : places)
      row.resize_for_overwrite(count);
    for (int64_t i = 0; i < count; ++i) {
      for (auto [row, place] : llvm::zip_equal(places, current))
        row[i] = place;
      advance();
    }
  }

  /// The places of a walk in those iterations.
  ArrayRef<int64_t> placesOf(unsigned walk) const { return places[walk]; }

private:
  void advance() {
    for (size_t loop = sizes.size(); loop-- > 0;) {
      bool ends = ++counters[loop] == sizes[loop];
      if (ends)
        counters[loop] = 0;
      for (auto [place, walk] : llvm::zip_equal(current, walks))
        place +=
            ends ? -walk.steps[loop] * (sizes[loop] - 1) : walk.steps[loop];
      if (!ends)
        return;
    }
  }

  SmallVector<int64_t> sizes, counters;
  SmallVector<Walk> walks;
  SmallVector<int64_t> current;
  SmallVector<SmallVector<int64_t, 0>> places;
};

} // namespace

/// Elements from one index of a dimension to the next.
static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

/// Adds an index to a walk, if it is a sum of loops times numbers.
static bool addIndex(AffineExpr index, Walk &walk) {
  if (auto loop = dyn_cast<AffineDimExpr>(index)) {
    ++walk.steps[loop.getPosition()];
    return true;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(index)) {
    walk.start += constant.getValue();
    return std::abs(constant.getValue()) <= maxFactor;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(index);
  if (!binary)
    return false;
  if (index.getKind() == AffineExprKind::Add)
    return addIndex(binary.getLHS(), walk) && addIndex(binary.getRHS(), walk);
  auto loop = dyn_cast<AffineDimExpr>(binary.getLHS());
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (index.getKind() != AffineExprKind::Mul || !loop || !factor ||
      std::abs(factor.getValue()) > maxFactor)
    return false;
  walk.steps[loop.getPosition()] += factor.getValue();
  return true;
}

/// What a map reads of a tensor, if that is inside of it everywhere.
static std::optional<Walk> walkOf(AffineMap map, ArrayRef<int64_t> shape,
                                  ArrayRef<int64_t> loops) {
  if (map.getNumSymbols() || map.getNumResults() != shape.size())
    return std::nullopt;
  Walk walk(loops.size());
  for (auto [index, size, stride] :
       llvm::zip_equal(map.getResults(), shape, stridesOf(shape))) {
    Walk one(loops.size());
    if (!addIndex(index, one))
      return std::nullopt;
    int64_t least = one.start, largest = one.start;
    for (auto [step, count] : llvm::zip_equal(one.steps, loops))
      (step < 0 ? least : largest) += step * (count - 1);
    if (least < 0 || largest >= size)
      return std::nullopt;
    walk.start += one.start * stride;
    for (auto [step, more] : llvm::zip_equal(walk.steps, one.steps))
      step += more * stride;
  }
  return walk;
}

static SmallVector<int64_t, 0> placesFrom(int64_t first, int64_t count) {
  return llvm::to_vector<0>(llvm::seq(first, first + count));
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

namespace {

using Tensors = llvm::DenseMap<Value, ConstantTensor>;

/// Runs a body for many elements at once.
class Body {
public:
  /// `tensors` has what the body uses of what is outside, unless the body only
  /// is looked at: then no element is run.
  Body(Block &block, const Tensors &tensors, bool wide)
      : block(block), tensors(tensors), wide(wide) {}

  void setArgument(unsigned i, Column column) {
    columns[block.getArgument(i)] = make(std::move(column));
  }

  /// What the body yields, or nothing if it has an operation that is not known.
  /// `indexOf` gives the index of a loop in each run.
  std::optional<SmallVector<Column>>
  run(int64_t runs, function_ref<Column::Integers(unsigned)> indexOf) {
    for (Operation &op : block.without_terminator())
      if (!run(op, runs, indexOf))
        return std::nullopt;
    SmallVector<Column> results;
    for (Value value : block.getTerminator()->getOperands()) {
      const Column *column = columnOf(value, runs);
      if (!column)
        return std::nullopt;
      results.push_back(*column);
    }
    return results;
  }

private:
  static std::unique_ptr<Column> make(Column column) {
    return std::make_unique<Column>(std::move(column));
  }

  bool run(Operation &op, int64_t runs,
           function_ref<Column::Integers(unsigned)> indexOf) {
    if (op.getNumRegions() != 0)
      return false;
    if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
      const Column *holds = columnOf(assertion.getArg(), runs);
      return holds && llvm::all_of(std::get<Column::Integers>(holds->numbers),
                                   [](int64_t number) { return number != 0; });
    }
    if (op.hasTrait<OpTrait::ConstantLike>())
      return true; // read where it is used
    std::optional<Column> result;
    if (auto index = dyn_cast<linalg::IndexOp>(op))
      result = Column{index.getType(), indexOf(index.getDim())};
    else if (auto extract = dyn_cast<tensor::ExtractOp>(op))
      result = this->extract(extract, runs);
    else {
      SmallVector<const Column *> operands;
      for (Value operand : op.getOperands()) {
        operands.push_back(columnOf(operand, runs));
        if (!operands.back())
          return false;
      }
      result = compute(&op, operands, wide);
    }
    if (!result)
      return false;
    columns[op.getResult(0)] = make(std::move(*result));
    return true;
  }

  const Column *columnOf(Value value, int64_t runs) {
    if (auto found = columns.find(value); found != columns.end())
      return found->second.get();
    std::optional<Column> column;
    TypedAttr constant;
    if (matchPattern(value, m_Constant(&constant)))
      column = patternc::columnOf(constant, runs);
    else if (value.getParentBlock() != &block && columnBits(value.getType())) {
      // A number that is computed outside.
      if (auto tensor = tensors.find(value); tensor != tensors.end())
        column = tensor->second.read(SmallVector<int64_t>(runs, 0));
      else if (runs == 0)
        column = patternc::columnOf(
            OpBuilder(value.getContext()).getZeroAttr(value.getType()), 0);
    }
    if (!column)
      return nullptr;
    auto &owner = columns[value];
    owner = make(wide ? widened(std::move(*column)) : std::move(*column));
    return owner.get();
  }

  std::optional<Column> extract(tensor::ExtractOp op, int64_t runs) {
    auto type = op.getTensor().getType();
    if (!ConstantTensor::canHold(type))
      return std::nullopt;
    SmallVector<int64_t, 0> places(runs, 0);
    for (auto [value, size, stride] : llvm::zip_equal(
             op.getIndices(), type.getShape(), stridesOf(type.getShape()))) {
      const Column *indices = columnOf(value, runs);
      if (!indices)
        return std::nullopt;
      for (auto [place, index] : llvm::zip_equal(
               places, std::get<Column::Integers>(indices->numbers))) {
        if (index < 0 || index >= size)
          return std::nullopt;
        place += index * stride;
      }
    }
    auto tensor = tensors.find(op.getTensor());
    if (tensor == tensors.end()) {
      if (runs != 0)
        return std::nullopt;
      std::optional<Column> none = patternc::columnOf(
          OpBuilder(op.getContext()).getZeroAttr(type.getElementType()), 0);
      return none && wide ? widened(std::move(*none)) : none;
    }
    return tensor->second.read(places);
  }

  Block &block;
  const Tensors &tensors;
  bool wide;
  llvm::DenseMap<Value, std::unique_ptr<Column>> columns;
};

} // namespace

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// A number as a tensor of rank 0, and a tensor as it is.
static RankedTensorType tensorOf(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor;
  return columnBits(type) ? RankedTensorType::get({}, type)
                          : RankedTensorType();
}

static Type widenedIf(bool wide, Type type) {
  return wide && isa<FloatType>(type) ? Float64Type::get(type.getContext())
                                      : type;
}

/// A tensor for a result.
static std::optional<ConstantTensor> createFor(Value result, bool wide) {
  RankedTensorType type = tensorOf(result.getType());
  if (!type)
    return std::nullopt;
  return ConstantTensor::create(
      type.clone(widenedIf(wide, type.getElementType())));
}

/// Copies all of what `from` walks over to where `to` does.
static void copy(const ConstantTensor &source, Walk from,
                 ConstantTensor &target, Walk to, ArrayRef<int64_t> sizes) {
  Loops loops(SmallVector<int64_t>(sizes), {std::move(from), std::move(to)});
  int64_t total = llvm::product_of(sizes);
  for (int64_t done = 0; done < total; done += runsAtOnce) {
    loops.next(std::min(runsAtOnce, total - done));
    target.write(loops.placesOf(1), source.read(loops.placesOf(0)));
  }
}

static void copy(const ConstantTensor &source, ConstantTensor &target) {
  int64_t total = target.getType().getNumElements();
  for (int64_t done = 0; done < total; done += runsAtOnce) {
    auto places = placesFrom(done, std::min(runsAtOnce, total - done));
    target.write(places, source.read(places));
  }
}

/// Loops over all of a tensor in its order.
static Walk wholeOf(ArrayRef<int64_t> shape) {
  Walk walk(shape.size());
  walk.steps = stridesOf(shape);
  return walk;
}

/// The part of a tensor that a static slice is.
static std::optional<Walk> partOf(ArrayRef<int64_t> shape,
                                  ArrayRef<int64_t> offsets,
                                  ArrayRef<int64_t> sizes,
                                  ArrayRef<int64_t> strides) {
  Walk walk(shape.size());
  for (auto [d, stride] : llvm::enumerate(stridesOf(shape))) {
    if (ShapedType::isDynamic(offsets[d]) || ShapedType::isDynamic(sizes[d]) ||
        ShapedType::isDynamic(strides[d]) || offsets[d] < 0 || sizes[d] < 1 ||
        strides[d] < 1 || strides[d] > shape[d] ||
        offsets[d] + (sizes[d] - 1) * strides[d] >= shape[d])
      return std::nullopt;
    walk.start += offsets[d] * stride;
    walk.steps[d] = strides[d] * stride;
  }
  return walk;
}

static bool isComputable(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op->getNumRegions() != 1 ||
      op.hasDynamicShape() ||
      op.getBlock()->getNumArguments() != op->getNumOperands())
    return false;
  std::optional<int64_t> runs = checkedProduct(op.getStaticLoopRanges());
  if (!runs || *runs > maxRuns || *runs < 1)
    return false;
  // Runs at once must not write to one place: these differ in parallel loops.
  for (OpOperand &init : op.getDpsInitsMutable()) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return false;
    for (auto [loop, kind, size] :
         llvm::enumerate(op.getIteratorTypesArray(), op.getStaticLoopRanges()))
      if (kind == utils::IteratorType::parallel && size != 1 &&
          !map.isFunctionOfDim(loop))
        return false;
  }
  return true;
}

/// The elements of the results of an operation of linalg.
static std::optional<SmallVector<ConstantTensor>>
evaluate(linalg::LinalgOp op, const Tensors &tensors, bool wide) {
  // Loops in the order in which they are run: reductions outside.
  SmallVector<unsigned> order;
  op.getReductionDims(order);
  int64_t runsInside = 1;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    if (!llvm::is_contained(order, loop)) {
      order.push_back(loop);
      runsInside *= sizes[loop];
    }
  auto ordered = [&](ArrayRef<int64_t> of) {
    return llvm::map_to_vector(order, [&](unsigned loop) { return of[loop]; });
  };

  SmallVector<Walk> walks;
  for (OpOperand &operand : op->getOpOperands()) {
    std::optional<Walk> walk =
        walkOf(op.getMatchingIndexingMap(&operand),
               tensorOf(operand.get().getType()).getShape(), sizes);
    if (!walk)
      return std::nullopt;
    walk->steps = ordered(walk->steps);
    walks.push_back(std::move(*walk));
  }
  size_t firstIndex = walks.size();
  for (size_t loop = 0; op.hasIndexSemantics() && loop < sizes.size(); ++loop) {
    walks.emplace_back(sizes.size());
    walks.back().steps[llvm::find(order, loop) - order.begin()] = 1;
  }
  SmallVector<ConstantTensor> results;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    auto result = createFor(init.get(), wide);
    if (!result)
      return std::nullopt;
    if (op.payloadUsesValueFromOperand(&init))
      copy(tensors.at(init.get()), *result);
    results.push_back(std::move(*result));
  }

  int64_t runs = llvm::product_of(sizes);
  Loops loops(ordered(sizes), std::move(walks));
  for (int64_t done = 0; done < runs;) {
    int64_t count = std::min(runsAtOnce, runsInside - done % runsInside);
    done += count;
    loops.next(count);
    Body body(*op.getBlock(), tensors, wide);
    for (OpOperand &operand : op->getOpOperands()) {
      unsigned i = operand.getOperandNumber();
      if (!op.payloadUsesValueFromOperand(&operand))
        continue;
      const ConstantTensor &tensor = op.isDpsInit(&operand)
                                         ? results[i - op.getNumDpsInputs()]
                                         : tensors.at(operand.get());
      body.setArgument(i, tensor.read(loops.placesOf(i)));
    }
    auto yielded = body.run(count, [&](unsigned loop) {
      ArrayRef<int64_t> indices = loops.placesOf(firstIndex + loop);
      return Column::Integers(indices.begin(), indices.end());
    });
    if (!yielded)
      return std::nullopt;
    for (auto [i, column] : llvm::enumerate(*yielded))
      results[i].write(loops.placesOf(op.getNumDpsInputs() + i), column);
  }
  return results;
}

/// The result of an operation of arith or math on numbers or whole tensors.
static std::optional<ConstantTensor>
evaluateElementwise(Operation *op, const Tensors &tensors, bool wide) {
  auto result = createFor(op->getResult(0), wide);
  if (!result)
    return std::nullopt;
  int64_t total = result->getType().getNumElements();
  for (int64_t done = 0; done < total; done += runsAtOnce) {
    auto places = placesFrom(done, std::min(runsAtOnce, total - done));
    SmallVector<Column> columns;
    for (Value operand : op->getOperands()) {
      const ConstantTensor &tensor = tensors.at(operand);
      // A selection between tensors may have one condition.
      columns.push_back(tensor.read(tensor.getType().getNumElements() == 1
                                        ? SmallVector<int64_t, 0>(places.size())
                                        : places));
    }
    SmallVector<const Column *> operands;
    for (const Column &column : columns)
      operands.push_back(&column);
    std::optional<Column> column = compute(op, operands, wide);
    if (!column)
      return std::nullopt;
    result->write(places, *column);
  }
  return result;
}

static std::optional<ConstantTensor> evaluate(tensor::ExtractSliceOp op,
                                              const Tensors &tensors) {
  const ConstantTensor &source = tensors.at(op.getSource());
  std::optional<Walk> part =
      partOf(source.getType().getShape(), op.getStaticOffsets(),
             op.getStaticSizes(), op.getStaticStrides());
  auto result = ConstantTensor::create(
      op.getType().clone(source.getType().getElementType()));
  if (!part || !result)
    return std::nullopt;
  copy(source, std::move(*part), *result, wholeOf(op.getStaticSizes()),
       op.getStaticSizes());
  return result;
}

static std::optional<ConstantTensor> evaluate(tensor::InsertSliceOp op,
                                              const Tensors &tensors) {
  const ConstantTensor &source = tensors.at(op.getSource()),
                       &dest = tensors.at(op.getDest());
  std::optional<Walk> part =
      partOf(dest.getType().getShape(), op.getStaticOffsets(),
             op.getStaticSizes(), op.getStaticStrides());
  auto result = ConstantTensor::create(dest.getType());
  if (!part || !result)
    return std::nullopt;
  copy(dest, *result);
  copy(source, wholeOf(op.getStaticSizes()), *result, std::move(*part),
       op.getStaticSizes());
  return result;
}

static std::optional<ConstantTensor> evaluate(tensor::ConcatOp op,
                                              const Tensors &tensors) {
  auto result = ConstantTensor::create(op.getResultType().clone(
      tensors.at(op.getInputs()[0]).getType().getElementType()));
  if (!result)
    return std::nullopt;
  ArrayRef<int64_t> shape = result->getType().getShape();
  SmallVector<int64_t> offsets(shape.size(), 0), ones(shape.size(), 1);
  for (Value input : op.getInputs()) {
    const ConstantTensor &source = tensors.at(input);
    ArrayRef<int64_t> sizes = source.getType().getShape();
    std::optional<Walk> part = partOf(shape, offsets, sizes, ones);
    if (!part)
      return std::nullopt;
    copy(source, wholeOf(sizes), *result, std::move(*part), sizes);
    offsets[op.getDim()] += sizes[op.getDim()];
  }
  return result;
}

SmallVector<Value> patternc::readBy(Operation *op) {
  llvm::SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  return values.takeVector();
}

void patternc::eraseUnread(ArrayRef<Value> values) {
  llvm::SetVector<Operation *> computations;
  for (Value value : values)
    computations.insert_range(computationOf(value));
  for (Operation *op : llvm::reverse(computations))
    if (op->use_empty())
      op->erase();
}

/// The operations that `value` is computed by, operands before users, up to
/// those at which to stop.
static SmallVector<Operation *>
computationUpTo(Value value, function_ref<bool(Operation *)> stop) {
  SmallVector<Operation *> computation;
  llvm::DenseSet<Operation *> seen;
  // An operation is left behind what it reads.
  SmallVector<std::pair<Operation *, bool>> todo{
      {value.getDefiningOp(), false}};
  while (!todo.empty()) {
    auto [op, isReady] = todo.pop_back_val();
    if (!op || stop(op))
      continue;
    if (isReady) {
      computation.push_back(op);
      continue;
    }
    if (!seen.insert(op).second)
      continue;
    todo.push_back({op, true});
    for (Value read : readBy(op))
      todo.push_back({read.getDefiningOp(), false});
  }
  return computation;
}

int64_t patternc::storedElements(Operation *op) {
  ElementsAttr elements;
  if (!matchPattern(op, m_Constant(&elements)) ||
      isa<SplatElementsAttr>(elements))
    return 0;
  return elements.getNumElements();
}

StringRef patternc::largestBlob(Value value) {
  StringRef name;
  int64_t elements = 0;
  for (Operation *op : computationOf(value)) {
    int64_t stored = storedElements(op);
    StringRef blob = stored ? blobName(op->getResult(0)) : StringRef();
    if (!blob.empty() && stored > elements) {
      name = blob;
      elements = stored;
    }
  }
  return name;
}

SmallVector<Operation *> patternc::computationOf(Value value) {
  return computationUpTo(value, [](Operation *) { return false; });
}

bool ConstantEvaluator::knowsOperation(Operation *op) {
  if (op->getNumResults() == 0)
    return false;
  for (Value result : op->getResults())
    if (!ConstantTensor::canHold(tensorOf(result.getType())))
      return false;
  for (Value value : readBy(op))
    if (!ConstantTensor::canHold(tensorOf(value.getType())) ||
        !value.getDefiningOp() || !known.lookup(value.getDefiningOp()))
      return false;
  Attribute constant;
  if (matchPattern(op, m_Constant(&constant))) {
    if (auto elements = dyn_cast<ElementsAttr>(constant))
      return ConstantTensor::of(elements).has_value();
    return columnOf(constant, 0).has_value();
  }
  if (isa<tensor::EmptyOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp,
          tensor::ExtractSliceOp, tensor::InsertSliceOp, tensor::ConcatOp>(op))
    return true;
  auto none = [&](Type type) {
    Type element = widenedIf(wide, getElementTypeOrSelf(type));
    return *columnOf(OpBuilder(op->getContext()).getZeroAttr(element), 0);
  };
  if (auto linalg = dyn_cast<linalg::LinalgOp>(op)) {
    if (!isComputable(linalg))
      return false;
    Tensors tensors;
    Body body(*linalg.getBlock(), tensors, wide);
    for (BlockArgument argument : linalg.getBlock()->getArguments())
      body.setArgument(argument.getArgNumber(), none(argument.getType()));
    return body.run(0, [](unsigned) { return Column::Integers(); }).has_value();
  }
  if (op->getNumRegions() != 0)
    return false;
  SmallVector<Column> columns =
      llvm::map_to_vector(op->getOperandTypes(), none);
  SmallVector<const Column *> operands;
  for (const Column &column : columns)
    operands.push_back(&column);
  return compute(op, operands, wide).has_value();
}

bool ConstantEvaluator::knows(Value value) {
  Operation *definition = value.getDefiningOp();
  if (!definition)
    return false;
  auto isDecided = [&](Operation *op) { return known.contains(op); };
  for (Operation *op : computationUpTo(value, isDecided))
    known[op] = knowsOperation(op);
  return known.lookup(definition);
}

std::optional<ConstantTensor> ConstantEvaluator::evaluate(Value value) {
  if (!knows(value))
    return std::nullopt;
  Tensors tensors;
  auto evaluateOperation = [&](Operation *op) {
    auto take = [&](std::optional<ConstantTensor> tensor) {
      if (tensor)
        tensors.insert({op->getResult(0), std::move(*tensor)});
      return tensor.has_value();
    };
    auto takeReshaped = [&] {
      const ConstantTensor &source = tensors.at(op->getOperand(0));
      return take(
          source.reshaped(tensorOf(op->getResult(0).getType())
                              .clone(source.getType().getElementType())));
    };
    Attribute constant;
    if (matchPattern(op, m_Constant(&constant))) {
      auto elements = dyn_cast<ElementsAttr>(constant);
      if (elements && !wide)
        return take(ConstantTensor::of(elements));
      auto result = createFor(op->getResult(0), wide);
      if (!result)
        return false;
      if (elements)
        copy(*ConstantTensor::of(elements), *result);
      else
        result->write({0}, *columnOf(constant, 1));
      return take(std::move(result));
    }
    return TypeSwitch<Operation *, bool>(op)
        .Case([&](tensor::EmptyOp) {
          return take(createFor(op->getResult(0), wide));
        })
        .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
            [&](Operation *) { return takeReshaped(); })
        .Case<tensor::ExtractSliceOp, tensor::InsertSliceOp, tensor::ConcatOp>(
            [&](auto moving) { return take(::evaluate(moving, tensors)); })
        .Case([&](linalg::LinalgOp linalg) {
          auto results = ::evaluate(linalg, tensors, wide);
          if (!results)
            return false;
          for (auto [result, tensor] :
               llvm::zip_equal(op->getResults(), *results))
            tensors.insert({result, std::move(tensor)});
          return true;
        })
        .Default([&](Operation *) {
          return take(evaluateElementwise(op, tensors, wide));
        });
  };
  for (Operation *op : computationOf(value))
    if (failed.contains(op) || !evaluateOperation(op)) {
      failed.insert(op);
      return std::nullopt;
    }
  return tensors.at(value);
}
