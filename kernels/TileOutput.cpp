// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The outputs of vector kernels. A plain output takes the parts of a vector
// that lie in rows of the image and drops what lies between them. An output in
// planes takes whole vectors, with padding between the rows, and is made
// complete by padding before the first row and after the last.

#include "kernels/TileOutput.h"

#include "kernels/VectorLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

namespace {

/// N × O × H' × W' without gaps. Vectors are stored in parts, each of which
/// lies in two rows at most.
class PlainOutput : public TileOutput {
public:
  PlainOutput(ImplicitLocOpBuilder &b, const ConvolutionKernel &kernel,
              const VectorTile &tile, Value base)
      : TileOutput(b, kernel, tile, base),
        partLanes(std::min<int64_t>(
            tile.lanes, llvm::bit_floor<uint64_t>(
                            kernel.geometry.runColumns(kernel.pitch()) + 1))),
        maskType(VectorType::get(partLanes, b.getI1Type())) {}

private:
  void storeChannels(Value runStart, ArrayRef<Value> filters,
                     ArrayRef<Value> channels, ValueRange vectors) override {
    for (int64_t v = 0; v < tile.vectors; ++v) {
      SmallVector<Value> values;
      for (size_t g = 0; g < channels.size(); ++g)
        values.push_back(kernel.finish(b,
                                       sumsOf(vectors, channels.size(), g, v),
                                       filters[g], /*position=*/nullptr));
      for (int64_t first = 0; first < tile.lanes; first += partLanes)
        storePart(index.add(runStart, v * tile.lanes + first), first, channels,
                  values);
    }
  }

  /// The lanes from `first` on, which begin at position `start` of the run.
  void storePart(Value start, int64_t first, ArrayRef<Value> channels,
                 ArrayRef<Value> values) {
    Placement placement = place(start);
    auto branch = scf::IfOp::create(b, placement.whole,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    for (auto [channel, value] : llvm::zip_equal(channels, values)) {
      b.setInsertionPoint(branch);
      Value part = value;
      if (partLanes < tile.lanes)
        part = vector::ShuffleOp::create(
            b, value, value,
            llvm::to_vector(llvm::seq(first, first + partLanes)));
      auto positionOf = [&, channel = channel](const Segment &segment) {
        return index.add(channel, segment.position);
      };
      b.setInsertionPoint(branch.thenYield());
      vector::StoreOp::create(b, part, kernel.output,
                              ValueRange{positionOf(placement.segments[0])});
      b.setInsertionPoint(branch.elseYield());
      for (const Segment &segment : placement.segments)
        vector::MaskedStoreOp::create(b, kernel.output,
                                      ValueRange{positionOf(segment)},
                                      segment.mask, part);
    }
  }

  /// Part of a vector that lies in one row of the output.
  struct Segment {
    Value mask;     // lanes in the row
    Value position; // output position of lane 0, in its channel
  };

  /// Where the lanes of one vector of the tile belong in the output. It starts
  /// in one row and may end in the next.
  struct Placement {
    Value whole; // all lanes lie in the first segment
    SmallVector<Segment, 2> segments;
  };

  Placement place(Value start) {
    int64_t rows = kernel.geometry.runRows(kernel.pitch());
    int64_t columns = kernel.geometry.runColumns(kernel.pitch());
    int64_t pitch = rows == 1 ? columns : kernel.pitch();
    Value zero = index.constant(0);
    Value row = index.div(start, pitch);
    Value column = index.sub(start, index.mul(row, pitch));
    Value inRow = index.max(index.sub(index.constant(columns), column), zero);
    Value count =
        arith::SelectOp::create(b, index.less(row, rows), inRow, zero);
    // A vector without a lane in the row keeps an address in the output.
    Value position = index.add(index.mul(row, columns), column);
    Value some =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, count, zero);
    position = arith::SelectOp::create(b, some, position, zero);
    Placement placement;
    placement.whole = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, count,
                                            index.constant(partLanes));
    placement.segments.push_back(
        {vector::CreateMaskOp::create(b, maskType, count), position});
    if (rows == 1)
      return placement;

    Value before = index.sub(index.constant(pitch), column);
    Value nextRow = index.add(row, 1);
    Value notBefore = vector::CreateMaskOp::create(b, maskType, before);
    Value all =
        arith::ConstantOp::create(b, DenseElementsAttr::get(maskType, true));
    Value mask = arith::XOrIOp::create(b, notBefore, all);
    Value inImage =
        vector::BroadcastOp::create(b, maskType, index.less(nextRow, rows));
    mask = arith::AndIOp::create(b, mask, inImage);
    Value nextPosition = index.sub(index.mul(nextRow, columns), before);
    placement.segments.push_back({mask, index.max(nextPosition, zero)});
    return placement;
  }

