// From a batch of lists to its loss: the model's scores, the labels and the list ends meet here.
#pragma once

#include "losses/loss.h"
#include "models/cross_encoder.h"
#include "trainer/data/batch.h"

namespace lambdaforge::trainer {

// `key` is nullptr for evaluation, else dropout is on. Differentiable unless gradients are switched
// off.
losses::LossTerm score_lists(const models::CrossEncoder& model, const losses::Loss& loss,
                             const Batch& batch, const models::DropoutKey* key);

// The same for scores [pairs] that are there already.
losses::LossTerm loss_of_scores(const losses::Loss& loss, const at::Tensor& scores,
                                const Batch& batch);

}  // namespace lambdaforge::trainer
