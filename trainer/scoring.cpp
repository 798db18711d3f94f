#include "trainer/scoring.h"

#include "losses/registry.h"

namespace lambdaforge::trainer {

losses::LossTerm score_lists(const models::CrossEncoder& model, const losses::Loss& loss,
                             const Batch& batch, const models::DropoutKey* key) {
  const at::Tensor scores = model(batch.tokens, key).squeeze(1);  // [pairs]
  const at::Tensor labels = at::tensor(batch.labels).to(scores.device());
  return loss(scores, labels, losses::ListOffsets{batch.list_offsets});
}

losses::Loss build_loss(const LossConfig& config) {
  return losses::build_loss({.name = config.name,
                             .weighting_scheme = config.weighting_scheme,
                             .mu = config.mu,
                             .k = config.k,
                             .sigma = config.sigma,
                             .eps = config.eps,
                             .reduction_log = config.reduction_log,
                             .semantics = config.semantics});
}

}  // namespace lambdaforge::trainer
