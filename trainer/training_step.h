// One optimizer step over the global batch: forward, backward, sum over ranks, clip, update.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "experiments/event.h"
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
  double flops = 0;                          // of the matrix products (see models::forward_flops)
  std::vector<double> passengers;            // summed over all ranks
  std::vector<experiments::RankStep> ranks;  // of the step before, by rank; empty: there was none
};

// The loss or the gradient norm is no longer finite.
class Diverged : public std::runtime_error {
 public:
  Diverged(int64_t step, double loss, double grad_norm);
};

class TrainingStep {
 public:
  using Passengers = std::function<std::vector<double>()>;

  TrainingStep(const TrainingConfig& config, const models::CrossEncoder& model,
               const losses::Loss& loss, AdamW& optimizer, Communicator& communicator);

  // Takes `micro_steps` batches from `batches`. `step` is 1-based and keys the dropout masks.
  // `passengers`: asked for numbers of this rank when the step's sums are about to travel, as many
  // on every rank; they travel too.
  // Throws Diverged when the loss is not finite; the parameters are then as before the step.
  StepOutcome run(int64_t step, int64_t micro_steps, double learning_rate, BatchPrefetcher& batches,
                  const Passengers& passengers);

 private:
  // This rank's part of a step.
  struct Share {
    double loss_sum = 0, loss_count = 0, flops = 0;
    experiments::RankStep work;
  };

  Share run_micro_steps(int64_t step, int64_t micro_steps, BatchPrefetcher& batches);
  StepOutcome add_over_ranks(const Share& share, const std::vector<double>& passengers,
                             double& divisor) const;

  const TrainingConfig& config_;
  const models::CrossEncoder& model_;
  const losses::Loss& loss_;
  AdamW& optimizer_;
  Communicator& communicator_;
  GradientReducer reducer_;
  Batch batch_;                                     // its memory serves step after step
  std::optional<experiments::RankStep> last_step_;  // of this rank
};

}  // namespace lambdaforge::trainer
