// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// On the CPU a workgroup makes some channels, row after row, by vectors of
// columns whose windows lie in the image; the columns at the edges are made one
// by one. Whatever of planes is not image is padding.

#include "kernels/RowKernel.h"

#include "kernels/IndexArithmetic.h"
#include "kernels/Requantization.h"
#include "kernels/SumPrecision.h"
#include "kernels/VectorLoop.h"
#include "kernels/WorkSplits.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace patternc;

RowKernel::Image::Image(RankedTensorType type)
    : batch(type.getShape()[0]), channels(type.getShape()[1]),
      height(type.getShape()[2]), width(type.getShape()[3]), pitch(width),
      size(height * width) {
  auto planes = dyn_cast_or_null<PlanesAttr>(type.getEncoding());
  if (!planes)
    return;
  strideH = planes.getStrides()[0];
  strideW = planes.getStrides()[1];
  padding = planes.getPadding();
  origin = planes.getOrigin();
  pitch = planes.getPitch();
  size = planes.getSize();
}

static RankedTensorType imageType(Value image) {
  return cast<RankedTensorType>(image.getType());
}

RowKernel::RowKernel(Operation *op, int64_t lanes, int64_t threads,
                     bool isUnrolled, int64_t slices)
    : source(op->getOperand(0)), input(imageType(source)),
      output(imageType(op->getResult(0))),
      element(getElementTypeOrSelf(source.getType())), lanes(lanes),
      threads(threads), isUnrolled(isUnrolled), slices(slices) {
  auto pool = dyn_cast<Pool2DOp>(op);
  if (!pool)
    return;
  pooling = pool.getPooling();
  quantization = pool.getQuantizationAttr();
  kernelHeight = pool.getKernel()[0];
  kernelWidth = pool.getKernel()[1];
  strideH = pool.getStrides()[0];
  strideW = pool.getStrides()[1];
  top = pool.getPadding()[0];
  left = pool.getPadding()[1];
  bottom = pool.getPadding()[2];
  right = pool.getPadding()[3];
}

Grid RowKernel::grid() const {
  if (!threads)
    return {{blocksFor(output.channels, output.batch), output.batch, 1}};
  int64_t elements = output.phases() * output.size;
  return {{llvm::divideCeilSigned(elements * slices, threads), output.channels,
           output.batch},
          threads};
}

std::optional<KernelOperands> RowKernel::operands(std::string &) {
  return KernelOperands{source};
}

/// Writes the loops; the members are the values that several steps read.
class RowKernel::Loops {
public:
  Loops(KernelBuilder &builder, const RowKernel &kernel)
      : builder(builder), kernel(kernel), in(kernel.input), out(kernel.output),
        b(builder.body()), index(b), lanes(kernel.lanes),
        source(builder.buffers()[0]), target(builder.buffers()[1]) {}

  void emitRows(Value channel, Value image) {
    emitBases(channel, image);
    if (isGlobalAverage())
      return emitGlobalAverage();
    for (int64_t phase = 0; phase < out.phases(); ++phase) {
      int64_t firstY = phase / out.strideW, firstX = phase % out.strideW;
      int64_t rows = count(out.height, firstY, out.strideH);
      int64_t columns = count(out.width, firstX, out.strideW);
      if (columns == 0)
        rows = 0;
      Value plane = index.add(targetBase, phase * out.size);
      emitFill(b, target, plane, 0, out.origin, lanes, out.padding);
      emitLoop(b, 0, rows, 1, [&](Value row) {
        Value y = index.add(index.mul(row, out.strideH), firstY);
        Value to =
            index.add(plane, index.add(index.mul(row, out.pitch), out.origin));
        emitRow(y, firstX, columns, to);
        emitFill(b, target, to, columns, out.pitch, lanes, out.padding);
      });
      int64_t end = out.origin + rows * out.pitch;
      emitFill(b, target, plane, end, out.size, lanes, out.padding);
    }
  }

