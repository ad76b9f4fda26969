// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Products with a matrix, whose rows are images of one position. A thread
// computes a quad of the filters of a group for some rows; a loop goes over the
// kernels that the group keeps, loads their weights, which lie side by side for
// threads side by side, and multiplies them by one input of each row. The
// kernels are split over slices of a workgroup, whose sums are added through
// shared memory: there are few filters and long sums. Sums are in f32 whatever
// the weights are.

#include "kernels/GpuMatrixKernel.h"

#include "kernels/Activations.h"
#include "kernels/IndexArithmetic.h"
#include "kernels/SumPrecision.h"
#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

/// Writes the loops; the members are the values that several steps read.
class GpuMatrixKernel::Loops {
public:
  Loops(KernelBuilder &builder, const GpuMatrixKernel &kernel)
      : builder(builder), kernel(kernel), b(builder.body()), index(b),
        geometry(kernel.geometry), groups(kernel.groups),
        rows(kernel.schedule.getRows()), slices(kernel.schedule.getSlices()),
        slots(kernel.slots()), perGroup(kernel.record.quads()),
        type(VectorType::get(quad, kernel.element)),
        sumType(cast<VectorType>(sumTypeOf(type))) {}

  void emit() {
    Value thread = builder.threadId();
    slice = slices == 1 ? index.constant(0) : index.div(thread, slots);
    slot = slices == 1 ? thread : index.rem(thread, slots);
    // Threads beyond the last filters, and the last rows, are some of those
    // before again.
    int64_t quads = geometry.filters / kernel.group() * perGroup;
    Value number =
        index.min(index.add(index.mul(builder.workgroupId(0), slots), slot),
                  index.constant(quads - 1));
    Value firstRow = index.min(index.mul(builder.workgroupId(1), rows),
                               index.constant(geometry.batch - rows));
    Value filterGroup = index.div(number, perGroup);
    Value quadInGroup = index.rem(number, perGroup);

    SmallVector<Value> sums = emitSums(filterGroup, quadInGroup, firstRow);
    if (slices == 1)
      return store(filterGroup, quadInGroup, firstRow, sums);
    shareSums(sums);
    auto isFirst = scf::IfOp::create(b, index.less(slice, 1),
                                     /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(isFirst.thenBlock());
    for (auto [row, sum] : llvm::enumerate(sums))
      for (int64_t s = 1; s < slices; ++s)
        sum = arith::AddFOp::create(
            b, sum,
            memref::LoadOp::create(b, shared, place(row, index.constant(s))));
    store(filterGroup, quadInGroup, firstRow, sums);
  }

private:
  /// The sums of one slice, a quad for each row.
  SmallVector<Value> emitSums(Value filterGroup, Value quadInGroup,
                              Value firstRow) {
    weight = builder.asVectors(kernel.weight, quad);
    input = index.mul(firstRow, geometry.channels);
    firstWeight = quadInGroup;
    Value first = index.add(index.load(groups.offset, filterGroup), slice);
    Value last = index.load(groups.offset, index.add(filterGroup, 1));
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(sumType));
    // Several at once, as far as they go, so that their loads are in flight
    // together.
    int64_t unroll = kernel.schedule.getUnroll();
    Value rest = first;
    SmallVector<Value> sums(rows, zero);
    if (unroll > 1) {
      int64_t step = unroll * slices;
      Value count = index.add(
          index.max(index.sub(last, first), index.constant(0)), slices - 1);
      rest = index.add(first, index.mul(index.div(count, step), step));
      sums = emitKernels(first, rest, unroll, sums);
    }
    return emitKernels(rest, last, 1, sums);
  }

