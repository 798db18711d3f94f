// The learning rate of every step, as transformers' get_scheduler computes it.
#pragma once

#include <cstdint>

#include "trainer/config.h"

namespace lambdaforge::trainer {

class Schedule {
 public:
  Schedule(const TrainingConfig& config, int64_t max_steps);

  // The rate used by the 1-based `step`: with warm-up the first step's is 0, as in transformers.
  double learning_rate(int64_t step) const;

  int64_t warmup_steps() const { return warmup_steps_; }

 private:
  double factor(int64_t done) const;

  double peak_;
  std::string type_;
  int64_t warmup_steps_, max_steps_;
};

}  // namespace lambdaforge::trainer
