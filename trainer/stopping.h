// Reasons to end a run before its last step: what it has consumed, what that still gains, and
// somebody who asks.
#pragma once

#include <optional>
#include <string>

#include "experiments/energy/rules.h"
#include "experiments/trainer_state.h"
#include "trainer/config.h"

namespace lambdaforge::trainer {

// The run's energy at an evaluation, beside its metrics.
inline constexpr const char* kEvaluationKwh = "eval_energy_kwh";

// Asked on every rank with the same figures, so all of them stop after the same step.
class Stopping {
 public:
  Stopping(const TrainingConfig& config, bool greater_is_better);

  // The run goes on from `state`: its last evaluation is what the next one is compared with, when
  // the energy of the time was measured. What was consumed for steps that a crash lost counts, too.
  void go_on(const experiments::TrainerState& state);

  void after_step(const experiments::energy::RunFigures& figures);
  // `best`: the best value of metric_for_best_model so far, net of a price where it has one. The
  // first evaluation of a run is what the second one is compared with.
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
