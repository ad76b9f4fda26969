// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Products of rows of bytes with a matrix, as in CpuMatrixKernel.cpp: the
// filters of a group fill vectors of 32-bit sums, and one loop goes over the
// channels that the group keeps, four at a time. The four inputs of a row come
// into every lane, and the weights of a lane's filter beside each other.

#include "kernels/CpuDotMatrixKernel.h"

#include "kernels/DotProducts.h"
#include "kernels/FilterVector.h"
#include "kernels/IndexArithmetic.h"
#include "kernels/Requantization.h"
#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

ChannelQuads patternc::quadsOf(const FkwIndices &indices, int64_t i,
                               int64_t channels, InputQuads inputs) {
  int32_t first = indices.offset[i], last = indices.offset[i + 1];
  ChannelQuads quads;
  if (inputs == InputQuads::Gather) {
    for (int32_t k = first; k < last; k += 4)
      for (int32_t j = k; j < k + 4; ++j) {
        quads.channels.push_back(indices.index[std::min(j, last - 1)]);
        quads.kernels.push_back(j < last ? j : -1);
      }
    return quads;
  }
  SmallVector<int32_t> kernelOf(channels, -1);
  for (int32_t k = first; k < last; ++k)
    kernelOf[indices.index[k]] = k;
  for (int32_t channel = 0; channel < channels;) {
    if (kernelOf[channel] < 0) {
      ++channel;
      continue;
    }
    // The last run ends with the row; what it repeats counts once.
    int32_t start = std::min<int32_t>(channel, channels - 4);
    quads.channels.push_back(start);
    for (int32_t j = start; j < start + 4; ++j)
      quads.kernels.push_back(j < channel ? -1 : kernelOf[j]);
    channel = start + 4;
  }
  return quads;
}

/// Writes the loops; the members are the values that several steps read.
class CpuDotMatrixKernel::Loops {
public:
  Loops(KernelBuilder &builder, const CpuDotMatrixKernel &kernel)
      : builder(builder), kernel(kernel), b(builder.body()), index(b),
        geometry(kernel.geometry), schedule(kernel.schedule),
        group(kernel.group()), lanes(schedule.getLanes()),
        vectors(llvm::divideCeilSigned(group, lanes)), rows(schedule.getRows()),
        byteType(VectorType::get(4 * lanes, b.getI8Type())),
        sumType(VectorType::get(lanes, b.getI32Type())),
        dots(b, schedule.getProducts(), lanes, kernel.quantization.getBytes()) {
  }

