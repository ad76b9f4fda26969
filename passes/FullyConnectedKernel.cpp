// Fully connected layers on CPUs. The filters of a group fill vectors of
// accumulators; one loop goes over the kernels that the group keeps and
// multiplies its weights, which lie side by side, by one input. The weights are
// read once, in the order in which they are stored: the speed is that of the
// memory. So sums are in f32 whatever the weights are; these are the longest
// sums of a network.

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/ConvolutionKernel.h"
#include "passes/IndexArithmetic.h"
#include "passes/SumPrecision.h"
#include "passes/VectorLoop.h"

using namespace mlir;
using namespace patternc;

/// Accumulators that keep two units of four cycles latency busy.
static constexpr int64_t minAccumulators = 8;

namespace {

/// Emits the kernel; the members are the values that several steps read.
class FullyConnectedKernel {
public:
  FullyConnectedKernel(StreamExecutable &executable,
                       const ConvolutionKernel &kernel)
      : executable(executable), kernel(kernel), b(executable.body()), index(b),
        group(kernel.group),
        lanes(std::min<int64_t>(kernel.schedule.getLanes(),
                                llvm::bit_floor(uint64_t(group)))),
        vectors(llvm::divideCeilSigned(group, lanes)),
        vectorType(VectorType::get(lanes, kernel.elementType())),
        sumType(cast<VectorType>(sumTypeOf(vectorType))),
        chains(llvm::divideCeilSigned(minAccumulators,
                                      vectors * registersOfSum())) {}

  void emit() {
    Value block = executable.workgroupId(1);
    Value image = executable.workgroupId(2);
    inputBase =
        index.add(kernel.inputBase(b, image), kernel.planes.getOrigin());
    outputBase = kernel.outputBase(b, image);
    auto [first, last] = index.part(block, kernel.geometry.filters / group,
                                    kernel.schedule.getBlocks());
    auto loop = scf::ForOp::create(b, first, last, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value filterGroup = loop.getInductionVar();
    store(index.mul(filterGroup, group), emitSums(filterGroup));
  }

private:
  /// Sums of halves take two registers.
  int64_t registersOfSum() const {
    return sumType.getElementTypeBitWidth() /
           vectorType.getElementTypeBitWidth();
  }

  /// Where in the group vector `v` begins: the last one ends with the group and
  /// may overlap the one before.
  int64_t startOf(int64_t v) const {
    return std::min(v * lanes, group - lanes);
  }

  /// A vector of i32 from an array of i16 or i32.
  Value loadNumbers(Value buffer, Value at) {
    Type stored = cast<MemRefType>(buffer.getType()).getElementType();
    auto type = VectorType::get(lanes, b.getI32Type());
    Value numbers = vector::LoadOp::create(b, type.clone(stored), buffer, at);
    return stored == b.getI32Type()
               ? numbers
               : arith::ExtUIOp::create(b, type, numbers).getResult();
  }

  /// All kernels of one filter group. Few accumulators would wait for each
  /// other, so neighbouring kernels then have their own.
  SmallVector<Value> emitSums(Value filterGroup) {
    Value first = index.load(kernel.offset, filterGroup);
    Value last = index.load(kernel.offset, index.add(filterGroup, 1));
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(sumType));
    SmallVector<Value> sums(chains * vectors, zero);
    Value rest = first;
    if (chains > 1) {
      rest = index.sub(last, index.rem(index.sub(last, first), chains));
      sums = emitKernels(first, rest, chains, sums);
      for (int64_t i = vectors; i < chains * vectors; ++i)
        sums[i % vectors] =
            arith::AddFOp::create(b, sums[i % vectors], sums[i]);
      sums.truncate(vectors);
    }
    return emitKernels(rest, last, 1, sums);
  }

  /// Kernels `first` to `last`, `step` of them an iteration.
  SmallVector<Value> emitKernels(Value first, Value last, int64_t step,
                                 ValueRange sums) {
    auto loop = scf::ForOp::create(b, first, last, index.constant(step), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> results;
    for (int64_t i = 0; i < step; ++i) {
      Value k = index.add(loop.getInductionVar(), i);
      Value x = memref::LoadOp::create(
          b, kernel.input,
          index.add(readKernel(b, kernel, k).channelBase, inputBase));
      x = vector::BroadcastOp::create(b, sumType, toSumType(b, x));
      Value weights = index.mul(k, group);
      if (kernel.schedule.getPrefetch())
        kernel.prefetchWeights(b, weights, group);
      for (int64_t v = 0; v < vectors; ++v) {
        Value weight = vector::LoadOp::create(b, vectorType, kernel.weight,
                                              index.add(weights, startOf(v)));
        results.push_back(
            vector::FMAOp::create(b, x, toSumType(b, weight),
                                  loop.getRegionIterArg(i * vectors + v)));
      }
    }
    scf::YieldOp::create(b, results);
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// The epilogue. A filter's number says where its bias and its output are.
  void store(Value firstFilter, ArrayRef<Value> sums) {
    auto maskType = VectorType::get(lanes, b.getI1Type());
    Value all =
        arith::ConstantOp::create(b, DenseElementsAttr::get(maskType, true));
    Value none = arith::ConstantOp::create(b, b.getZeroAttr(vectorType));
    int64_t stride = kernel.channelStride();
    int64_t origin = kernel.outputPlanes ? kernel.outputPlanes.getOrigin() : 0;
    Value base = index.add(outputBase, origin);
    for (auto [v, sum] : llvm::enumerate(sums)) {
      Value filters =
          loadNumbers(kernel.reorder, index.add(firstFilter, startOf(v)));
      Value positions = arith::MulIOp::create(
          b, filters,
          arith::ConstantOp::create(
              b, DenseElementsAttr::get(cast<VectorType>(filters.getType()),
                                        static_cast<int32_t>(stride))));
      auto gather = [&](Value buffer, Value from, Value at) -> Value {
        return toSumType(b, vector::GatherOp::create(b, vectorType, buffer,
                                                     from, at, all, none));
      };
      Value value = sum;
      if (kernel.bias)
        value = arith::AddFOp::create(
            b, value, gather(kernel.bias, index.constant(0), filters));
      if (kernel.residual)
        value = arith::AddFOp::create(b, value,
                                      gather(kernel.residual, base, positions));
      value = fromSumType(b, activate(b, value, kernel.activation), vectorType);
      vector::ScatterOp::create(b, /*result=*/Type(), kernel.output, base,
                                positions, all, value);
    }
    emitLoop(b, 0, stride > 1 ? group : 0, 1, [&](Value g) {
      Value filter = index.load(kernel.reorder, index.add(firstFilter, g));
      Value plane = index.add(outputBase, index.mul(filter, stride));
      emitZeros(b, kernel.output, plane, 0, origin, lanes);
      emitZeros(b, kernel.output, plane, origin + 1, stride, lanes);
    });
  }

  StreamExecutable &executable;
  const ConvolutionKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  int64_t group, lanes, vectors;
  VectorType vectorType, sumType;
  int64_t chains;
  Value inputBase, outputBase;
};

} // namespace

void ConvolutionKernel::emitFullyConnected(StreamExecutable &executable) const {
  FullyConnectedKernel(executable, *this).emit();
}
