// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Folds what is computed of a channel as a·x + b, which is what inference makes
// of batch norm, into the convolution or product before it; elsewhere it
// becomes one multiply and one add. The numbers a and b are computed in f64.
// Precondition: linalg on tensors. Postcondition: no convolution with known
// weights is read by such an operation alone. Refuses weights that are not
// finite once they are scaled.

#include "analysis/ConstantEvaluator.h"
#include "analysis/LinalgMatchers.h"
#include "dialect/ConstantData.h"
#include "dialect/LayerName.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"

#include <cmath>

namespace patternc {
#define GEN_PASS_DEF_FOLDBATCHNORMSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

using Doubles = Column::Doubles;

/// What is computed of each channel of an image: scale · image + shift.
struct Affine {
  Value image;
  Doubles scale, shift;
  SmallVector<linalg::GenericOp> chain; // the last first
  int64_t operations = 0;               // on elements of the image
  SmallVector<Value> constants;         // that they read
};

/// A number in a body: in each channel scale · x + shift, or shift alone.
struct Number {
  std::optional<Doubles> scale;
  Column shift;

  Doubles &shifts() { return std::get<Doubles>(shift.numbers); }
  const Doubles &shifts() const { return std::get<Doubles>(shift.numbers); }
};

} // namespace

template <typename F>
static Doubles zipWith(const Doubles &x, const Doubles &y, F f) {
  Doubles result;
  for (auto [a, b] : llvm::zip_equal(x, y))
    result.push_back(f(a, b));
  return result;
}

/// The result of an operation of which an operand depends on x, if it is of the
/// same form.
static std::optional<Number> computeAffine(Operation &op,
                                           ArrayRef<const Number *> operands) {
  const Number &a = *operands.front(), &b = *operands.back();
  Number result = a;
  if (isa<arith::NegFOp>(op)) {
    for (Doubles *numbers : {&*result.scale, &result.shifts()})
      for (double &number : *numbers)
        number = -number;
    return result;
  }
  if (isa<arith::AddFOp, arith::SubFOp>(op)) {
    double sign = isa<arith::AddFOp>(op) ? 1 : -1;
    auto add = [&](double x, double y) { return x + sign * y; };
    Doubles none(a.shifts().size(), 0);
    result.scale =
        zipWith(a.scale ? *a.scale : none, b.scale ? *b.scale : none, add);
    result.shifts() = zipWith(a.shifts(), b.shifts(), add);
    return result;
  }
  if (isa<arith::MulFOp, arith::DivFOp>(op)) {
    bool isProduct = isa<arith::MulFOp>(op);
    const Number &image = a.scale ? a : b, &factor = a.scale ? b : a;
    if (factor.scale || (!isProduct && !a.scale))
      return std::nullopt;
    auto multiply = [&](double x, double y) {
      return isProduct ? x * y : x / y;
    };
    result.scale = zipWith(*image.scale, factor.shifts(), multiply);
    result.shifts() = zipWith(image.shifts(), factor.shifts(), multiply);
    return result;
  }
  return std::nullopt;
}

/// Whether a map reads the element of the image that is computed; along
/// dimensions of size 1 it may say 0.
static bool readsSameElement(AffineMap map, ArrayRef<int64_t> shape) {
  if (map.getNumResults() != shape.size())
    return false;
  for (auto [d, index] : llvm::enumerate(map.getResults())) {
    auto constant = dyn_cast<AffineConstantExpr>(index);
    if (index != getAffineDimExpr(d, map.getContext()) &&
        !(constant && constant.getValue() == 0 && shape[d] == 1))
      return false;
  }
  return true;
}

/// Where a map reads a tensor of shape `from` for each channel of an image, if
/// that depends on nothing but the channel.
static std::optional<SmallVector<int64_t>>
placesOfChannels(AffineMap map, ArrayRef<int64_t> from,
                 ArrayRef<int64_t> image) {
  if (map.getNumResults() != from.size())
    return std::nullopt;
  int64_t step = 0, stride = 1;
  for (auto [index, size] :
       llvm::reverse(llvm::zip_equal(map.getResults(), from))) {
    auto constant = dyn_cast<AffineConstantExpr>(index);
    auto loop = dyn_cast<AffineDimExpr>(index);
    if (loop && loop.getPosition() == 1 && size == image[1])
      step += stride;
    else if (!(constant && constant.getValue() == 0) &&
             !(loop && image[loop.getPosition()] == 1))
      return std::nullopt;
    stride *= size;
  }
  return llvm::map_to_vector(llvm::seq(image[1]),
                             [&](int64_t channel) { return channel * step; });
}