  /// One thread for an element of the output.
  void emitElement(Value element, Value channel, Value image) {
    emitBases(channel, image);
    auto inOutput =
        scf::IfOp::create(b, index.less(element, out.phases() * out.size),
                          /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(inOutput.thenBlock());
    Value phase = index.div(element, out.size);
    // Before the origin this wraps around, to a row beyond the image.
    Value inRun = index.add(index.rem(element, out.size), -out.origin);
    Value y = index.add(index.mul(index.div(inRun, out.pitch), out.strideH),
                        index.div(phase, out.strideW));
    Value x = index.add(index.mul(index.rem(inRun, out.pitch), out.strideW),
                        index.rem(phase, out.strideW));
    Value inImage = arith::AndIOp::create(b, index.less(y, out.height),
                                          index.less(x, out.width));
    auto value = scf::IfOp::create(b, TypeRange{kernel.element}, inImage,
                                   /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard inner(b);
      b.setInsertionPointToStart(value.thenBlock());
      Value made = emitWindow(y, x, kernel.element, /*atEdge=*/true);
      scf::YieldOp::create(b, made);
      b.setInsertionPointToStart(value.elseBlock());
      scf::YieldOp::create(b, constant(kernel.element, out.padding));
    }
    memref::StoreOp::create(b, value.getResult(0), target,
                            index.add(targetBase, element));
  }

  /// Several threads for an element of a plain output: each combines some of
  /// its window, and halves of them each other's, until the first has all.
  void emitShared(Value element, Value slice, Value channel, Value image) {
    emitBases(channel, image);
    int64_t window = kernel.kernelHeight * kernel.kernelWidth;
    Value isThere = index.less(element, out.size);
    Value place = index.min(element, index.constant(out.size - 1));
    Value y = index.div(place, out.width), x = index.rem(place, out.width);
    Value part = emitFold(
        b, llvm::divideCeilSigned(window, kernel.slices),
        identity(kernel.element), [&](Value i, Value so) {
          Value tap = index.add(index.mul(i, kernel.slices), slice);
          Value isInWindow = index.less(tap, window);
          tap = arith::SelectOp::create(b, isInWindow, tap, index.constant(0));
          Value all = combine(so, emitTap(y, x, tap, kernel.element, true));
          return arith::SelectOp::create(b, isInWindow, all, so);
        });
    Value shared =
        builder.sharedMemory(MemRefType::get({kernel.threads}, part.getType()));
    Value thread = builder.threadId();
    for (int64_t half = kernel.slices / 2; half > 0; half /= 2) {
      memref::StoreOp::create(b, part, shared, thread);
      builder.barrier();
      Value partner = index.min(index.add(thread, half),
                                index.constant(kernel.threads - 1));
      part = combine(part, memref::LoadOp::create(b, shared, partner));
      builder.barrier();
    }
    Value stores = arith::AndIOp::create(b, isThere, index.less(slice, 1));
    auto branch = scf::IfOp::create(b, stores, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    memref::StoreOp::create(b, finish(part, window, window, kernel.element),
                            target, index.add(targetBase, element));
  }

private:
  /// Rows or columns of an image that stand in a phase.
  static int64_t count(int64_t size, int64_t first, int64_t stride) {
    return std::max<int64_t>(0, llvm::divideCeilSigned(size - first, stride));
  }

  void emitBases(Value channel, Value image) {
    Value plane = index.add(index.mul(image, out.channels), channel);
    sourceBase = index.add(index.mul(plane, in.size), in.origin);
    targetBase = index.mul(plane, out.phases() * out.size);
  }

  /// One row of a phase: columns of windows that reach beyond the image, one by
  /// one, and those between them by vectors.
  void emitRow(Value y, int64_t firstX, int64_t columns, Value to) {
    int64_t step = out.strideW * kernel.strideW;
    int64_t shift = firstX * kernel.strideW - kernel.left;
    int64_t begin =
        std::clamp<int64_t>(llvm::divideCeilSigned(-shift, step), 0, columns);
    int64_t end = std::clamp<int64_t>(
        llvm::divideFloorSigned(in.width - kernel.kernelWidth - shift, step) +
            1,
        begin, columns);
    auto emit = [&](Value column, Type type, bool atEdge) {
      Value x = index.add(index.mul(column, out.strideW), firstX);
      Value value = emitWindow(y, x, type, atEdge);
      Value at = index.add(to, column);
      if (isa<VectorType>(type))
        vector::StoreOp::create(b, value, target, at);
      else
        memref::StoreOp::create(b, value, target, at);
    };
    auto emitEdge = [&](Value column) { emit(column, kernel.element, true); };
    auto emitInner = [&](Value column, VectorType type) {
      emit(column, type ? Type(type) : kernel.element, false);
    };
    emitLoop(b, 0, begin, 1, emitEdge);
    emitVectorLoop(b, begin, end, step <= 2 ? lanes : 1, kernel.element,
                   emitInner);
    emitLoop(b, end, columns, 1, emitEdge);
  }

  /// What the window of output (y, x), and of the columns behind it that fill
  /// `type`, comes to. At an edge its columns may lie beyond the image.
  Value emitWindow(Value y, Value x, Type type, bool atEdge) {
    int64_t window = kernel.kernelHeight * kernel.kernelWidth;
    Value result;
    if (kernel.isUnrolled) {
      for (int64_t tap = 0; tap < window; ++tap) {
        Value value = emitTap(y, x, index.constant(tap), type, atEdge);
        result = result ? combine(result, value) : value;
      }
    } else {
      result = emitFold(b, window, identity(type), [&](Value tap, Value so) {
        return combine(so, emitTap(y, x, tap, type, atEdge));
      });
    }
    return finish(result, window, window, type);
  }

  /// Element `tap` of such a window, as it is combined.
  Value emitTap(Value y, Value x, Value tap, Type type, bool atEdge) {
    Value firstY = index.add(index.mul(y, kernel.strideH), -kernel.top);
    Value firstX = index.add(index.mul(x, kernel.strideW), -kernel.left);
    return toCombine(emitRead(
        index.add(firstY, index.div(tap, kernel.kernelWidth)),
        index.add(firstX, index.rem(tap, kernel.kernelWidth)), type, atEdge));
  }

  /// Input row y, from column x on in the steps of the output; where that is
  /// beyond the image, what changes no maximum or is zero in a mean.
  Value emitRead(Value y, Value x, Type type, bool atEdge) {
    bool rowsBeyond = kernel.top > 0 || kernel.bottom > 0;
    bool columnsBeyond = atEdge && (kernel.left > 0 || kernel.right > 0);
    Value inside;
    auto clamp = [&](Value &at, int64_t size) {
      Value isIn = index.less(at, size);
      inside = inside ? arith::AndIOp::create(b, inside, isIn) : isIn;
      at = arith::SelectOp::create(b, isIn, at, index.constant(0));
    };
    if (rowsBeyond)
      clamp(y, in.height);
    if (columnsBeyond)
      clamp(x, in.width);
    Value at = index.add(sourceBase, index.add(index.mul(y, in.pitch), x));
    Value value = load(at, type);
    if (inside)
      value = arith::SelectOp::create(b, inside, value, outside(type));
    return value;
  }

  Value load(Value at, Type type) {
    auto vectorType = dyn_cast<VectorType>(type);
    if (!vectorType)
      return memref::LoadOp::create(b, source, at);
    Value first = vector::LoadOp::create(b, vectorType, source, at);
    if (out.strideW * kernel.strideW == 1)
      return first;
    // Every other element. The second vector ends with the last of them.
    Value second =
        vector::LoadOp::create(b, vectorType, source, index.add(at, lanes - 1));
    SmallVector<int64_t> mask;
    for (int64_t i = 0; i < lanes; ++i)
      mask.push_back(2 * i < lanes ? 2 * i : 2 * i + 1);
    return vector::ShuffleOp::create(b, first, second, mask);
  }

  /// What is read beyond the image.
  Value outside(Type type) {
    bool isMax = kernel.pooling == Pooling::Max;
    if (kernel.quantization)
      return constant(type,
                      isMax ? leastByte()
                            : kernel.quantization.getInput().getZeroPoint());
    return constant(type, isMax ? -std::numeric_limits<double>::infinity() : 0);
  }

  int64_t leastByte() const {
    return kernel.quantization.isSigned() ? std::numeric_limits<int8_t>::min()
                                          : 0;
  }

  /// What windows are combined from on, in the type that they are combined in.
  Value identity(Type type) {
    if (kernel.pooling == Pooling::Max)
      return outside(type);
    return constant(sumTypeOfWindow(type), 0);
  }

  Value constant(Type type, double value) {
    Type element = getElementTypeOrSelf(type);
    TypedAttr attribute = element.isInteger()
                              ? TypedAttr(b.getIntegerAttr(element, value))
                              : TypedAttr(b.getFloatAttr(element, value));
    if (auto vectorType = dyn_cast<VectorType>(type))
      attribute = DenseElementsAttr::get(vectorType, attribute);
    return arith::ConstantOp::create(b, attribute);
  }

  Type sumTypeOfWindow(Type type) {
    if (!kernel.quantization)
      return sumTypeOf(type);
    auto vectorType = dyn_cast<VectorType>(type);
    return vectorType ? Type(vectorType.clone(b.getI32Type())) : b.getI32Type();
  }

  /// `value` as it is combined: for a mean in f32, or bytes in i32. Of a large
  /// window, f16 would lose most of the sum, or all of it beyond 65504.
  Value toCombine(Value value) {
    if (kernel.pooling != Pooling::Average)
      return value;
    return kernel.quantization
               ? widenBytes(b, value, kernel.quantization.getBytes())
               : toSumType(b, value);
  }

  /// The greater (a NaN on either side stays), or the sum.
  Value combine(Value x, Value y) {
    if (kernel.quantization)
      return combineBytes(x, y);
    if (kernel.pooling == Pooling::Average)
      return arith::AddFOp::create(b, x, y);
    Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::UGT, x, y);
    Value isNumber = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, y, y);
    // x where x > y or x is NaN, unless y is NaN and x is not.
    Value xIsNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
    Value keep = arith::OrIOp::create(
        b, xIsNan, arith::AndIOp::create(b, greater, isNumber));
    return arith::SelectOp::create(b, keep, x, y);
  }