  /// Kernels `first` to `last` of the slice, `unroll` of them an iteration.
  SmallVector<Value> emitKernels(Value first, Value last, int64_t unroll,
                                 ValueRange sums) {
    auto loop = scf::ForOp::create(b, first, last,
                                   index.constant(unroll * slices), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> results(loop.getRegionIterArgs());
    for (int64_t i = 0; i < unroll; ++i) {
      Value k = index.add(loop.getInductionVar(), i * slices);
      Value channel = index.add(groups.read(b, k).channelBase, input);
      Value four = memref::LoadOp::create(
          b, weight, index.add(index.mul(k, perGroup), firstWeight));
      four = toSumType(b, four);
      for (int64_t row = 0; row < rows; ++row) {
        Value x = memref::LoadOp::create(
            b, kernel.input, index.add(channel, row * geometry.channels));
        x = vector::BroadcastOp::create(b, sumType, toSumType(b, x));
        results[row] = vector::FMAOp::create(b, four, x, results[row]);
      }
    }
    scf::YieldOp::create(b, results);
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// Writes the sums of all slices to shared memory.
  void shareSums(ArrayRef<Value> sums) {
    shared =
        builder.sharedMemory(MemRefType::get({rows * slices * slots}, sumType));
    for (auto [row, sum] : llvm::enumerate(sums))
      memref::StoreOp::create(b, sum, shared, place(row, slice));
    builder.barrier();
  }

  /// Where the sum of a row lies there; those of threads side by side are so.
  Value place(int64_t row, Value slice) {
    Value part = index.add(slice, row * slices);
    return index.add(index.mul(part, slots), slot);
  }

  /// The epilogue, filter by filter: their order is that of the storage.
  void store(Value filterGroup, Value quadInGroup, Value firstRow,
             ArrayRef<Value> sums) {
    Value first = index.mul(quadInGroup, quad);
    Value output = index.mul(firstRow, geometry.filters);
    for (int64_t lane = 0; lane < quad; ++lane) {
      OpBuilder::InsertionGuard guard(b);
      Value inGroup = index.add(first, lane);
      if (kernel.group() % quad > 0 && kernel.group() % quad <= lane) {
        auto isThere = scf::IfOp::create(b, index.less(inGroup, kernel.group()),
                                         /*withElseRegion=*/false);
        b.setInsertionPointToStart(isThere.thenBlock());
      }
      Value filter = index.load(
          groups.reorder,
          index.add(index.mul(filterGroup, kernel.group()), inGroup));
      auto read = [&](Value buffer, Value at) -> Value {
        return toSumType(b, memref::LoadOp::create(b, buffer, at));
      };
      Value bias = kernel.bias ? read(kernel.bias, filter) : Value();
      for (auto [row, sum] : llvm::enumerate(sums)) {
        Value at = index.add(index.add(output, filter), row * geometry.filters);
        Value value = vector::ExtractOp::create(b, sum, lane);
        if (bias)
          value = arith::AddFOp::create(b, value, bias);
        if (kernel.residual)
          value = arith::AddFOp::create(b, value, read(kernel.residual, at));
        value = activate(b, value, kernel.activation);
        memref::StoreOp::create(b, fromSumType(b, value, kernel.element),
                                kernel.output, at);
      }
    }
  }

  KernelBuilder &builder;
  const GpuMatrixKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  const FilterGroups &groups;
  int64_t rows, slices, slots, perGroup;
  VectorType type, sumType;
  Value slice, slot, input, firstWeight, weight, shared;
};

GpuMatrixKernel::GpuMatrixKernel(PackedConv2DOp op)
    : ConvolutionKernel(op), schedule(scheduleOf<GpuMatrixAttr>(op)),
      record(storage, group()), groups(*this, group(), TapOffsets::Code) {}

Grid GpuMatrixKernel::grid() const {
  int64_t quads = geometry.filters / group() * record.quads();
  return {{llvm::divideCeilSigned(quads, slots()),
           llvm::divideCeilSigned(geometry.batch, schedule.getRows()), 1},
          schedule.getThreads()};
}

LogicalResult GpuMatrixKernel::addArrays(ArrayRef<float> weights,
                                         FkwIndices indices,
                                         KernelOperands &operands,
                                         std::string &reason) {
  if (record.needsPadding(weights))
    operands.front() =
        KernelArray{arrayName(".padded"), record.padded(weights)};
  return groups.addArrays(std::move(indices), operands, reason);
}

void GpuMatrixKernel::bindArrays(BufferCursor &buffers) {
  groups.bind(buffers);
}

void GpuMatrixKernel::emitLoops(KernelBuilder &builder) {
  Loops(builder, *this).emit();
}
