#include "trainer/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lambdaforge::trainer {

Schedule::Schedule(const TrainingConfig& config, int64_t max_steps)
    : peak_(config.learning_rate),
      type_(config.lr_scheduler_type),
      warmup_steps_(config.warmup_steps > 0
                        ? config.warmup_steps
                        : static_cast<int64_t>(
                              std::ceil(config.warmup_ratio * static_cast<double>(max_steps)))),
      max_steps_(max_steps) {}

double Schedule::learning_rate(int64_t step) const {
  return peak_ * factor(step - 1);
}

double Schedule::factor(int64_t done) const {
  if (type_ == "constant") return 1;
  if (done < warmup_steps_) return static_cast<double>(done) / static_cast<double>(warmup_steps_);
  if (type_ == "constant_with_warmup") return 1;
  const double left = static_cast<double>(std::max<int64_t>(0, max_steps_ - done)) /
                      static_cast<double>(std::max<int64_t>(1, max_steps_ - warmup_steps_));
  if (type_ == "cosine") return 0.5 * (1 + std::cos(std::numbers::pi * (1 - left)));
  return left;
}

}  // namespace lambdaforge::trainer