/// Whether what `op` computes is rounded to whole numbers next: the scale of a
/// quantisation, which is to stay where it is.
static bool isRounded(linalg::GenericOp op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) {
    auto next = dyn_cast<linalg::GenericOp>(user);
    return next && !next.getBody()->getOps<math::RoundEvenOp>().empty();
  });
}

namespace {

/// Finds what is affine in an image.
class AffineMatcher {
public:
  /// The operations from `op` backwards, each the only reader of the one
  /// before, as one.
  std::optional<Affine> match(linalg::GenericOp op) {
    std::optional<Affine> all = matchOne(op);
    while (all && all->image.hasOneUse()) {
      auto before = all->image.getDefiningOp<linalg::GenericOp>();
      std::optional<Affine> inner =
          before ? matchOne(before) : std::optional<Affine>();
      if (!inner)
        break;
      auto multiply = [](double x, double y) { return x * y; };
      inner->shift =
          zipWith(zipWith(all->scale, inner->shift, multiply), all->shift,
                  [](double x, double y) { return x + y; });
      inner->scale = zipWith(all->scale, inner->scale, multiply);
      all->scale = std::move(inner->scale);
      all->shift = std::move(inner->shift);
      all->image = inner->image;
      all->chain.append(inner->chain);
      all->operations += inner->operations;
      all->constants.append(inner->constants);
    }
    return all;
  }

private:
  std::optional<Affine> matchOne(linalg::GenericOp op) {
    if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
        op.getNumParallelLoops() != op.getNumLoops() || op.getNumLoops() < 2 ||
        !isPlain(op.getResult(0)) || isRounded(op) ||
        op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) ||
        !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
      return std::nullopt;
    ArrayRef<int64_t> shape = shapeOf(op.getResult(0));
    size_t channels = shape[1];
    Affine affine;
    affine.chain.push_back(op);
    numbers.clear();
    for (OpOperand *operand : op.getDpsInputOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(operand);
      AffineMap map = op.getMatchingIndexingMap(operand);
      if (!evaluator.knows(operand->get())) {
        if (affine.image ||
            operand->get().getType() != op.getResult(0).getType() ||
            !readsSameElement(map, shape))
          return std::nullopt;
        affine.image = operand->get();
        set(argument,
            {Doubles(channels, 1), {argument.getType(), Doubles(channels, 0)}});
        continue;
      }
      auto type = dyn_cast<RankedTensorType>(operand->get().getType());
      auto places =
          type ? placesOfChannels(map, type.getShape(), shape) : std::nullopt;
      auto tensor = places ? evaluator.evaluate(operand->get()) : std::nullopt;
      if (!tensor)
        return std::nullopt;
      set(argument, {std::nullopt, tensor->read(*places)});
      affine.constants.push_back(operand->get());
    }
    if (!affine.image || !runBody(op, channels, affine.operations))
      return std::nullopt;
    const Number *result =
        numberOf(op.getBody()->getTerminator()->getOperand(0), channels);
    if (!result || !result->scale)
      return std::nullopt;
    affine.scale = *result->scale;
    affine.shift = result->shifts();
    return affine;
  }

  bool runBody(linalg::GenericOp op, size_t channels, int64_t &operations) {
    for (Operation &inner : op.getBody()->without_terminator()) {
      if (inner.hasTrait<OpTrait::ConstantLike>())
        continue; // read where it is used
      if (inner.getNumResults() != 1 || inner.getNumRegions() != 0)
        return false;
      SmallVector<const Number *> operands;
      SmallVector<const Column *> columns;
      for (Value operand : inner.getOperands()) {
        const Number *number = numberOf(operand, channels);
        if (!number)
          return false;
        operands.push_back(number);
        columns.push_back(&number->shift);
      }
      std::optional<Number> result;
      if (llvm::any_of(operands, [](auto *n) { return n->scale; })) {
        if (!getElementTypeOrSelf(inner.getResult(0)).isF32() &&
            !inner.getResult(0).getType().isF16())
          return false;
        result = computeAffine(inner, operands);
        ++operations;
      } else if (auto column = compute(&inner, columns, /*wide=*/true))
        result = Number{std::nullopt, std::move(*column)};
      if (!result)
        return false;
      set(inner.getResult(0), std::move(*result));
    }
    return true;
  }

