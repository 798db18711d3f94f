// Reasons to end a run before its last step: what it has consumed, and what that still gains.
#pragma once

#include <optional>
#include <string>

#include "experiments/energy/rules.h"
#include "trainer/config.h"

namespace lambdaforge::trainer {

// Asked on every rank with the same figures, so all of them stop after the same step.
class Stopping {
 public:
  Stopping(const TrainingConfig& config, bool greater_is_better);

  void after_step(const experiments::energy::RunFigures& figures);
  // `best`: the best value of metric_for_best_model so far, net of a price where it has one. The
  // first evaluation of a process is what the second one is compared with.
  void after_evaluation(std::optional<double> best, const experiments::energy::RunFigures& figures);

  // A sentence; nullopt: go on.
  const std::optional<std::string>& reason() const { return reason_; }

 private:
  std::optional<experiments::energy::StopRule> rule_;
  std::optional<experiments::energy::GainRule> gain_;
  const double least_gain_;
  const bool greater_is_better_;
  std::optional<std::string> reason_;
};

}  // namespace lambdaforge::trainer
