// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_FLOAT16_H
#define DIALECT_FLOAT16_H

#include <cstdint>

namespace patternc {

/// The float that the bits of an IEEE half stand for.
float widenHalf(uint16_t half);

/// The bits of the half nearest to a float, of two the even one. Beyond the
/// largest half, 65504, that is infinity.
uint16_t roundToHalf(float number);

} // namespace patternc

#endif // DIALECT_FLOAT16_H