  Value combineBytes(Value x, Value y) {
    if (kernel.pooling == Pooling::Average)
      return arith::AddIOp::create(b, x, y);
    if (kernel.quantization.isSigned())
      return arith::MaxSIOp::create(b, x, y);
    return arith::MaxUIOp::create(b, x, y);
  }

  /// What is stored, in `type`, of a window of which `count` elements were
  /// combined: zeros may be among them that are no part of it.
  Value finish(Value value, int64_t window, int64_t count, Type type) {
    if (kernel.pooling != Pooling::Average)
      return value;
    if (!kernel.quantization) {
      Value mean =
          arith::DivFOp::create(b, value, constant(value.getType(), window));
      return fromSumType(b, mean, type);
    }
    QuantizationAttr quantization = kernel.quantization;
    Value zeros =
        constantLike(b, value, quantization.getInput().getZeroPoint() * count);
    Value sum = toFloat(b, arith::SubIOp::create(b, value, zeros));
    double step = quantization.getInput().scaleAsDouble() /
                  (quantization.getOutput().scaleAsDouble() * window);
    return roundToBytes(
        b, arith::MulFOp::create(b, sum, constantLike(b, sum, step)),
        quantization.getOutput().getZeroPoint(), quantization.getLow(),
        quantization.getHigh());
  }

