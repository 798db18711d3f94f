// Which rows of a packed [tokens, ...] tensor belong to which pair, and how a pair's dropout masks
// are keyed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace lambdaforge::models {

struct Packing {
  std::vector<int64_t> pair_offsets;  // [pairs + 1]
  std::vector<uint32_t> pair_keys;    // [pairs]

  int64_t num_pairs() const { return static_cast<int64_t>(pair_offsets.size()) - 1; }
};

// Shared by every op of a step: an op's backward outlives the forward that built it.
using PackingPtr = std::shared_ptr<const Packing>;

// The seed and the step of a training forward; nullptr in its place means evaluation, without
// dropout.
struct DropoutKey {
  uint64_t seed = 0;
  uint32_t step = 0;
};

// One place in the network that drops: the mask of an element depends on (seed, step, pair, layer,
// site, element) and on nothing else, so it is the same on any number of ranks, threads and
// micro-batches, and in a recomputation.
struct DropoutSite {
  DropoutKey key;
  uint32_t layer = 0;
  uint32_t site = 0;
  double probability = 0;  // 0: the op passes its input on
};

}  // namespace lambdaforge::models