  const Number *set(Value value, Number number) {
    auto &owner = numbers[value];
    owner = std::make_unique<Number>(std::move(number));
    return owner.get();
  }

  const Number *numberOf(Value value, size_t channels) {
    if (auto found = numbers.find(value); found != numbers.end())
      return found->second.get();
    TypedAttr constant;
    if (!matchPattern(value, m_Constant(&constant)))
      return nullptr;
    auto column = columnOf(constant, channels);
    if (!column)
      return nullptr;
    return set(value, {std::nullopt, widened(std::move(*column))});
  }

  ConstantEvaluator evaluator{/*wide=*/true};
  llvm::DenseMap<Value, std::unique_ptr<Number>> numbers;
};

} // namespace

/// `name` with another last part: features.0.weight, features.0.bias.
static std::string siblingOf(StringRef name, StringRef kind) {
  if (!name.contains('.'))
    return kind.str();
  return (name.rsplit('.').first + "." + kind).str();
}

template <typename Numbers> static bool isFinite(const Numbers &numbers) {
  return llvm::all_of(numbers, [](double x) { return std::isfinite(x); });
}

static bool areAll(const Doubles &numbers, double number) {
  return llvm::all_of(numbers, [=](double x) { return x == number; });
}

/// Numbers along the channels as a constant.
static Value createChannels(ImplicitLocOpBuilder &b, StringRef name,
                            Type element, const Doubles &numbers) {
  auto type =
      RankedTensorType::get(static_cast<int64_t>(numbers.size()), element);
  return createBlobConstant(b, b.getLoc(), (name + foldedSuffix).str(), type,
                            Column::Floats(numbers.begin(), numbers.end()));
}

/// scale · image + shift, without what changes nothing.
static Value createAffine(ImplicitLocOpBuilder &b, Value image,
                          const Doubles &scale, const Doubles &shift,
                          StringRef name) {
  auto type = cast<RankedTensorType>(image.getType());
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  AffineMap channel = AffineMap::get(type.getRank(), 0, b.getAffineDimExpr(1));
  SmallVector<Value> inputs{image};
  SmallVector<AffineMap> maps{identity};
  auto add = [&](const Doubles &numbers, StringRef kind) {
    inputs.push_back(createChannels(b, siblingOf(name, kind),
                                    type.getElementType(), numbers));
    maps.push_back(channel);
  };
  bool scales = !areAll(scale, 1), shifts = !areAll(shift, 0);
  if (scales)
    add(scale, "scale");
  if (shifts)
    add(shift, "shift");
  if (inputs.size() == 1)
    return image;
  maps.push_back(identity);
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, type, inputs, empty, maps, loops,
             [&](OpBuilder &builder, Location loc, ValueRange arguments) {
               Value result = arguments[0];
               if (scales)
                 result =
                     arith::MulFOp::create(builder, loc, result, arguments[1]);
               if (shifts)
                 result = arith::AddFOp::create(builder, loc, result,
                                                arguments.drop_back().back());
               linalg::YieldOp::create(builder, loc, result);
             })
      .getResult(0);
}

