// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Instructions that look up bytes in registers take a part of the table at a
// time: half of it (AVX-512 VBMI), a quarter (NEON, which has the vectors of
// 128 bits), or a sixteenth (AVX2 and AVX-512).

#include "kernels/ByteLookup.h"

#include "kernels/IndexArithmetic.h"
#include "kernels/Intrinsics.h"
#include "kernels/Requantization.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

static constexpr int64_t tableBytes = 256;

static Value lookUpByte(ImplicitLocOpBuilder &b, Value table, Value byte) {
  Value position = arith::IndexCastUIOp::create(b, b.getIndexType(), byte);
  return memref::LoadOp::create(b, table, position);
}

/// The table in vectors of `bytes` bytes.
static SmallVector<Value> loadTable(ImplicitLocOpBuilder &b, Value table,
                                    int64_t bytes) {
  IndexArithmetic index(b);
  auto type = VectorType::get(bytes, b.getI8Type());
  SmallVector<Value> parts;
  for (int64_t first = 0; first < tableBytes; first += bytes)
    parts.push_back(
        vector::LoadOp::create(b, type, table, index.constant(first)));
  return parts;
}

/// Of 64 bytes: half of the table by seven of their bits, then by the eighth.
static Value permuteTable(ImplicitLocOpBuilder &b, Value table, Value bytes) {
  SmallVector<Value> parts = loadTable(b, table, 64);
  auto lookUp = [&](Value first, Value second) {
    return callIntrinsic(b, "llvm.x86.avx512.vpermi2var.qi.512",
                         bytes.getType(), {first, bytes, second});
  };
  Value isHigh = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, bytes,
                                       constantLike(b, bytes, 0));
  return arith::SelectOp::create(b, isHigh, lookUp(parts[2], parts[3]),
                                 lookUp(parts[0], parts[1]));
}

/// Of 16 bytes: by quarters of the table. Where a byte is beyond the first, it
/// becomes zero, and where it is beyond another, what is there is kept.
static Value lookUpQuarters(ImplicitLocOpBuilder &b, Value table, Value bytes) {
  SmallVector<Value> parts = loadTable(b, table, 16);
  Value result;
  for (int64_t quarter = 0; quarter < 4; ++quarter) {
    SmallVector<Value> operands;
    if (result)
      operands.push_back(result);
    llvm::append_range(operands, ArrayRef(parts).slice(4 * quarter, 4));
    operands.push_back(bytes);
    result = callIntrinsic(b,
                           quarter ? "llvm.aarch64.neon.tbx4.v16i8"
                                   : "llvm.aarch64.neon.tbl4.v16i8",
                           bytes.getType(), operands);
    bytes = arith::SubIOp::create(b, bytes, constantLike(b, bytes, 64));
  }
  return result;
}

/// Of blocks of 16 bytes: by sixteenths of the table. A byte has the high bits
/// of the one that it is in, and in all others becomes zero.
static Value lookUpSixteenths(ImplicitLocOpBuilder &b, Value table,
                              Value bytes) {
  auto type = cast<VectorType>(bytes.getType());
  int64_t size = type.getNumElements();
  auto saturate = llvm::formatv("llvm.uadd.sat.v{0}i8", size).str();
  SmallVector<int64_t> allBlocks;
  for (int64_t i = 0; i < size; ++i)
    allBlocks.push_back(i % 16);
  Value result;
  for (auto [i, part] : llvm::enumerate(loadTable(b, table, 16))) {
    Value within =
        arith::XOrIOp::create(b, bytes, constantLike(b, bytes, 16 * i));
    // Beyond 15, this sets the bit that makes the shuffle give zero.
    within = callIntrinsic(b, saturate, type,
                           {within, constantLike(b, bytes, 0x70)});
    Value found = callIntrinsic(
        b, size == 64 ? "llvm.x86.avx512.pshuf.b.512" : "llvm.x86.avx2.pshuf.b",
        type, {vector::ShuffleOp::create(b, part, part, allBlocks), within});
    result = result ? arith::OrIOp::create(b, result, found) : found;
  }
  return result;
}

/// Each byte by itself.
static Value lookUpEach(ImplicitLocOpBuilder &b, Value table, Value bytes) {
  auto type = cast<VectorType>(bytes.getType());
  SmallVector<Value> found;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    found.push_back(
        lookUpByte(b, table, vector::ExtractOp::create(b, bytes, i)));
  return vector::FromElementsOp::create(b, type, found);
}

/// The first `count` elements of a vector; there need not be as many.
static Value firstOf(ImplicitLocOpBuilder &b, Value vector, int64_t count) {
  int64_t size = cast<VectorType>(vector.getType()).getNumElements();
  SmallVector<int64_t> mask(count, vector::ShuffleOp::kPoisonIndex);
  for (int64_t i = 0; i < std::min(count, size); ++i)
    mask[i] = i;
  return vector::ShuffleOp::create(b, vector, vector, mask);
}

Value patternc::lookUpBytes(ImplicitLocOpBuilder &b, Value table, Value bytes,
                            TargetAttr target) {
  auto type = dyn_cast<VectorType>(bytes.getType());
  if (!type)
    return lookUpByte(b, table, bytes);
  int64_t count = type.getNumElements(), size = target.getVectorBits() / 8;
  bool canPermute = target.has(TargetFeature::BytePermute) && size == 64;
  auto lookUp = canPermute   ? permuteTable
                : size == 16 ? lookUpQuarters
                             : lookUpSixteenths;
  // Sixteenths take longer than a few bytes do, one after the other.
  if (!target.has(TargetFeature::ByteLookup) || count > size ||
      (count < size && lookUp == lookUpSixteenths))
    return lookUpEach(b, table, bytes);
  if (count == size)
    return lookUp(b, table, bytes);
  return firstOf(b, lookUp(b, table, firstOf(b, bytes, size)), count);
}
