// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// MLIR's own operations leave open which products an instruction adds to which
// lane, so these are LLVM's intrinsics.

#include "kernels/DotProducts.h"

#include "kernels/Intrinsics.h"
#include "kernels/Requantization.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace patternc;

namespace {

/// An intrinsic for vectors of so many bits; which bytes it takes and which
/// feature it needs.
struct Intrinsic {
  Products products;
  int64_t bits;
  StringRef name;
};

} // namespace

static constexpr Intrinsic intrinsics[] = {
    {Products::DotU8S8, 512, "llvm.x86.avx512.vpdpbusd.512"},
    {Products::DotU8S8, 256, "llvm.x86.avx512.vpdpbusd.256"},
    {Products::DotU8S8, 128, "llvm.x86.avx512.vpdpbusd.128"},
    {Products::DotS8S8, 128, "llvm.aarch64.neon.sdot.v4i32.v16i8"},
    {Products::DotS8S8, 64, "llvm.aarch64.neon.sdot.v2i32.v8i8"},
    {Products::DotS16, 512, "llvm.x86.avx512.pmaddw.d.512"},
    {Products::DotS16, 256, "llvm.x86.avx2.pmadd.wd"},
    {Products::DotS16, 128, "llvm.x86.sse2.pmadd.wd"},
};

/// Empty where there is none.
static StringRef intrinsicOf(Products products, int64_t lanes) {
  for (const Intrinsic &intrinsic : intrinsics)
    if (intrinsic.products == products && intrinsic.bits == 32 * lanes)
      return intrinsic.name;
  return {};
}

static TargetFeature featureOf(Products products) {
  switch (products) {
  case Products::DotU8S8:
    return TargetFeature::DotU8S8;
  case Products::DotS8S8:
    return TargetFeature::DotS8S8;
  case Products::DotS16:
    return TargetFeature::DotS16;
  case Products::Multiply:
    return TargetFeature::None;
  }
  llvm_unreachable("unknown products");
}

std::string patternc::reasonAgainstProducts(Products products,
                                            TargetAttr target, int64_t lanes,
                                            Bytes bytes) {
  if (products == Products::Multiply)
    return {};
  if (!target.has(featureOf(products)) || intrinsicOf(products, lanes).empty())
    return llvm::formatv("the target has no {0} of {1} lanes",
                         stringifyProducts(products), lanes);
  if ((products == Products::DotU8S8 && bytes == Bytes::Signed) ||
      (products == Products::DotS8S8 && bytes == Bytes::Unsigned))
    return llvm::formatv("{0} does not multiply {1}",
                         stringifyProducts(products), stringifyBytes(bytes));
  return {};
}

Products patternc::chooseProducts(TargetAttr target, int64_t lanes,
                                  Bytes bytes) {
  for (Products products :
       {Products::DotU8S8, Products::DotS8S8, Products::DotS16})
    if (reasonAgainstProducts(products, target, lanes, bytes).empty())
      return products;
  return Products::Multiply;
}

int64_t patternc::partsOf(Products products) {
  switch (products) {
  case Products::DotU8S8:
  case Products::DotS8S8:
    return 1;
  case Products::DotS16:
    return 2;
  case Products::Multiply:
    return 4;
  }
  llvm_unreachable("unknown products");
}

Value DotProducts::field(Value vector, int64_t left, int64_t right,
                         Bytes kind) {
  if (left)
    vector = arith::ShLIOp::create(b, vector, constantLike(b, vector, left));
  if (!right)
    return vector;
  Value bits = constantLike(b, vector, right);
  if (kind == Bytes::Signed)
    return arith::ShRSIOp::create(b, vector, bits);
  return arith::ShRUIOp::create(b, vector, bits);
}

DotProducts::Prepared DotProducts::prepare(Value quads, Bytes kind) {
  auto as = [&](int64_t elements, unsigned bits) -> Value {
    return vector::BitCastOp::create(
        b, VectorType::get(elements, b.getIntegerType(bits)), quads);
  };
  switch (products) {
  case Products::DotU8S8:
  case Products::DotS8S8:
    return {quads};
  case Products::DotS16: {
    Value pairs = as(2 * lanes, 16);
    return {field(pairs, 8, 8, kind), field(pairs, 0, 8, kind)};
  }
  case Products::Multiply: {
    Value words = as(lanes, 32);
    Prepared fields;
    for (int64_t i = 0; i < 4; ++i)
      fields.push_back(field(words, 24 - 8 * i, 24, kind));
    return fields;
  }
  }
  llvm_unreachable("unknown products");
}

Value DotProducts::inAllLanes(Value four) {
  auto word = VectorType::get(1, b.getI32Type());
  auto words = VectorType::get(lanes, b.getI32Type());
  Value all = vector::BroadcastOp::create(
      b, words,
      vector::ExtractOp::create(b, vector::BitCastOp::create(b, word, four),
                                0));
  return vector::BitCastOp::create(b, VectorType::get(4 * lanes, b.getI8Type()),
                                   all);
}

Value DotProducts::call(StringRef intrinsic, ValueRange operands) {
  return callIntrinsic(b, intrinsic, VectorType::get(lanes, b.getI32Type()),
                       operands);
}

Value DotProducts::add(Value sums, const Prepared &input,
                       const Prepared &weights) {
  StringRef intrinsic = intrinsicOf(products, lanes);
  if (products == Products::DotU8S8 || products == Products::DotS8S8)
    return call(intrinsic, {sums, input[0], weights[0]});
  for (auto [x, w] : llvm::zip_equal(input, weights)) {
    Value product = products == Products::DotS16
                        ? call(intrinsic, {x, w})
                        : arith::MulIOp::create(b, x, w).getResult();
    sums = arith::AddIOp::create(b, sums, product);
  }
  return sums;
}
