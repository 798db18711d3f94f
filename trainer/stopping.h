// Reasons to end a run before its last step: what it has consumed, what that still gains, and
// somebody who asks.
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
  // `best`: the best value of metric_for_best_model so far. The first evaluation of a process is
  // what the second one is compared with.
  void after_evaluation(std::optional<double> best, const experiments::energy::RunFigures& figures);

  // Somebody asked, whichever rank was told.
  void after_request() { is_requested_ = true; }

  bool is_requested() const { return is_requested_; }
  // A sentence; nullopt: the run has not taken or gained as much as the recipe says.
  const std::optional<std::string>& reason() const { return reason_; }

 private:
  std::optional<experiments::energy::StopRule> rule_;
  std::optional<experiments::energy::GainRule> gain_;
  const double least_gain_;
  const bool greater_is_better_;
  std::optional<std::string> reason_;
  bool is_requested_ = false;
};

}  // namespace lambdaforge::trainer