namespace {

class FoldBatchNorms
    : public patternc::impl::FoldBatchNormsPassBase<FoldBatchNorms> {
public:
  using FoldBatchNormsPassBase::FoldBatchNormsPassBase;

  void runOnOperation() override {
    evaluator = ConstantEvaluator();
    unread.clear();
    hasFailed = false;
    int64_t convolutions = 0, products = 0, others = 0;
    AffineMatcher matcher;
    llvm::DenseSet<Operation *> seen;
    SmallVector<linalg::GenericOp> operations, folded;
    getOperation().walk(
        [&](linalg::GenericOp op) { operations.push_back(op); });
    // From the end: the last of several takes those before it along.
    for (linalg::GenericOp op : llvm::reverse(operations)) {
      std::optional<Affine> affine;
      if (!seen.contains(op))
        affine = matcher.match(op);
      if (!affine)
        continue;
      seen.insert_range(affine->chain);
      ImplicitLocOpBuilder b(op.getLoc(), op);
      Value result = foldIntoConvolution(*affine);
      if (result)
        ++convolutions;
      else if ((result = foldIntoProduct(b, *affine)))
        ++products;
      // What is one multiply and one add already stays as it is.
      else if (affine->operations > 2 && !hasFailed) {
        result = multiplyAdd(b, *affine);
        ++others;
      }
      if (hasFailed)
        return signalPassFailure();
      if (!result)
        continue;
      op.getResult(0).replaceAllUsesWith(result);
      folded.append(affine->chain);
      unread.append(affine->constants);
    }
    // Not before: evaluators know operations by their places in memory.
    for (linalg::GenericOp op : folded)
      op.erase();
    eraseUnread(unread);
    remarkStatistics(*this, getOperation(),
                     {{"convolutions", convolutions},
                      {"products", products},
                      {"others", others}});
  }

private:
  /// The image, once the convolution that makes it computes the result; null
  /// if it cannot.
  Value foldIntoConvolution(const Affine &affine) {
    Value result = affine.image;
    while (result.hasOneUse() &&
           isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
               result.getDefiningOp()))
      result = result.getDefiningOp()->getOperand(0);
    auto conv = result.getDefiningOp<linalg::LinalgOp>();
    if (!conv || !result.hasOneUse() || !isConvolution(conv) ||
        !conv.hasPureTensorSemantics() ||
        !llvm::all_of(conv->getOperands(), isPlain) || !isOfOneType(conv))
      return {};
    // N × O × …, or N × groups × O × …; a reshape of as many channels has them
    // in the same order.
    ArrayRef<int64_t> out = shapeOf(result), image = shapeOf(affine.image);
    int64_t filters = out.size() == 5 ? out[1] * out[2] : out[1];
    if (out[0] != image[0] || filters != image[1])
      return {};
    Value weights = conv->getOperand(1), init = conv->getOperand(2);
    FailureOr<OpFoldResult> bias = matchBias(init, filters);
    if (failed(bias) || !evaluator.knows(weights))
      return {};
    ImplicitLocOpBuilder b(conv.getLoc(), conv);
    StringRef name = nameOf(weights);
    Value scaled =
        scaleWeights(b, weights, affine.scale, /*ofColumns=*/false, name);
    std::optional<Doubles> shift = shiftBehind(*bias, affine);
    if (!scaled || !shift || !isFinite(*shift))
      return {};
    auto oldBias = dyn_cast_if_present<Value>(*bias);
    StringRef biasName = oldBias ? largestBlob(oldBias) : StringRef();
    if (!areAll(*shift, 0) || *bias)
      conv->setOperand(2, createInit(b, result,
                                     biasName.empty() ? siblingOf(name, "bias")
                                                      : biasName.str(),
                                     *shift));
    conv->setOperand(1, scaled);
    unread.push_back(weights);
    if (oldBias)
      unread.push_back(oldBias);
    return affine.image;
  }

  /// The result, whose scale is in the matrix of the product before it; null if
  /// it cannot be. What is added to the product stays behind it.
  Value foldIntoProduct(ImplicitLocOpBuilder &b, const Affine &affine) {
    auto product = affine.image.getDefiningOp<linalg::MatmulOp>();
    if (!product || !affine.image.hasOneUse() || areAll(affine.scale, 1) ||
        product.hasUserDefinedMaps() || !product.hasPureTensorSemantics() ||
        !llvm::all_of(product->getOperands(), isPlain) || !isOfOneType(product))
      return {};
    FailureOr<OpFoldResult> bias =
        matchBias(product.getOutputs()[0], affine.scale.size());
    Value matrix = product.getInputs()[1], source = matrix;
    // A row of the matrix is a filter, or else a channel.
    auto transpose = matrix.getDefiningOp<linalg::TransposeOp>();
    if (transpose)
      source = transpose.getInput();
    if (failed(bias) || *bias || !evaluator.knows(source) ||
        !isFinite(affine.shift))
      return {};
    ImplicitLocOpBuilder before(product.getLoc(), product);
    StringRef name = nameOf(source);
    Value scaled = scaleWeights(before, source, affine.scale, !transpose, name);
    if (!scaled)
      return {};
    if (transpose) {
      before.setInsertionPointAfterValue(scaled);
      Value empty = tensor::EmptyOp::create(before, shapeOf(matrix),
                                            getElementTypeOrSelf(scaled));
      scaled = linalg::TransposeOp::create(before, scaled, empty,
                                           transpose.getPermutation())
                   ->getResult(0);
    }
    product->setOperand(1, scaled);
    unread.push_back(source);
    return createAffine(b, affine.image, Doubles(affine.scale.size(), 1),
                        affine.shift, name);
  }

