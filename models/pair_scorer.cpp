#include "models/pair_scorer.h"

#include <ATen/Parallel.h>

#include <numeric>
#include <unordered_map>

namespace lambdaforge::models {
namespace {

// Packs pairs out of `order` from `next` on, as many as fit into max_tokens (at least one).
TokenBatch pack_some(const Pretrained& pretrained, const EncodedPairs& encoded,
                     std::span<const int64_t> order, size_t& next, int64_t max_tokens) {
  TokenBatch batch;
  while (next < order.size()) {
    const int64_t length = std::min(encoded.untruncated_length(order[next]), pretrained.max_length);
    if (batch.num_pairs() > 0 && batch.num_tokens() + length > max_tokens) break;
    const auto& [query, document] = encoded.pairs[order[next]];
    pretrained.tokenizer.append_pair(encoded.texts[query], encoded.texts[document],
                                     pretrained.max_length, batch);
    ++next;
  }
  return batch;
}

}  // namespace

int64_t EncodedPairs::untruncated_length(int64_t pair) const {
  const auto& [query, document] = pairs[pair];
  return static_cast<int64_t>(texts[query].size() + texts[document].size()) + 3;
}

EncodedPairs encode_pairs(std::span<const PairView> pairs, const Tokenizer& tokenizer) {
  EncodedPairs encoded;
  std::unordered_map<std::string_view, uint32_t> index_of;
  std::vector<std::string_view> texts;
  const auto index = [&](std::string_view text) {
    const auto [entry, is_new] = index_of.try_emplace(text, static_cast<uint32_t>(texts.size()));
    if (is_new) texts.push_back(text);
    return entry->second;
  };
  encoded.pairs.reserve(pairs.size());
  for (const PairView& pair : pairs) {
    const uint32_t query = index(pair.query);
    encoded.pairs.emplace_back(query, index(pair.document));
  }
  encoded.texts.resize(texts.size());
  at::parallel_for(0, static_cast<int64_t>(texts.size()), 64, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) encoded.texts[i] = tokenizer.encode(texts[i]);
  });
  return encoded;
}

at::Tensor score_encoded(const Pretrained& pretrained, const EncodedPairs& encoded,
                         std::span<const int64_t> chosen, int64_t max_tokens) {
  c10::InferenceMode no_graph;
  std::vector<int64_t> slots(chosen.size());  // places in the result, longest pair first
  std::iota(slots.begin(), slots.end(), int64_t{0});
  std::stable_sort(slots.begin(), slots.end(), [&](int64_t a, int64_t b) {
    return encoded.untruncated_length(chosen[a]) > encoded.untruncated_length(chosen[b]);
  });
  std::vector<int64_t> order(chosen.size());
  for (size_t i = 0; i < slots.size(); ++i) order[i] = chosen[slots[i]];

  std::vector<at::Tensor> logits;
  for (size_t next = 0; next < order.size();) {
    const TokenBatch batch = pack_some(pretrained, encoded, order, next, max_tokens);
    logits.push_back(pretrained.model(batch, nullptr).to(at::kCPU, at::kFloat));
  }
  at::Tensor result =
      at::empty({static_cast<int64_t>(chosen.size()), pretrained.model.config().num_labels});
  if (!logits.empty()) result.index_copy_(0, at::tensor(slots, at::kLong), at::cat(logits));
  return result;
}

at::Tensor score_pairs(const Pretrained& pretrained, std::span<const PairView> pairs,
                       int64_t max_tokens) {
  std::vector<int64_t> all(pairs.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  return score_encoded(pretrained, encode_pairs(pairs, pretrained.tokenizer), all, max_tokens);
}

}  // namespace lambdaforge::models
