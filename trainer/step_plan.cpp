#include "trainer/step_plan.h"

#include <algorithm>
#include <cmath>

namespace lambdaforge::trainer {
namespace {

int64_t count_max_steps(const TrainingConfig& config, int64_t steps_per_epoch) {
  if (config.max_steps > 0) return config.max_steps;
  return static_cast<int64_t>(
      std::ceil(config.num_train_epochs * static_cast<double>(steps_per_epoch)));
}

// Values below 1 are a share of all steps.
int64_t interval(double value, int64_t max_steps) {
  if (value < 1) value = std::ceil(value * static_cast<double>(max_steps));
  return std::max<int64_t>(1, static_cast<int64_t>(value));
}

}  // namespace

StepPlan::StepPlan(const TrainingConfig& config, int64_t steps_per_epoch)
    : config_(config),
      steps_per_epoch_(steps_per_epoch),
      max_steps_(count_max_steps(config, steps_per_epoch)),
      logging_steps_(interval(config.logging_steps, max_steps_)),
      eval_steps_(config.eval_steps > 0 ? interval(config.eval_steps, max_steps_) : logging_steps_),
      save_steps_(interval(config.save_steps, max_steps_)) {}

bool StepPlan::logs(int64_t step) const {
  return step % logging_steps_ == 0 || (step == 1 && config_.logging_first_step);
}

bool StepPlan::evaluates(int64_t step) const {
  return is_due(config_.eval_strategy, eval_steps_, step);
}

bool StepPlan::saves(int64_t step, bool is_new_best) const {
  if (config_.save_strategy == "best") return is_new_best;
  return is_due(config_.save_strategy, save_steps_, step);
}

bool StepPlan::is_due(const std::string& strategy, int64_t interval, int64_t step) const {
  if (strategy == "no") return false;
  if (step == max_steps_) return true;
  return step % (strategy == "epoch" ? steps_per_epoch_ : interval) == 0;
}

}  // namespace lambdaforge::trainer
