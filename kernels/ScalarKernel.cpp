// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The scalar form of the filter-group schedule. On a GPU a thread computes one
// output position for all filters of a group; on the VM a loop goes over the
// positions. Every multiply-add has loads of its own, which
// pattern-eliminate-redundant-loads shares.

#include "kernels/ConvolutionKernel.h"
#include "kernels/IndexArithmetic.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace patternc;

/// Taps of one kernel up to which they are unrolled.
static constexpr int64_t maxUnrolledTaps = 9;

/// One tap: multiplies its input into the accumulators of the filters.
static SmallVector<Value> emitTap(ImplicitLocOpBuilder &b,
                                  const ConvolutionKernel &kernel,
                                  Value position, Value firstWeight,
                                  ValueRange accumulators) {
  IndexArithmetic index(b);
  SmallVector<Value> result;
  for (auto [f, accumulator] : llvm::enumerate(accumulators)) {
    Value x = memref::LoadOp::create(b, kernel.input, position);
    Value w =
        memref::LoadOp::create(b, kernel.weight, index.add(firstWeight, f));
    Value product = arith::MulFOp::create(b, w, x);
    result.push_back(arith::AddFOp::create(b, accumulator, product));
  }
  return result;
}

/// Begins a loop that carries accumulators; the position is moved into its
/// body. It counts in 32 bits: a branch of IREE 3.13's VM moves 64-bit indices
/// and 32-bit floats in such an order that one may overwrite the other.
static scf::ForOp beginLoop(ImplicitLocOpBuilder &b, Value begin, Value end,
                            ValueRange accumulators) {
  Value one = arith::ConstantOp::create(b, b.getI32IntegerAttr(1));
  auto loop = scf::ForOp::create(b, begin, end, one, accumulators);
  b.setInsertionPointToStart(loop.getBody());
  return loop;
}

/// The number that a loop made by `beginLoop` is at, as an index.
static Value counter(ImplicitLocOpBuilder &b, scf::ForOp loop) {
  return arith::IndexCastUIOp::create(b, b.getIndexType(),
                                      loop.getInductionVar());
}

/// All kernels of the filters that are computed at once, at one position of the
/// image; returns one sum for each of `filters`.
static SmallVector<Value> emitSums(ImplicitLocOpBuilder &b,
                                   const ConvolutionKernel &kernel, Value image,
                                   Value filterTile, ArrayRef<Value> filters,
                                   Value row, Value column) {
  IndexArithmetic index(b);
  const ConvolutionGeometry &geometry = kernel.geometry;
  int64_t group = kernel.group, entries = kernel.set.getEntries();
  Value inputBase =
      index.add(kernel.inputBase(b, image),
                index.add(index.mul(row, kernel.pitch()), column));

  SmallVector<Value> init;
  for (Value filter : filters) {
    if (kernel.bias)
      init.push_back(memref::LoadOp::create(b, kernel.bias, filter));
    else
      init.push_back(
          arith::ConstantOp::create(b, b.getZeroAttr(kernel.elementType())));
  }

  auto [filterGroup, filterInGroup] = kernel.groupOf(b, filterTile);
  Value begin = memref::LoadOp::create(b, kernel.offset, filterGroup);
  Value end =
      memref::LoadOp::create(b, kernel.offset, index.add(filterGroup, 1));
  SmallVector<Value> results;
  {
    OpBuilder::InsertionGuard guard(b);
    scf::ForOp kernels = beginLoop(b, begin, end, init);
    results = llvm::to_vector_of<Value>(kernels.getResults());
    Value k = counter(b, kernels);
    KernelReads reads = readKernel(b, kernel, k);
    Value channel = index.add(reads.channelBase, inputBase);
    Value firstWeight = index.add(index.mul(k, entries * group), filterInGroup);
    SmallVector<Value> accumulators(kernels.getRegionIterArgs());
    if (!kernel.taps || entries <= maxUnrolledTaps) {
      for (int64_t entry = 0; entry < entries; ++entry)
        accumulators =
            emitTap(b, kernel,
                    index.add(channel, reads.tapOffset(index.constant(entry))),
                    index.add(firstWeight, entry * group), accumulators);
    } else {
      Value zero = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
      Value last = arith::ConstantOp::create(b, b.getI32IntegerAttr(entries));
      OpBuilder::InsertionGuard inner(b);
      scf::ForOp taps = beginLoop(b, zero, last, accumulators);
      Value entry = counter(b, taps);
      scf::YieldOp::create(
          b, emitTap(b, kernel, index.add(channel, reads.tapOffset(entry)),
                     index.add(firstWeight, index.mul(entry, group)),
                     taps.getRegionIterArgs()));
      accumulators = llvm::to_vector_of<Value>(taps.getResults());
    }
    b.setInsertionPointToEnd(kernels.getBody());
    scf::YieldOp::create(b, accumulators);
  }

  return results;
}

