// The gradients that one batch of lists leaves in the model's parameters.
#pragma once

#include <functional>

#include "losses/loss.h"
#include "models/cross_encoder.h"
#include "trainer/data/batch.h"

namespace lambdaforge::trainer {

struct BackwardOptions {
  // 0: the whole batch in one pass. Otherwise no more tokens than this (or one pair) have their
  // activations in memory at a time: all pairs are scored without a graph, the loss gives the
  // gradient of every score, and then forward and backward run micro-batch by micro-batch, with the
  // same dropout masks (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory
  // Limited Setup"). Costs one more forward pass; the gradients are the same.
  int64_t micro_batch_tokens = 0;
  // Called before the backward pass that completes the gradients.
  std::function<void()> before_last_pass;
};

struct BackwardResult {
  losses::LossTerm term;  // its sum is detached
  double forward_seconds = 0;
  double backward_seconds = 0;
};

// Adds the gradients of the loss' sum. `batch` must hold a pair. On a GPU the seconds are those of
// the host, which runs ahead.
BackwardResult backward(const models::CrossEncoder& model, const losses::Loss& loss,
                        const Batch& batch, const models::DropoutKey* key,
                        const BackwardOptions& options);

}  // namespace lambdaforge::trainer
