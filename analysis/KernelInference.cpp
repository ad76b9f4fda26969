// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A support is the set of positions of a kernel that are not zero. The widest
// supports are the patterns; a narrower one (a weight that happens to be zero)
// belongs to a pattern that contains it, or is widened to a pattern of its own.
// Filters that differ in little but such weights, as all do that were pruned
// together and then rounded, get the structure that all of them need: what is
// equal can be stored and computed together.

#include "analysis/KernelInference.h"

#include "dialect/KernelMap.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <map>

using namespace mlir;
using namespace patternc;

/// A kernel of up to 64 positions as bits; larger ones are taken as dense.
using Support = uint64_t;
static constexpr int64_t maxArea = 64;

static Support supportOf(ArrayRef<float> kernel) {
  Support support = 0;
  for (auto [position, weight] : llvm::enumerate(kernel))
    if (weight != 0)
      support |= Support(1) << position;
  return support;
}

/// Adds the lowest free positions until `entries` are taken.
static Support widen(Support support, int entries) {
  while (llvm::popcount(support) < entries)
    support |= support + 1;
  return support;
}

/// The patterns that cover all supports, most frequent first, or nothing when
/// there are more than `maxPatterns`.
static SmallVector<Support>
findPatterns(const std::map<Support, int64_t> &counts, int64_t maxPatterns) {
  SmallVector<std::pair<Support, int64_t>> byWidth(counts.begin(),
                                                   counts.end());
  llvm::sort(byWidth, [](auto a, auto b) {
    int widthA = llvm::popcount(a.first), widthB = llvm::popcount(b.first);
    return std::tie(widthB, b.second, a.first) <
           std::tie(widthA, a.second, b.first);
  });
  SmallVector<Support> patterns;
  if (byWidth.empty())
    return patterns;
  int entries = llvm::popcount(byWidth.front().first);
  for (auto [support, count] : byWidth) {
    if (llvm::any_of(patterns, [s = support](Support p) { return !(s & ~p); }))
      continue;
    patterns.push_back(widen(support, entries));
    if (static_cast<int64_t>(patterns.size()) > maxPatterns)
      return {};
  }
  return patterns;
}

/// Of two filters of one structure: the kernels that they keep, for each that
/// one of them keeps alone.
static constexpr int64_t keptForOneAlone = 10;

/// Whether the supports of two filters, of which `x` keeps no less than `y`,
/// can be those of one: where both keep a kernel a pattern covers it in both,
/// and few are kept by one alone, or `y` keeps nothing but at least three
/// quarters of what `x` does.
static bool areAlike(ArrayRef<Support> x, ArrayRef<Support> y,
                     ArrayRef<Support> patterns) {
  int64_t both = 0, onlyX = 0, onlyY = 0;
  for (auto [a, b] : llvm::zip_equal(x, y)) {
    both += a && b;
    onlyX += a && !b;
    onlyY += b && !a;
    if (a && b && a != b &&
        llvm::none_of(patterns,
                      [either = a | b](Support p) { return !(either & ~p); }))
      return false;
  }
  return (onlyX + onlyY) * keptForOneAlone <= 2 * both + onlyX + onlyY ||
         (onlyY == 0 && 3 * onlyX <= both);
}

/// Gives filters that are alike the supports of all of them together.
static void uniteAlike(MutableArrayRef<Support> supports, int64_t channels,
                       ArrayRef<Support> patterns) {
  // Those that lost nothing come first, for the others to be found in them.
  SmallVector<std::pair<int64_t, size_t>> filters;
  for (size_t at = 0; at < supports.size(); at += channels)
    filters.push_back({llvm::count(supports.slice(at, channels), 0), at});
  llvm::sort(filters);
  SmallVector<std::pair<SmallVector<Support, 0>, SmallVector<size_t>>> unions;
  for (auto [missing, at] : filters) {
    ArrayRef<Support> own = supports.slice(at, channels);
    auto *alike = llvm::find_if(unions, [&](const auto &united) {
      return areAlike(united.first, own, patterns);
    });
    if (alike == unions.end())
      alike = &unions.emplace_back(SmallVector<Support, 0>(own),
                                   SmallVector<size_t>());
    for (auto [all, one] : llvm::zip_equal(alike->first, own))
      all |= one;
    alike->second.push_back(at);
  }
  for (const auto &[united, members] : unions)
    for (size_t at : members)
      llvm::copy(united, supports.begin() + at);
}

KernelMapAttr patternc::inferKernelMap(MLIRContext *context, StringRef layer,
                                       ArrayRef<float> weights,
                                       ArrayRef<int64_t> shape,
                                       int64_t maxPatterns) {
  int64_t area = shape[2] * shape[3];
  int64_t kernels = shape[0] * shape[1];
  SmallVector<uint8_t, 0> ids(kernels);

  SmallVector<Support> patterns;
  SmallVector<Support> supports(kernels);
  if (area <= maxArea) {
    // Any 64 bits may be a support, also those that a DenseMap keeps for
    // itself.
    std::map<Support, int64_t> counts;
    for (int64_t kernel = 0; kernel < kernels; ++kernel) {
      supports[kernel] = supportOf(weights.slice(kernel * area, area));
      if (supports[kernel])
        ++counts[supports[kernel]];
    }
    patterns = findPatterns(counts, std::min<int64_t>(maxPatterns, 255));
  }

  KernelPatternsAttr set;
  if (patterns.empty() || llvm::popcount(patterns.front()) == area) {
    set = KernelPatternsAttr::getAllPositions(context, shape[2], shape[3]);
    for (int64_t kernel = 0; kernel < kernels; ++kernel)
      supports[kernel] = llvm::any_of(weights.slice(kernel * area, area),
                                      [](float w) { return w != 0; });
    uniteAlike(supports, shape[1], /*patterns=*/{1});
    llvm::copy(supports, ids.begin());
  } else {
    uniteAlike(supports, shape[1], patterns);
    SmallVector<int32_t> positions;
    for (Support pattern : patterns)
      for (int32_t position = 0; position < area; ++position)
        if (pattern >> position & 1)
          positions.push_back(position);
    set = KernelPatternsAttr::get(context, shape[2], shape[3],
                                  llvm::popcount(patterns.front()), positions);
    for (int64_t kernel = 0; kernel < kernels; ++kernel)
      if (Support support = supports[kernel])
        ids[kernel] =
            1 +
            llvm::find_if(patterns,
                          [&](Support p) { return !(support & ~p); }) -
            patterns.begin();
  }
  return createKernelMap(layer, set, shape[0], shape[1], std::move(ids));
}
