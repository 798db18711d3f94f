// What the model trains on in one micro-step on one rank: packed pairs, their labels, and where
// each list ends.
#pragma once

#include <cstdint>
#include <vector>

#include "models/token_batch.h"

namespace lambdaforge::trainer {

struct Batch {
  models::TokenBatch tokens;             // T tokens in P pairs
  std::vector<float> labels;             // [pairs]
  std::vector<int64_t> list_offsets{0};  // [lists + 1] in pairs

  int64_t num_lists() const { return static_cast<int64_t>(list_offsets.size()) - 1; }
};

}  // namespace lambdaforge::trainer
