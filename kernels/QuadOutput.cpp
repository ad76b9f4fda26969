// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/QuadOutput.h"

#include "kernels/Activations.h"
#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

static bool storesQuads(const ConvolutionKernel &kernel) {
  return kernel.outputPlanes || kernel.geometry.outWidth % quad == 0;
}

QuadOutput::QuadOutput(KernelBuilder &builder, const ConvolutionKernel &kernel,
                       const GpuTiles &tiles, Value image, Value band)
    : kernel(kernel), b(builder.body()), index(b), tiles(tiles),
      width(kernel.geometry.outWidth),
      height(band ? tiles.height : kernel.geometry.outHeight),
      type(VectorType::get(quad, kernel.element)), image(image) {
  auto inQuads = [&](Value buffer) {
    return storesQuads(kernel) ? builder.asVectors(buffer, quad) : buffer;
  };
  output = band ? band : inQuads(kernel.output);
  if (kernel.residual)
    residual = inQuads(kernel.residual);
}

void QuadOutput::store(ArrayRef<Value> channels, Value row, Value column,
                       ArrayRef<Value> sums) {
  if (storesQuads(kernel))
    storeQuads(channels, row, column, sums);
  else
    storeElements(channels, row, column, sums);
}

void QuadOutput::fillAround(ArrayRef<Value> channels, Value number,
                            int64_t threads) {
  PlanesAttr planes = kernel.outputPlanes;
  if (!planes)
    return;
  int64_t origin = planes.getOrigin() / quad;
  int64_t imageQuads = height * planes.getPitch() / quad;
  int64_t around = kernel.channelSize() / quad - imageQuads;
  for (int64_t first = 0; first < around; first += threads) {
    Value i = index.add(number, first);
    auto isThere = scf::IfOp::create(b, index.less(i, around),
                                     /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(isThere.thenBlock());
    Value at = arith::SelectOp::create(b, index.less(i, origin), i,
                                       index.add(i, imageQuads));
    for (Value channel : channels)
      memref::StoreOp::create(b, zeros(), output,
                              index.add(firstQuad(channel), at));
  }
}

void QuadOutput::storeQuads(ArrayRef<Value> channels, Value row, Value column,
                            ArrayRef<Value> sums) {
  PlanesAttr planes = kernel.outputPlanes;
  int64_t origin = planes ? planes.getOrigin() / quad : 0;
  int64_t pitch = (planes ? planes.getPitch() : width) / quad;
  Value isLast = index.equal(column, tiles.columns - 1);
  Value inChannel = index.add(index.add(index.mul(row, pitch), column), origin);
  for (auto [f, channel] : llvm::enumerate(channels)) {
    Value plane = firstQuad(channel);
    for (int64_t r = 0; r < tiles.rows; ++r) {
      Value at = index.add(index.add(plane, inChannel), r * pitch);
      Value value = finish(sums[f * tiles.rows + r], at);
      if (width % quad != 0)
        value = selectQuad(b, isLast, firstLanes(value, width % quad), value);
      memref::StoreOp::create(b, value, output, at);
      // What of the row is behind the tiles.
      if (pitch == tiles.columns)
        continue;
      auto atEnd = scf::IfOp::create(b, isLast, /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(atEnd.thenBlock());
      emitLoop(b, 1, pitch - tiles.columns + 1, 1, [&](Value i) {
        memref::StoreOp::create(b, zeros(), output, index.add(at, i));
      });
    }
  }
}

void QuadOutput::storeElements(ArrayRef<Value> channels, Value row,
                               Value column, ArrayRef<Value> sums) {
  Value base = kernel.outputBase(b, image);
  Value firstColumn = index.mul(column, quad);
  for (auto [f, channel] : llvm::enumerate(channels)) {
    Value plane = index.add(base, index.mul(channel, kernel.channelStride()));
    for (int64_t r = 0; r < tiles.rows; ++r) {
      Value rowBase = index.add(plane, index.mul(index.add(row, r), width));
      Value value = activate(b, sums[f * tiles.rows + r], kernel.activation);
      for (int64_t lane = 0; lane < quad; ++lane) {
        Value x = index.add(firstColumn, lane);
        auto isThere = scf::IfOp::create(b, index.less(x, width),
                                         /*withElseRegion=*/false);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(isThere.thenBlock());
        memref::StoreOp::create(b, vector::ExtractOp::create(b, value, lane),
                                output, index.add(rowBase, x));
      }
    }
  }
}

Value QuadOutput::firstQuad(Value channel) {
  return index.add(kernel.outputBase(b, image, quad),
                   index.mul(channel, kernel.channelStride() / quad));
}

Value QuadOutput::finish(Value sum, Value at) {
  if (residual)
    sum =
        arith::AddFOp::create(b, sum, memref::LoadOp::create(b, residual, at));
  return activate(b, sum, kernel.activation);
}

Value QuadOutput::zeros() {
  return arith::ConstantOp::create(b, b.getZeroAttr(type));
}

Value QuadOutput::firstLanes(Value value, int64_t count) {
  SmallVector<int64_t> lanes;
  for (int64_t lane = 0; lane < quad; ++lane)
    lanes.push_back(lane < count ? lane : quad + lane);
  return vector::ShuffleOp::create(b, value, zeros(), lanes);
}
