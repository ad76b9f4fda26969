// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The shuffles of unpackToBlocks are `vpunpckl` and `vpunpckh`, which need no
// vector of indices, and on some processors no unit that products need. What
// packs with saturation MLIR cannot say, so these are LLVM's intrinsics.

#include "kernels/ByteBlocks.h"

#include "kernels/Intrinsics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

static constexpr int64_t blockBytes = 16;

/// Elements of `bytes` bytes of the low or high halves of the blocks of two
/// vectors of bytes, in turns.
static Value interleaveHalves(ImplicitLocOpBuilder &b, Value first,
                              Value second, int64_t bytes, bool high) {
  int64_t size = cast<VectorType>(first.getType()).getNumElements();
  SmallVector<int64_t> mask;
  for (int64_t block = 0; block < size; block += blockBytes)
    for (int64_t at = 0; at < blockBytes / 2; at += bytes)
      for (int64_t from : {int64_t(0), size})
        for (int64_t i = 0; i < bytes; ++i)
          mask.push_back(from + block + high * blockBytes / 2 + at + i);
  return vector::ShuffleOp::create(b, first, second, mask);
}

SmallVector<Value, 4> patternc::unpackToBlocks(ImplicitLocOpBuilder &b,
                                               ArrayRef<Value> rows) {
  SmallVector<Value, 4> vectors;
  for (bool highBytes : {false, true}) {
    Value first = interleaveHalves(b, rows[0], rows[1], 1, highBytes);
    Value second = interleaveHalves(b, rows[2], rows[3], 1, highBytes);
    for (bool highPairs : {false, true})
      vectors.push_back(interleaveHalves(b, first, second, 2, highPairs));
  }
  return vectors;
}

/// Two vectors in half the bits, with saturation, block by block.
static Value pack(ImplicitLocOpBuilder &b, StringRef instruction, Value first,
                  Value second) {
  auto type = cast<VectorType>(first.getType());
  unsigned bits = type.getElementTypeBitWidth();
  auto half =
      VectorType::get(2 * type.getNumElements(), b.getIntegerType(bits / 2));
  StringRef name =
      type.getNumElements() * bits == 512   ? "llvm.x86.avx512.{0}.512"
      : type.getNumElements() * bits == 256 ? "llvm.x86.avx2.{0}"
                                            : "llvm.x86.sse2.{0}.128";
  return callIntrinsic(b, llvm::formatv(name.data(), instruction).str(), half,
                       {first, second});
}

Value patternc::packFromBlocks(ImplicitLocOpBuilder &b, ValueRange vectors,
                               int64_t zeroPoint) {
  SmallVector<Value, 2> words;
  for (int64_t v = 0; v < vectorsOfBlocks; v += 2) {
    Value pair = pack(b, "packssdw", vectors[v], vectors[v + 1]);
    if (zeroPoint) {
      auto type = cast<VectorType>(pair.getType());
      Value added = arith::ConstantOp::create(
          b, DenseElementsAttr::get(type, b.getI16IntegerAttr(zeroPoint)));
      pair = callIntrinsic(
          b,
          llvm::formatv("llvm.sadd.sat.v{0}i16", type.getNumElements()).str(),
          type, {pair, added});
    }
    words.push_back(pair);
  }
  return pack(b, "packuswb", words[0], words[1]);
}
