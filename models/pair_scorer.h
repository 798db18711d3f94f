// Texts in, scores out: tokenised, sorted by length, packed, no graph.
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "models/pretrained.h"

namespace lambdaforge::models {

struct PairView {
  std::string_view query, document;
};

// Token ids of a list of pairs, each distinct text tokenised once.
struct EncodedPairs {
  std::vector<std::vector<int32_t>> texts;  // [distinct texts] ids without special tokens
  std::vector<std::pair<uint32_t, uint32_t>>
      pairs;  // [pairs] (query, document) as indices into texts

  // Tokens of a pair before it is cut, [CLS] and both [SEP] included: what it costs, to sort by.
  int64_t untruncated_length(int64_t pair) const;
};
EncodedPairs encode_pairs(std::span<const PairView> pairs, const Tokenizer& tokenizer);

// Raw logits [pairs, num_labels] on the CPU in float32, in the order of `pairs`. The result does
// not depend on the order or the company of a pair beyond rounding. `max_tokens` bounds the tokens
// of one forward pass.
at::Tensor score_pairs(const Pretrained& pretrained, std::span<const PairView> pairs,
                       int64_t max_tokens = 16384);

// The same for the chosen ones out of pairs that are encoded already: logits [chosen, num_labels].
at::Tensor score_encoded(const Pretrained& pretrained, const EncodedPairs& encoded,
                         std::span<const int64_t> chosen, int64_t max_tokens = 16384);

}  // namespace lambdaforge::models
