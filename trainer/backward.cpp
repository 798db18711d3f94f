#include "trainer/backward.h"

#include "base/stopwatch.h"
#include "trainer/scoring.h"

namespace lambdaforge::trainer {
namespace {

// Where micro-batches of at most max_tokens begin, as pairs; ends with the number of pairs.
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

BackwardResult backward_at_once(const models::CrossEncoder& model, const losses::Loss& loss,
                                const Batch& batch, const models::DropoutKey* key,
                                const BackwardOptions& options) {
  Stopwatch stopwatch;
  const losses::LossTerm term = score_lists(model, loss, batch, key);
  const double forward_seconds = stopwatch.lap();
  if (options.before_last_pass) options.before_last_pass();
  term.sum.backward();
  return {{term.sum.detach(), term.count}, forward_seconds, stopwatch.lap()};
}

}  // namespace

BackwardResult backward(const models::CrossEncoder& model, const losses::Loss& loss,
                        const Batch& batch, const models::DropoutKey* key,
                        const BackwardOptions& options) {
  if (options.micro_batch_tokens <= 0 || batch.tokens.num_tokens() <= options.micro_batch_tokens)
    return backward_at_once(model, loss, batch, key, options);

  const std::vector<int64_t> begins = split_pairs(batch.tokens, options.micro_batch_tokens);
  const size_t pieces = begins.size() - 1;
  const auto piece = [&](size_t i) { return slice_pairs(batch.tokens, begins[i], begins[i + 1]); };
  BackwardResult result;
  Stopwatch stopwatch;
  std::vector<at::Tensor> parts;
  for (size_t i = 0; i < pieces; ++i) {
    const at::NoGradGuard no_graph;
    parts.push_back(model(piece(i), key).squeeze(1));
  }
  const at::Tensor scores = at::cat(parts).set_requires_grad(true);  // [pairs]
  const losses::LossTerm term = loss_of_scores(loss, scores, batch);
  result.term = {term.sum.detach(), term.count};
  result.forward_seconds += stopwatch.lap();
  term.sum.backward();
  result.backward_seconds += stopwatch.lap();

  for (size_t i = 0; i < pieces; ++i) {
    const at::Tensor again = model(piece(i), key).squeeze(1);
    result.forward_seconds += stopwatch.lap();
    if (i + 1 == pieces && options.before_last_pass) options.before_last_pass();
    again.backward(scores.grad().narrow(0, begins[i], begins[i + 1] - begins[i]));
    result.backward_seconds += stopwatch.lap();
  }
  return result;
}

}  // namespace lambdaforge::trainer
