#include "experiments/sinks/scalars.h"

namespace lambdaforge::experiments {
namespace {

std::optional<Scalars> figures(const StepFinished& step) {
  if (!step.log) return std::nullopt;
  return Scalars{step.step,
                 step.epoch,
                 {{"loss", step.loss},
                  {"learning_rate", step.learning_rate},
                  {"grad_norm", step.grad_norm},
                  {"step_seconds", step.step_seconds},
                  {"tokens_per_second", step.tokens_per_second},
                  {"share_of_peak", step.share_of_peak}}};
}

std::optional<Scalars> figures(const EvaluationFinished& evaluation) {
  return Scalars{evaluation.step, evaluation.epoch, evaluation.metrics};
}

std::optional<Scalars> figures(const EnergyMeasured& energy) {
  return Scalars{energy.step,
                 std::nullopt,
                 {{"energy_cpu_kwh", energy.cpu_kwh},
                  {"energy_gpu_kwh", energy.gpu_kwh},
                  {"energy_memory_kwh", energy.memory_kwh},
                  {"energy_kwh", energy.cpu_kwh + energy.gpu_kwh + energy.memory_kwh},
                  {"energy_watts", energy.cpu_watts + energy.gpu_watts + energy.memory_watts},
                  {"energy_emissions_kg", energy.emissions_kg}}};
}

std::optional<Scalars> figures(const RunFinished& end) {
  return Scalars{end.step, end.epoch, end.metrics};
}

template <class Other>
std::optional<Scalars> figures(const Other&) {
  return std::nullopt;
}

}  // namespace

std::optional<Scalars> scalars_of(const Happening& what) {
  return std::visit([](const auto& one) { return figures(one); }, what);
}

}  // namespace lambdaforge::experiments
