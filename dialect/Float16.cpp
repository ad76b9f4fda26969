// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Conversions by the bits. LLVM has them in APFloat only, which takes seconds
// for the weights of a network, and compilers as calls of a library that not
// every system has.

#include "dialect/Float16.h"

#include "llvm/ADT/bit.h"

// Sign, exponent and fraction are 1, 8 and 23 bits of a float, whose exponent
// is biased by 127, and 1, 5 and 10 bits of a half, biased by 15.
static constexpr uint32_t exponentShift = 23, fractionShift = 23 - 10;
static constexpr uint32_t biasChange = (127 - 15) << exponentShift;
static constexpr uint32_t infinity = 255u << exponentShift;

/// 2 to the power of `exponent`, as bits.
static constexpr uint32_t powerOfTwo(int exponent) {
  return uint32_t(127 + exponent) << exponentShift;
}

float patternc::widenHalf(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t bits = uint32_t(half & 0x7fff) << fractionShift;
  if (bits >= 31u << exponentShift) // infinity or NaN
    return llvm::bit_cast<float>(sign | infinity | bits);
  // Below the smallest normal half, the fraction counts multiples of 2⁻²⁴.
  if (bits < 1u << exponentShift)
    return llvm::bit_cast<float>(sign | powerOfTwo(-24)) * (half & 0x7fff);
  return llvm::bit_cast<float>(sign | (bits + biasChange));
}

uint16_t patternc::roundToHalf(float number) {
  uint32_t bits = llvm::bit_cast<uint32_t>(number);
  uint16_t sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  if (bits > infinity) // NaN, made quiet
    return sign | 0x7e00;
  if (bits >= powerOfTwo(16))
    return sign | 0x7c00;
  if (bits < powerOfTwo(-14)) {
    // The sum has a last place of 2⁻²⁴: addition rounds.
    float sum = llvm::bit_cast<float>(bits) + 0.5f;
    return sign | (llvm::bit_cast<uint32_t>(sum) - powerOfTwo(-1));
  }
  uint32_t isOdd = bits >> fractionShift & 1;
  uint32_t half = (1u << (fractionShift - 1)) - 1 + isOdd;
  return sign | (bits - biasChange + half) >> fractionShift;
}