/// One element of each channel that is computed at once: a position of the
/// image, or one of the zeros around it in planes.
static void emitElement(ImplicitLocOpBuilder &b,
                        const ConvolutionKernel &kernel, Value image,
                        Value filterTile, Value element) {
  IndexArithmetic index(b);
  const ConvolutionGeometry &geometry = kernel.geometry;
  PlanesAttr planes = kernel.outputPlanes;
  SmallVector<Value> filters, addresses;
  Value firstFilter = index.mul(filterTile, kernel.filterTile());
  for (int64_t f = 0; f < kernel.filterTile(); ++f) {
    filters.push_back(index.load(kernel.reorder, index.add(firstFilter, f)));
    Value channel = index.mul(filters.back(), kernel.channelStride());
    addresses.push_back(
        index.add(index.add(kernel.outputBase(b, image), channel), element));
  }
  // Before the origin this wraps around, to a row beyond the image.
  Value inRun = planes ? index.add(element, -planes.getOrigin()) : element;
  int64_t pitch = planes ? planes.getPitch() : geometry.outWidth;
  Value row = index.div(inRun, pitch), column = index.rem(inRun, pitch);

  OpBuilder::InsertionGuard guard(b);
  if (planes) {
    Value inImage =
        arith::AndIOp::create(b, index.less(row, geometry.outHeight),
                              index.less(column, geometry.outWidth));
    auto branch = scf::IfOp::create(b, inImage, /*withElseRegion=*/true);
    b.setInsertionPointToStart(branch.elseBlock());
    Value zero =
        arith::ConstantOp::create(b, b.getZeroAttr(kernel.elementType()));
    for (Value address : addresses)
      memref::StoreOp::create(b, zero, kernel.output, address);
    b.setInsertionPointToStart(branch.thenBlock());
  }
  SmallVector<Value> sums =
      emitSums(b, kernel, image, filterTile, filters, row, column);
  for (auto [sum, address] : llvm::zip_equal(sums, addresses)) {
    Value value = sum;
    if (kernel.residual)
      value = arith::AddFOp::create(
          b, value, memref::LoadOp::create(b, kernel.residual, address));
    memref::StoreOp::create(b, activate(b, value, kernel.activation),
                            kernel.output, address);
  }
}

void ConvolutionKernel::emitScalar(StreamExecutable &executable) const {
  ImplicitLocOpBuilder &b = executable.body();
  IndexArithmetic index(b);
  Value filterTile = executable.workgroupId(1);
  Value image = executable.workgroupId(2);
  OpBuilder::InsertionGuard guard(b);
  Value element;
  if (schedule.getDevice() == Device::Gpu) {
    element =
        index.add(index.mul(executable.workgroupId(0), schedule.getThreads()),
                  Value(gpu::ThreadIdOp::create(b, gpu::Dimension::x)));
    auto inChannel = scf::IfOp::create(b, index.less(element, channelSize()),
                                       /*withElseRegion=*/false);
    b.setInsertionPointToStart(inChannel.thenBlock());
  } else {
    auto loop = scf::ForOp::create(
        b, index.constant(0), index.constant(channelSize()), index.constant(1));
    b.setInsertionPointToStart(loop.getBody());
    element = loop.getInductionVar();
  }
  emitElement(b, *this, image, filterTile, element);
}
