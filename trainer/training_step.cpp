#include "trainer/training_step.h"

#include <fmt/format.h>

#include <cmath>

#include "models/work.h"
#include "trainer/backward.h"

namespace lambdaforge::trainer {
namespace {

std::vector<at::Tensor> tensors(const std::vector<models::Parameter>& parameters) {
  std::vector<at::Tensor> tensors;
  for (const models::Parameter& parameter : parameters) tensors.push_back(parameter.tensor);
  return tensors;
}

// torch.nn.utils.clip_grad_norm_: gradients are scaled by max_norm / (norm + 1e-6) when that is
// below 1.
double clipping_divisor(double norm, double max_norm) {
  return max_norm > 0 ? std::max(1.0, (norm + 1e-6) / max_norm) : 1.0;
}

}  // namespace

TrainingStep::TrainingStep(const TrainingConfig& config, const models::CrossEncoder& model,
                           const losses::Loss& loss, AdamW& optimizer, Communicator& communicator)
    : config_(config),
      model_(model),
      loss_(loss),
      optimizer_(optimizer),
      communicator_(communicator),
      reducer_(tensors(model.parameters()), communicator) {}

StepOutcome TrainingStep::run(int64_t step, int64_t micro_steps, double learning_rate,
                              BatchPrefetcher& batches) {
  const models::DropoutKey key{config_.seed, static_cast<uint32_t>(step)};
  double sum = 0, count = 0, tokens = 0, flops = 0;
  reducer_.zero();
  for (int64_t micro_step = 0; micro_step < micro_steps; ++micro_step) {
    batches.next(batch_);
    if (batch_.num_lists() == 0) continue;  // a short last batch left nothing for this rank
    const bool is_last = micro_step + 1 == micro_steps;
    // The sum's gradient, not the mean's: the number of terms of the whole batch is known only
    // after all ranks' forward passes, and dividing by it later costs nothing.
    const losses::LossTerm term =
        backward(model_, loss_, batch_, &key,
                 {.micro_batch_tokens = config_.micro_batch_tokens, .before_last_pass = [&] {
                    if (is_last) reducer_.sum_in_next_backward();
                  }});
    sum += term.sum.item<double>();
    count += term.count;
    tokens += static_cast<double>(batch_.tokens.num_tokens());
    flops += 3 * models::forward_flops(model_.config(), batch_.tokens.pair_offsets);
  }
  reducer_.finish();
  const std::vector<double> totals = communicator_.sum({sum, count, tokens, flops});
  const double divisor = std::max(totals[1], 1.0);
  const StepOutcome outcome{totals[0] / divisor, reducer_.norm() / divisor,
                            static_cast<int64_t>(totals[2]), totals[3]};
  if (!std::isfinite(outcome.loss) || !std::isfinite(outcome.grad_norm))
    throw std::runtime_error(fmt::format(
        "step {}: the loss is {} and the gradient norm {}; training has diverged. Lower "
        "training.learning_rate or training.max_grad_norm and go on from the last checkpoint",
        step, outcome.loss, outcome.grad_norm));
  optimizer_.step(learning_rate,
                  divisor * clipping_divisor(outcome.grad_norm, config_.max_grad_norm));
  return outcome;
}

}  // namespace lambdaforge::trainer