  int64_t partLanes;
  VectorType maskType;
};

/// Planes in which the flat run of the output has the pitch of the input.
class PlanesOutput : public TileOutput {
public:
  PlanesOutput(ImplicitLocOpBuilder &b, const ConvolutionKernel &kernel,
               const VectorTile &tile, Value base)
      : TileOutput(b, kernel, tile, base), planes(kernel.outputPlanes),
        runLength(kernel.geometry.runLength(kernel.pitch())) {}

private:
  void storeChannels(Value runStart, ArrayRef<Value> filters,
                     ArrayRef<Value> channels, ValueRange vectors) override {
    for (int64_t v = 0; v < tile.vectors; ++v) {
      OpBuilder::InsertionGuard guard(b);
      Value start = index.add(runStart, v * lanes);
      if (runLength % tile.size() != 0) {
        auto branch = scf::IfOp::create(b, index.less(start, runLength),
                                        /*withElseRegion=*/false);
        b.setInsertionPoint(branch.thenYield());
      }
      for (auto [g, channel] : llvm::enumerate(channels)) {
        Value position =
            index.add(index.add(channel, start), planes.getOrigin());
        Value value = kernel.finish(b, sumsOf(vectors, channels.size(), g, v),
                                    filters[g], position);
        vector::StoreOp::create(b, value, kernel.output, position);
      }
    }
    clearBetweenRows(runStart, channels);
    // The first tile writes what is before the image, the last what is behind.
    clear(runStart, 0, channels, 0, planes.getOrigin());
    clear(runStart, (tile.tiles() - 1) * tile.size(), channels,
          planes.getOrigin() + runLength, planes.getSize());
  }

  /// Writes padding over the positions of the tile that lie between two rows.
  void clearBetweenRows(Value runStart, ArrayRef<Value> channels) {
    int64_t columns = kernel.geometry.outWidth, pitch = kernel.pitch();
    Value end =
        index.min(index.add(runStart, tile.size()), index.constant(runLength));
    Value padding = arith::ConstantOp::create(b, paddingAttr());
    for (int64_t column = columns; column < pitch; ++column) {
      // The first such position of the tile: runStart, and up to the column.
      Value past = index.rem(index.add(runStart, pitch - column), pitch);
      Value first = index.rem(index.sub(index.constant(pitch), past), pitch);
      auto loop = scf::ForOp::create(b, index.add(runStart, first), end,
                                     index.constant(pitch));
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value position = index.add(loop.getInductionVar(), planes.getOrigin());
      for (Value channel : channels)
        memref::StoreOp::create(b, padding, kernel.output,
                                index.add(channel, position));
    }
  }

  /// Writes padding to elements `from` to `to` if the tile begins at
  /// `tileStart`.
  void clear(Value runStart, int64_t tileStart, ArrayRef<Value> channels,
             int64_t from, int64_t to) {
    if (from >= to)
      return;
    Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, runStart,
                                          index.constant(tileStart));
    auto branch = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(branch.thenYield());
    for (Value channel : channels)
      emitFill(b, kernel.output, channel, from, to, lanes, planes.getPadding());
  }

  TypedAttr paddingAttr() const {
    int64_t padding = planes.getPadding();
    if (kernel.element.isInteger())
      return b.getIntegerAttr(kernel.element, padding);
    return b.getFloatAttr(kernel.element, padding);
  }

  PlanesAttr planes;
  int64_t runLength;
};

} // namespace

TileOutput::TileOutput(ImplicitLocOpBuilder &b, const ConvolutionKernel &kernel,
                       const VectorTile &tile, Value base)
    : b(b), kernel(kernel), tile(tile), index(b), lanes(tile.lanes),
      base(base) {}

ValueRange TileOutput::sumsOf(ValueRange vectors, int64_t filters,
                              int64_t filter, int64_t vector) const {
  int64_t each = vectors.size() / (filters * tile.vectors);
  return vectors.slice((filter * tile.vectors + vector) * each, each);
}

void TileOutput::store(Value runStart, ArrayRef<Value> filters,
                       ValueRange vectors) {
  SmallVector<Value> channels;
  for (Value filter : filters)
    channels.push_back(
        index.add(base, index.mul(filter, kernel.channelStride())));
  storeChannels(runStart, filters, channels, vectors);
}

std::unique_ptr<TileOutput> TileOutput::create(ImplicitLocOpBuilder &b,
                                               const ConvolutionKernel &kernel,
                                               const VectorTile &tile,
                                               Value base) {
  if (kernel.outputPlanes)
    return std::make_unique<PlanesOutput>(b, kernel, tile, base);
  return std::make_unique<PlainOutput>(b, kernel, tile, base);
}
