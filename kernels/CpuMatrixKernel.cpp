// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Products with a matrix, whose rows are images of one position. The
// filters of a group fill vectors of accumulators for some rows at once; one
// loop goes over the kernels that the group keeps, loads their weights, which
// lie side by side, and multiplies them by one input of each row. A single row
// reads each weight once, in the order in which they are stored: the speed is
// that of the memory. Sums are in f32 whatever the weights are; these are the
// longest sums of a network.

#include "kernels/CpuMatrixKernel.h"

#include "kernels/Activations.h"
#include "kernels/FilterVector.h"
#include "kernels/IndexArithmetic.h"
#include "kernels/SumPrecision.h"
#include "kernels/VectorTile.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

/// Writes the loops; the members are the values that several steps read.
class CpuMatrixKernel::Loops {
public:
  Loops(KernelBuilder &builder, const CpuMatrixKernel &kernel)
      : builder(builder), kernel(kernel), b(builder.body()), index(b),
        geometry(kernel.geometry), groups(kernel.groups),
        schedule(kernel.schedule), group(kernel.group()),
        lanes(schedule.getLanes()),
        vectors(llvm::divideCeilSigned(group, lanes)), rows(schedule.getRows()),
        chains(schedule.getChains()),
        vectorType(VectorType::get(lanes, kernel.element)),
        sumType(cast<VectorType>(sumTypeOf(vectorType))) {}

  void emit() {
    Value block = builder.workgroupId(1);
    // The last rows may be some of those before again.
    Value firstRow = index.min(index.mul(builder.workgroupId(0), rows),
                               index.constant(geometry.batch - rows));
    input = index.mul(firstRow, geometry.channels);
    output = index.mul(firstRow, geometry.filters);
    auto [first, last] =
        index.part(block, geometry.filters / group, schedule.getBlocks());
    auto loop = scf::ForOp::create(b, first, last, index.constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value filterGroup = loop.getInductionVar();
    store(index.mul(filterGroup, group), emitSums(filterGroup));
  }

private:
  /// All kernels of one filter group: sums row after row. Each of `chains`
  /// neighbouring kernels has its own.
  SmallVector<Value> emitSums(Value filterGroup) {
    Value first = index.load(groups.offset, filterGroup);
    Value last = index.load(groups.offset, index.add(filterGroup, 1));
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(sumType));
    int64_t count = rows * vectors;
    SmallVector<Value> sums(chains * count, zero);
    Value rest = first;
    if (chains > 1) {
      rest = index.sub(last, index.rem(index.sub(last, first), chains));
      sums = emitKernels(first, rest, chains, sums);
      for (int64_t i = count; i < chains * count; ++i)
        sums[i % count] = arith::AddFOp::create(b, sums[i % count], sums[i]);
      sums.truncate(count);
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
      Value channel = index.add(groups.read(b, k).channelBase, input);
      Value weights = index.mul(k, group);
      prefetchWeights(b, kernel, weights, group, schedule.getPrefetchWeights());
      for (int64_t row = 0; row < rows; ++row) {
        Value x = memref::LoadOp::create(
            b, kernel.input, index.add(channel, row * geometry.channels));
        x = vector::BroadcastOp::create(b, sumType, toSumType(b, x));
        for (int64_t v = 0; v < vectors; ++v) {
          Value weight =
              load(kernel.weight, weights, firstOfVector(group, lanes, v));
          results.push_back(vector::FMAOp::create(
              b, x, weight, loop.getRegionIterArg(results.size())));
        }
      }
    }
    scf::YieldOp::create(b, results);
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  Value load(Value buffer, Value base, int64_t offset) {
    return toSumType(b, vector::LoadOp::create(b, vectorType, buffer,
                                               index.add(base, offset)));
  }

  /// The epilogue. A filter's number says where its bias and its output are.
  void store(Value firstFilter, ArrayRef<Value> sums) {
    for (int64_t v = 0; v < vectors; ++v) {
      Value stored = index.add(firstFilter, firstOfVector(group, lanes, v));
      FilterVector filters(b, groups.reorder, stored, lanes,
                           schedule.getStores());
      auto read = [&](Value buffer, Value base) {
        return toSumType(b, filters.load(buffer, base));
      };
      Value bias = kernel.bias ? read(kernel.bias, index.constant(0)) : Value();
      for (int64_t row = 0; row < rows; ++row) {
        Value base = index.add(output, row * geometry.filters);
        Value value = sums[row * vectors + v];
        if (bias)
          value = arith::AddFOp::create(b, value, bias);
        if (kernel.residual)
          value = arith::AddFOp::create(b, value, read(kernel.residual, base));
        value = activate(b, value, kernel.activation);
        filters.store(fromSumType(b, value, vectorType), kernel.output, base);
      }
    }
  }

  KernelBuilder &builder;
  const CpuMatrixKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  const FilterGroups &groups;
  CpuMatrixAttr schedule;
  int64_t group, lanes, vectors, rows, chains;
  VectorType vectorType, sumType;
  Value input, output; // where the first row begins
};

CpuMatrixKernel::CpuMatrixKernel(PackedConv2DOp op)
    : ConvolutionKernel(op), schedule(scheduleOf<CpuMatrixAttr>(op)),
      groups(*this, group(), TapOffsets::Code) {}

Grid CpuMatrixKernel::grid() const {
  return {{llvm::divideCeilSigned(geometry.batch, schedule.getRows()),
           schedule.getBlocks(), 1}};
}

LogicalResult CpuMatrixKernel::addArrays(ArrayRef<float>, FkwIndices indices,
                                         KernelOperands &operands,
                                         std::string &reason) {
  if (schedule.getStores() == Stores::Vectors &&
      !areRuns(group(), schedule.getLanes(), indices.reorder)) {
    reason = "it stores vectors, but their filters are no runs";
    return failure();
  }
  return groups.addArrays(std::move(indices), operands, reason);
}

void CpuMatrixKernel::bindArrays(BufferCursor &buffers) {
  groups.bind(buffers);
}

void CpuMatrixKernel::emitLoops(KernelBuilder &builder) {
  Loops(builder, *this).emit();
}
