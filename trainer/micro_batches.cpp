#include "trainer/micro_batches.h"

namespace lambdaforge::trainer {

std::vector<int64_t> split_pairs(const models::TokenBatch& batch, int64_t max_tokens) {
  std::vector<int64_t> begins = {0};
  for (int64_t pair = 1; pair < batch.num_pairs(); ++pair)
    if (batch.pair_offsets[pair + 1] - batch.pair_offsets[begins.back()] > max_tokens)
      begins.push_back(pair);
  begins.push_back(batch.num_pairs());
  return begins;
}

models::TokenBatch slice_pairs(const models::TokenBatch& batch, int64_t first, int64_t last) {
  const int64_t begin = batch.pair_offsets[first], end = batch.pair_offsets[last];
  models::TokenBatch slice;
  slice.ids.assign(batch.ids.begin() + begin, batch.ids.begin() + end);
  slice.type_ids.assign(batch.type_ids.begin() + begin, batch.type_ids.begin() + end);
  slice.positions.assign(batch.positions.begin() + begin, batch.positions.begin() + end);
  slice.pair_keys.assign(batch.pair_keys.begin() + first, batch.pair_keys.begin() + last);
  for (int64_t pair = first; pair < last; ++pair)
    slice.pair_offsets.push_back(batch.pair_offsets[pair + 1] - begin);
  return slice;
}

at::Tensor score_in_pieces(const models::CrossEncoder& model, const models::TokenBatch& batch,
                           const models::DropoutKey* key, int64_t max_tokens) {
  const at::NoGradGuard no_graph;
  const std::vector<int64_t> begins = split_pairs(batch, max_tokens);
  std::vector<at::Tensor> scores;
  for (size_t i = 0; i + 1 < begins.size(); ++i)
    scores.push_back(model(slice_pairs(batch, begins[i], begins[i + 1]), key).squeeze(1));
  return at::cat(scores);
}

}  // namespace lambdaforge::trainer
