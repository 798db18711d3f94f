#include "trainer/backward.h"

#include "base/stopwatch.h"
#include "trainer/micro_batches.h"
#include "trainer/scoring.h"

namespace lambdaforge::trainer {
namespace {

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
  const at::Tensor scores =
      score_in_pieces(model, batch.tokens, key, options.micro_batch_tokens).set_requires_grad(true);
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
