// At which steps a run logs, evaluates and saves.
#pragma once

#include <cstdint>

#include "trainer/config.h"

namespace lambdaforge::trainer {

class StepPlan {
 public:
  StepPlan(const TrainingConfig& config, int64_t steps_per_epoch);

  int64_t max_steps() const { return max_steps_; }
  int64_t logging_steps() const { return logging_steps_; }
  int64_t eval_steps() const { return eval_steps_; }
  int64_t save_steps() const { return save_steps_; }

  // `step` is 1-based. As in transformers 5, the last step evaluates and saves whatever the
  // interval.
  bool logs(int64_t step) const;
  bool evaluates(int64_t step) const;
  bool saves(int64_t step, bool is_new_best) const;

 private:
  bool is_due(const std::string& strategy, int64_t interval, int64_t step) const;

  const TrainingConfig& config_;
  int64_t steps_per_epoch_, max_steps_;
  int64_t logging_steps_, eval_steps_, save_steps_;
};

}  // namespace lambdaforge::trainer
