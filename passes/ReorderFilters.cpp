// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Filter-kernel reorder (FKR): records the order in which the filters of a
// pattern.conv2d are stored. Precondition: pattern.conv2d. Postcondition: each
// has a filter_order in which filters of equal length are together and similar
// ones are neighbours; a depthwise convolution has that of its input. Refuses
// nothing; leaves alone a layer whose kernel map cannot be read.

#include "dialect/ConvolutionGeometry.h"
#include "dialect/KernelMap.h"
#include "dialect/PatternOps.h"
#include "passes/Passes.h"
#include "passes/Statistics.h"
#include "llvm/ADT/MapVector.h"

#include <map>
#include <numeric>

namespace patternc {
#define GEN_PASS_DEF_REORDERFILTERSPASS
#include "passes/Passes.h.inc"
} // namespace patternc

using namespace mlir;
using namespace patternc;

namespace {

/// Filters that keep the same channels with the same patterns.
struct Structure {
  ArrayRef<uint8_t> row;     // pattern id of each channel
  int64_t length = 0;        // kernels that are left
  SmallVector<int32_t> ends; // per pattern, end of its run in the sorted row
  SmallVector<int32_t> filters;
};

} // namespace

static Structure makeStructure(ArrayRef<uint8_t> row, int64_t numPatterns) {
  Structure structure;
  structure.row = row;
  structure.ends.assign(numPatterns, 0);
  for (uint8_t id : row)
    if (id)
      ++structure.ends[id - 1];
  std::partial_sum(structure.ends.begin(), structure.ends.end(),
                   structure.ends.begin());
  structure.length = structure.ends.back();
  return structure;
}

/// How alike two filters of equal length are: positions of the pattern-sorted
/// rows with the same pattern, then channels with the same pattern.
static std::pair<int64_t, int64_t> similarity(const Structure &a,
                                              const Structure &b) {
  int64_t samePosition = 0, beginA = 0, beginB = 0;
  for (auto [endA, endB] : llvm::zip_equal(a.ends, b.ends)) {
    samePosition += std::max<int64_t>(0, std::min<int64_t>(endA, endB) -
                                             std::max(beginA, beginB));
    beginA = endA;
    beginB = endB;
  }
  int64_t sameKernel = 0;
  for (auto [idA, idB] : llvm::zip_equal(a.row, b.row))
    sameKernel += idA != 0 && idA == idB;
  return {samePosition, sameKernel};
}

/// Chains structures of one length: each is followed by the most similar of
/// those that are left, the first of them on a tie.
static void chainBySimilarity(MutableArrayRef<Structure> structures) {
  for (size_t i = 0; i + 1 < structures.size(); ++i) {
    size_t best = i + 1;
    auto bestSimilarity = similarity(structures[i], structures[best]);
    for (size_t j = best + 1; j < structures.size(); ++j)
      if (auto s = similarity(structures[i], structures[j]);
          s > bestSimilarity) {
        best = j;
        bestSimilarity = s;
      }
    std::rotate(structures.begin() + i + 1, structures.begin() + best,
                structures.begin() + best + 1);
  }
}

static std::optional<SmallVector<int32_t>> findOrder(KernelMapAttr map) {
  auto ids = KernelIds::of(map);
  if (!ids)
    return std::nullopt;
  llvm::MapVector<StringRef, Structure> distinct;
  for (int64_t filter = 0; filter < map.getNumFilters(); ++filter) {
    ArrayRef<uint8_t> row = ids->ofFilter(filter);
    StringRef key(reinterpret_cast<const char *>(row.data()), row.size());
    auto [it, isNew] = distinct.try_emplace(key);
    if (isNew)
      it->second = makeStructure(row, map.getSet().getNumPatterns());
    it->second.filters.push_back(filter);
  }
  std::map<int64_t, SmallVector<Structure>> byLength;
  for (auto &entry : distinct)
    byLength[entry.second.length].push_back(std::move(entry.second));

  SmallVector<int32_t> order;
  for (auto &[length, structures] : byLength) {
    chainBySimilarity(structures);
    for (const Structure &structure : structures)
      llvm::append_range(order, structure.filters);
  }
  return order;
}

/// The order in which the channels of a depthwise convolution are made. Each of
/// its filters is one kernel, so that no order is better for itself.
static std::optional<SmallVector<int32_t>> orderOfInput(Conv2DOp op) {
  auto producer = op.getInput().getDefiningOp<Conv2DOp>();
  if (!producer || !ConvolutionGeometry::of(op).isDepthwise() ||
      !producer.getFilterOrder())
    return std::nullopt;
  return llvm::to_vector(*producer.getFilterOrder());
}

namespace {

class ReorderFilters
    : public patternc::impl::ReorderFiltersPassBase<ReorderFilters> {
public:
  void runOnOperation() override {
    int64_t reordered = 0;
    getOperation().walk([&](Conv2DOp op) {
      auto order = orderOfInput(op);
      if (!order)
        order = findOrder(op.getMap());
      if (!order)
        return;
      reordered += !llvm::is_sorted(*order);
      op.setFilterOrder(*order);
    });
    remarkStatistics(*this, getOperation(), {{"reordered", reordered}});
  }
};

} // namespace