  bool isGlobalAverage() const {
    return kernel.pooling == Pooling::Average && lanes > 1 && out.height == 1 &&
           out.width == 1 && out.size == 1 &&
           kernel.kernelHeight == in.height && kernel.kernelWidth == in.width &&
           kernel.top + kernel.left == 0;
  }

  /// The mean of a channel: between its rows there is nothing but padding. What
  /// is left behind the last vector is read by shorter ones.
  void emitGlobalAverage() {
    int64_t run = (in.height - 1) * in.pitch + in.width;
    Value sum;
    for (int64_t width = lanes, begin = 0; begin < run; width /= 2) {
      int64_t vectors = (run - begin) / width;
      if (vectors == 0)
        continue;
      Value part = sumOfVectors(begin, vectors, width);
      sum = sum ? combine(sum, part) : part;
      begin += vectors * width;
    }
    memref::StoreOp::create(
        b, finish(sum, in.height * in.width, run, kernel.element), target,
        targetBase);
  }

  /// The sum of `count` vectors of `width` elements, from element `begin` of a
  /// channel on.
  Value sumOfVectors(int64_t begin, int64_t count, int64_t width) {
    auto type = VectorType::get(width, kernel.element);
    Value first = index.add(sourceBase, begin);
    Value sums = emitFold(
        b, count, constant(sumTypeOfWindow(type), 0), [&](Value i, Value so) {
          Value at = index.add(first, index.mul(i, width));
          return combine(
              so, toCombine(vector::LoadOp::create(b, type, source, at)));
        });
    return vector::ReductionOp::create(b, vector::CombiningKind::ADD, sums);
  }

  KernelBuilder &builder;
  const RowKernel &kernel;
  const RowKernel::Image &in, &out;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  int64_t lanes;
  Value source, target, sourceBase, targetBase;
};

void RowKernel::emit(KernelBuilder &builder) {
  Loops loops(builder, *this);
  IndexArithmetic index(builder.body());
  if (!threads) {
    auto channels = index.part(builder.workgroupId(0), output.channels,
                               grid().workgroups[0]);
    return emitLoop(builder.body(), channels.first, channels.second,
                    [&](Value channel) {
                      loops.emitRows(channel, builder.workgroupId(1));
                    });
  }
  Value thread =
      index.add(index.mul(builder.workgroupId(0), threads), builder.threadId());
  Value channel = builder.workgroupId(1), image = builder.workgroupId(2);
  if (slices == 1)
    return loops.emitElement(thread, channel, image);
  loops.emitShared(index.div(thread, slices), index.rem(thread, slices),
                   channel, image);
}
