// One optimizer step over the global batch: forward, backward, sum over ranks, clip, update.
#pragma once

#include "losses/loss.h"
#include "models/cross_encoder.h"
#include "trainer/config.h"
#include "trainer/data/prefetch.h"
#include "trainer/optimizer.h"
#include "trainer/parallel/gradient_reducer.h"

namespace lambdaforge::trainer {

// Of the whole global batch, the same on every rank.
struct StepOutcome {
  double loss = 0;
  double grad_norm = 0;  // before clipping
  int64_t tokens = 0;
  double flops = 0;  // of the matrix products (see models::forward_flops)
};

class TrainingStep {
 public:
  TrainingStep(const TrainingConfig& config, const models::CrossEncoder& model,
               const losses::Loss& loss, AdamW& optimizer, Communicator& communicator);

  // Takes `micro_steps` batches from `batches`. `step` is 1-based and keys the dropout masks.
  // Throws std::runtime_error when the loss is not finite; the parameters are then as before the
  // step.
  StepOutcome run(int64_t step, int64_t micro_steps, double learning_rate,
                  BatchPrefetcher& batches);

 private:
  const TrainingConfig& config_;
  const models::CrossEncoder& model_;
  const losses::Loss& loss_;
  AdamW& optimizer_;
  Communicator& communicator_;
  GradientReducer reducer_;
  Batch batch_;  // its memory serves step after step
};

}  // namespace lambdaforge::trainer
