#include "trainer/stopping.h"

#include <fmt/format.h>

#include <algorithm>

namespace lambdaforge::trainer {

using experiments::energy::RunFigures;

namespace {

// When the last evaluation was made; nullopt: none was, or without its energy.
std::optional<double> kwh_of_last_evaluation(const experiments::TrainerState& state) {
  for (auto row = state.log_history.rbegin(); row != state.log_history.rend(); ++row)
    for (const auto& [name, value] : *row)
      if (name == kEvaluationKwh) return value;
  return std::nullopt;
}

}  // namespace

Stopping::Stopping(const TrainingConfig& config, bool greater_is_better)
    : least_gain_(config.min_gain_per_kwh), greater_is_better_(greater_is_better) {
  if (!config.stop_when.empty()) rule_ = experiments::energy::parse_stop_rule(config.stop_when);
  if (least_gain_ > 0) gain_.emplace(least_gain_);
}

void Stopping::go_on(const experiments::TrainerState& state) {
  if (const auto kwh = kwh_of_last_evaluation(state))
    after_evaluation(state.best_metric, {.kwh = *kwh});
}

void Stopping::after_step(const RunFigures& figures) {
  if (rule_ && !reason_ && rule_->holds(figures))
    reason_ = fmt::format("stop_when = \"{}\": {:.6g} kWh, {:.6g} kg CO2e, {:.0f} s", rule_->text,
                          figures.kwh, figures.emissions_kg, figures.seconds);
}

void Stopping::after_evaluation(std::optional<double> best, const RunFigures& figures) {
  if (!gain_ || !best || reason_) return;
  if (const auto gain = gain_->too_little(greater_is_better_ ? *best : -*best, figures.kwh))
    reason_ = fmt::format(
        "min_gain_per_kwh = {:g}: since the evaluation before, the best metric gained {:.4g} a kWh",
        least_gain_, *gain);
}

}  // namespace lambdaforge::trainer
