// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/WeightScales.h"

#include <cmath>

using namespace llvm;
using namespace patternc;

/// The most steps of a weight.
static constexpr int maxSteps = 127;

/// How far from a whole number of steps a weight may be: a product of 127 and a
/// scale, rounded to f32, is 127 · 2^-23 off at most.
static constexpr double tolerance = 1e-4;

/// Whether all weights are whole numbers of steps.
static bool areSteps(ArrayRef<float> weights, double step) {
  for (float weight : weights) {
    double steps = weight / step;
    if (std::abs(steps - std::nearbyint(steps)) > tolerance)
      return false;
  }
  return true;
}

/// The coarsest would do as well; the finest is what quantisers use, in which
/// the largest weight is 127 steps. 0 if there is none.
static double findStep(ArrayRef<float> weights) {
  float largest = 0;
  for (float weight : weights)
    largest = std::max(largest, std::abs(weight));
  if (largest == 0)
    return 1;
  for (int steps = maxSteps; steps > 0; --steps)
    if (areSteps(weights, double(largest) / steps))
      return double(largest) / steps;
  return 0;
}

std::optional<ScaledWeights> patternc::findScales(ArrayRef<float> weights,
                                                  int64_t filters) {
  ScaledWeights result;
  int64_t each = weights.size() / filters;
  for (int64_t filter = 0; filter < filters; ++filter) {
    ArrayRef<float> own = weights.slice(filter * each, each);
    double step = findStep(own);
    // Below f32's normal numbers, steps have no precision.
    if (step == 0 || !std::isnormal(static_cast<float>(step)))
      return std::nullopt;
    result.scales.push_back(step);
    for (float weight : own)
      result.numbers.push_back(std::nearbyint(weight / step));
  }
  return result;
}
