#include "trainer/training_step.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <span>

#include "base/process.h"
#include "base/stopwatch.h"
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

// A rank's figures travel as one slot of numbers a rank; the other ranks' slots are zero.
constexpr size_t kSlot = sizeof(experiments::RankStep) / sizeof(double);
using Slot = std::array<double, kSlot>;

void append_slots(std::vector<double>& numbers, const experiments::RankStep& mine, int rank,
                  int world_size) {
  const size_t begin = numbers.size();
  numbers.resize(begin + kSlot * static_cast<size_t>(world_size));
  const auto slot = std::bit_cast<Slot>(mine);
  std::copy(slot.begin(), slot.end(),
            numbers.begin() + static_cast<ptrdiff_t>(begin + kSlot * rank));
}

std::vector<experiments::RankStep> read_slots(std::span<const double> numbers) {
  std::vector<experiments::RankStep> ranks;
  for (size_t begin = 0; begin < numbers.size(); begin += kSlot) {
    Slot slot;
    std::copy_n(numbers.begin() + static_cast<ptrdiff_t>(begin), kSlot, slot.begin());
    ranks.push_back(std::bit_cast<experiments::RankStep>(slot));
  }
  return ranks;
}

}  // namespace

Diverged::Diverged(int64_t step, double loss, double grad_norm)
    : std::runtime_error(fmt::format(
          "step {}: the loss is {} and the gradient norm {}; training has diverged. Lower "
          "training.learning_rate or training.max_grad_norm and go on from the last checkpoint",
          step, loss, grad_norm)) {}

TrainingStep::TrainingStep(const TrainingConfig& config, const models::CrossEncoder& model,
                           const losses::Loss& loss, AdamW& optimizer, Communicator& communicator)
    : config_(config),
      model_(model),
      loss_(loss),
      optimizer_(optimizer),
      communicator_(communicator),
      reducer_(tensors(model.parameters()), communicator) {}

TrainingStep::Share TrainingStep::run_micro_steps(int64_t step, int64_t micro_steps,
                                                  BatchPrefetcher& batches) {
  const models::DropoutKey key{config_.seed, static_cast<uint32_t>(step)};
  Share share;
  for (int64_t micro_step = 0; micro_step < micro_steps; ++micro_step) {
    const Stopwatch waiting;
    batches.next(batch_);
    share.work.data_wait += waiting.seconds();
    if (batch_.num_lists() == 0) continue;  // a short last batch left nothing for this rank
    const bool is_last = micro_step + 1 == micro_steps;
    // The sum's gradient, not the mean's: the number of terms of the whole batch is known only
    // after all ranks' forward passes, and dividing by it later costs nothing.
    const BackwardResult result =
        backward(model_, loss_, batch_, &key,
                 {.micro_batch_tokens = config_.micro_batch_tokens, .before_last_pass = [&] {
                    if (is_last) reducer_.sum_in_next_backward();
                  }});
    share.loss_sum += result.term.sum.item<double>();
    share.loss_count += result.term.count;
    share.flops += 3 * models::forward_flops(model_.config(), batch_.tokens.pair_offsets);
    share.work.forward += result.forward_seconds;
    share.work.backward += result.backward_seconds;
    share.work.lists += static_cast<double>(batch_.num_lists());
    share.work.pairs += static_cast<double>(batch_.tokens.num_pairs());
    share.work.tokens += static_cast<double>(batch_.tokens.num_tokens());
  }
  return share;
}

// One exchange for all that the ranks have to say: the sums of this step, and what each of them did
// in the step before.
StepOutcome TrainingStep::add_over_ranks(const Share& share, const std::vector<double>& passengers,
                                         double& divisor) const {
  std::vector<double> totals = {share.loss_sum, share.loss_count, share.work.tokens, share.flops};
  const size_t first_passenger = totals.size();
  totals.insert(totals.end(), passengers.begin(), passengers.end());
  const size_t num_sums = totals.size();
  if (last_step_) append_slots(totals, *last_step_, communicator_.rank(), communicator_.size());
  totals = communicator_.sum(std::move(totals));
  divisor = std::max(totals[1], 1.0);
  const auto begin = totals.begin();
  return {
      totals[0] / divisor,
      reducer_.norm() / divisor,
      static_cast<int64_t>(totals[2]),
      totals[3],
      {begin + static_cast<ptrdiff_t>(first_passenger), begin + static_cast<ptrdiff_t>(num_sums)},
      read_slots(std::span(totals).subspan(num_sums))};
}

StepOutcome TrainingStep::run(int64_t step, int64_t micro_steps, double learning_rate,
                              BatchPrefetcher& batches, const Passengers& passengers) {
  const Stopwatch whole;
  reducer_.zero();
  Share share = run_micro_steps(step, micro_steps, batches);
  Stopwatch part;
  reducer_.finish();
  double divisor = 1;
  StepOutcome outcome = add_over_ranks(share, passengers(), divisor);
  share.work.all_reduce = part.lap();
  if (!std::isfinite(outcome.loss) || !std::isfinite(outcome.grad_norm))
    throw Diverged(step, outcome.loss, outcome.grad_norm);
  optimizer_.step(learning_rate,
                  divisor * clipping_divisor(outcome.grad_norm, config_.max_grad_norm));
  share.work.optimizer = part.lap();
  share.work.seconds = whole.seconds();
  share.work.memory_bytes = static_cast<double>(resident_bytes());
  last_step_ = share.work;
  return outcome;
}

}  // namespace lambdaforge::trainer
