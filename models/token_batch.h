// The packed batch: pairs of different lengths one after the other, nothing padded.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lambdaforge::models {

// T tokens in P (query, document) pairs. Pair p holds the tokens [pair_offsets[p], pair_offsets[p +
// 1]).
struct TokenBatch {
  std::vector<int32_t> ids;              // [tokens]
  std::vector<int32_t> type_ids;         // [tokens] 0: [CLS] query [SEP], 1: document [SEP]
  std::vector<int32_t> positions;        // [tokens] 0-based, within its pair
  std::vector<int64_t> pair_offsets{0};  // [pairs + 1]
  std::vector<uint32_t> pair_keys;  // [pairs] place in the global batch: keys its dropout masks

  int64_t num_tokens() const { return static_cast<int64_t>(ids.size()); }
  int64_t num_pairs() const { return static_cast<int64_t>(pair_offsets.size()) - 1; }
};

}  // namespace lambdaforge::models