  void emit() {
    Value block = builder.workgroupId(1);
    // The last rows may be some of those before again.
    Value firstRow = index.min(index.mul(builder.workgroupId(0), rows),
                               index.constant(geometry.batch - rows));
    input = index.mul(firstRow, geometry.channels);
    output = index.mul(firstRow, geometry.filters);
    auto [first, last] =
        index.part(block, geometry.filters / group, schedule.getBlocks());
    emitLoop(b, first, last, [&](Value filterGroup) {
      store(index.mul(filterGroup, group), emitSums(filterGroup));
    });
  }

private:
  /// All quads of one filter group: sums row after row.
  SmallVector<Value> emitSums(Value filterGroup) {
    Value first = index.load(kernel.bounds, filterGroup);
    Value last = index.load(kernel.bounds, index.add(filterGroup, 1));
    SmallVector<Value> zeros(
        rows * vectors, arith::ConstantOp::create(b, b.getZeroAttr(sumType)));
    auto loop = scf::ForOp::create(b, first, last, index.constant(1), zeros);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value quad = loop.getInductionVar();
    SmallVector<DotProducts::Prepared> weights;
    for (int64_t v = 0; v < vectors; ++v) {
      Value at = index.mul(
          index.add(index.mul(quad, group), firstOfVector(group, lanes, v)), 4);
      weights.push_back(dots.prepareWeights(
          vector::LoadOp::create(b, byteType, kernel.weight, at)));
    }
    SmallVector<Value> sums;
    for (int64_t row = 0; row < rows; ++row) {
      DotProducts::Prepared x = dots.prepareInput(dots.inAllLanes(
          loadInput(quad, index.add(input, row * geometry.channels))));
      for (int64_t v = 0; v < vectors; ++v)
        sums.push_back(
            dots.add(loop.getRegionIterArg(sums.size()), x, weights[v]));
    }
    scf::YieldOp::create(b, sums);
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// The four bytes of a quad of the row at `base`.
  Value loadInput(Value quad, Value base) {
    auto type = VectorType::get(4, b.getI8Type());
    if (schedule.getInputs() == InputQuads::Run)
      return vector::LoadOp::create(
          b, type, kernel.input,
          index.add(base, index.load(kernel.channels, quad)));
    SmallVector<Value> bytes;
    for (int64_t i = 0; i < 4; ++i) {
      Value channel =
          index.load(kernel.channels, index.add(index.mul(quad, 4), i));
      bytes.push_back(
          memref::LoadOp::create(b, kernel.input, index.add(base, channel)));
    }
    return vector::FromElementsOp::create(b, type, bytes);
  }

  void store(Value firstFilter, ArrayRef<Value> sums) {
    Value zero = index.constant(0);
    for (int64_t v = 0; v < vectors; ++v) {
      Value stored = index.add(firstFilter, firstOfVector(group, lanes, v));
      FilterVector filters(b, kernel.reorder, stored, lanes,
                           schedule.getStores());
      FilterScales scales{filters.load(kernel.scales.multiplier, zero),
                          kernel.bias ? filters.load(kernel.bias, zero)
                                      : Value()};
      Value start = kernel.scales.starts
                        ? filters.load(kernel.scales.starts, zero)
                        : Value();
      for (int64_t row = 0; row < rows; ++row) {
        Value base = index.add(output, row * geometry.filters);
        Value sum = sums[row * vectors + v];
        if (start)
          sum = arith::AddIOp::create(b, sum, start);
        Value residual =
            kernel.residual ? filters.load(kernel.residual, base) : Value();
        Value bytes = requantize(b, sum, scales, residual, kernel.quantization);
        filters.store(kernel.scales.lookUp(b, bytes, kernel.target),
                      kernel.output, base);
      }
    }
  }

  KernelBuilder &builder;
  const CpuDotMatrixKernel &kernel;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  const ConvolutionGeometry &geometry;
  CpuDotMatrixAttr schedule;
  int64_t group, lanes, vectors, rows;
  VectorType byteType, sumType;
  DotProducts dots;
  Value input, output; // where the first row begins
};

CpuDotMatrixKernel::CpuDotMatrixKernel(PackedConv2DOp op)
    : ConvolutionKernel(op), schedule(scheduleOf<CpuDotMatrixAttr>(op)) {}

Grid CpuDotMatrixKernel::grid() const {
  return {{llvm::divideCeilSigned(geometry.batch, schedule.getRows()),
           schedule.getBlocks(), 1}};
}

LogicalResult CpuDotMatrixKernel::addArrays(ArrayRef<float> weights,
                                            FkwIndices indices,
                                            KernelOperands &operands,
                                            std::string &reason) {
  if (schedule.getStores() == Stores::Vectors &&
      !areRuns(group(), schedule.getLanes(), indices.reorder)) {
    reason = "it stores vectors, but their filters are no runs";
    return failure();
  }
  SmallVector<float, 0> quads;
  StoredNumbers channels, bounds{{0}};
  for (int64_t i = 0; i < geometry.filters / group(); ++i) {
    ChannelQuads read =
        quadsOf(indices, i, geometry.channels, schedule.getInputs());
    llvm::append_range(channels.values, read.channels);
    for (size_t k = 0; k < read.kernels.size(); k += 4)
      for (int64_t filter = 0; filter < group(); ++filter)
        for (int32_t kernel : ArrayRef(read.kernels).slice(k, 4))
          quads.push_back(kernel < 0 ? 0 : weights[kernel * group() + filter]);
    bounds.values.push_back(bounds.values.back() + read.kernels.size() / 4);
  }
  if (quads.empty())
    quads.push_back(0); // a buffer cannot be empty
  operands.front() = KernelArray{arrayName(".quads"), std::move(quads)};
  if (failed(scales.addArrays(*this, weights, indices, operands, reason)))
    return failure();
  operands.push_back(KernelArray{arrayName(".channels"), std::move(channels)});
  operands.push_back(KernelArray{"", std::move(bounds)});
  operands.push_back(
      KernelArray{"", StoredNumbers{std::move(indices.reorder)}});
  return success();
}

void CpuDotMatrixKernel::bindArrays(BufferCursor &buffers) {
  scales.bind(buffers, quantization);
  channels = buffers.take();
  bounds = buffers.take();
  reorder = buffers.take();
}

void CpuDotMatrixKernel::emitLoops(KernelBuilder &builder) {
  Loops(builder, *this).emit();
}
