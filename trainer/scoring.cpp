#include "trainer/scoring.h"

namespace lambdaforge::trainer {

losses::LossTerm score_lists(const models::CrossEncoder& model, const losses::Loss& loss,
                             const Batch& batch, const models::DropoutKey* key) {
  return loss_of_scores(loss, model(batch.tokens, key).squeeze(1), batch);
}

losses::LossTerm loss_of_scores(const losses::Loss& loss, const at::Tensor& scores,
                                const Batch& batch) {
  const at::Tensor labels = at::tensor(batch.labels).to(scores.device());  // [pairs]
  return loss(scores, labels, losses::ListOffsets{batch.list_offsets});
}

}  // namespace lambdaforge::trainer