  /// The result as one multiply and one add.
  Value multiplyAdd(ImplicitLocOpBuilder &b, const Affine &affine) {
    StringRef name;
    for (Value constant : affine.constants)
      if (name.empty())
        name = nameOf(constant);
    return createAffine(b, affine.image, affine.scale, affine.shift, name);
  }

  /// What is added to the result of a convolution with some bias.
  std::optional<Doubles> shiftBehind(OpFoldResult bias, const Affine &affine) {
    size_t channels = affine.shift.size();
    if (!bias)
      return affine.shift;
    std::optional<ConstantTensor> tensor;
    if (auto value = dyn_cast<Value>(bias))
      tensor = evaluator.evaluate(value);
    else
      tensor = ConstantTensor::of(cast<ElementsAttr>(cast<Attribute>(bias)));
    if (!tensor)
      return std::nullopt;
    Column old =
        widened(tensor->read(llvm::to_vector(llvm::seq<int64_t>(channels))));
    auto scaled = zipWith(std::get<Doubles>(old.numbers), affine.scale,
                          [](double x, double y) { return x * y; });
    return zipWith(scaled, affine.shift,
                   [](double x, double y) { return x + y; });
  }

  /// Weights of which each filter is scaled: a run of elements, or else a
  /// column of a matrix.
  Value scaleWeights(ImplicitLocOpBuilder &b, Value weights,
                     const Doubles &scale, bool ofColumns, StringRef name) {
    if (areAll(scale, 1))
      return weights;
    std::optional<ConstantTensor> tensor = evaluator.evaluate(weights);
    if (!tensor)
      return {};
    int64_t elements = tensor->getType().getNumElements();
    int64_t run = ofColumns ? 1 : elements / scale.size();
    Column::Floats numbers;
    numbers.reserve(elements);
    for (int64_t done = 0; done < elements;) {
      int64_t count = std::min<int64_t>(1024, elements - done);
      Column old =
          tensor->read(llvm::to_vector(llvm::seq<int64_t>(done, done + count)));
      for (float weight : std::get<Column::Floats>(old.numbers)) {
        if (!std::isfinite(weight))
          return {}; // which raising has a word for
        double factor = scale[done++ / run % scale.size()];
        numbers.push_back(weight * factor);
      }
    }
    if (!isFinite(numbers)) {
      weights.getDefiningOp()->emitError(name)
          << " holds a value that is not finite once what scales it, such as "
             "batch norm, is folded in";
      hasFailed = true;
      return {};
    }
    return createBlobConstant(b, b.getLoc(), (name + foldedSuffix).str(),
                              cast<RankedTensorType>(weights.getType()),
                              std::move(numbers));
  }

  /// The initial value of a convolution with a bias.
  static Value createInit(ImplicitLocOpBuilder &b, Value result, StringRef name,
                          const Doubles &bias) {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<int64_t> shape(type.getShape());
    bool hasGroups = shape.size() == 5;
    if (hasGroups)
      shape = {shape[0], shape[1] * shape[2], shape[3], shape[4]};
    SmallVector<int64_t> others{0};
    llvm::append_range(others, llvm::seq<int64_t>(2, shape.size()));
    Value channels = createChannels(b, name, type.getElementType(), bias);
    Value empty = tensor::EmptyOp::create(b, shape, type.getElementType());
    Value init =
        linalg::BroadcastOp::create(b, channels, empty, others)->getResult(0);
    return hasGroups
               ? tensor::ExpandShapeOp::create(b, type, init, groupsJoined())
               : init;
  }

  static StringRef nameOf(Value weights) {
    StringRef name = largestBlob(weights);
    return name.empty() ? "conv.weight" : name;
  }

  ConstantEvaluator evaluator;
  SmallVector<Value> unread;
  bool hasFailed = false;
};

} // namespace
