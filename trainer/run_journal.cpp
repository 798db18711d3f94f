#include "trainer/run_journal.h"

#include <algorithm>

namespace lambdaforge::trainer {

using experiments::Metrics;

void RunJournal::tell(std::string text) {
  if (is_main()) tracker_.emit(experiments::Notice{std::move(text)});
}

void RunJournal::begin(double peak_rate) {
  peak_rate_ = peak_rate;
  interval_ = {};
}

void RunJournal::step_finished(const StepPosition& position, StepOutcome outcome,
                               double learning_rate) {
  auto& [state, point] = progress_;
  state.global_step = position.step;
  state.epoch = position.epoch;
  state.num_input_tokens_seen += outcome.tokens;
  point.loss_total += outcome.loss;
  point.loss_since_log += outcome.loss;
  ++point.steps_since_log;
  ++interval_.steps;
  interval_.tokens += outcome.tokens;
  interval_.flops += outcome.flops;

  experiments::StepFinished event;
  event.step = position.step;
  event.max_steps = position.max_steps;
  event.epoch = position.epoch;
  event.log = position.log;
  event.loss = point.loss_since_log / static_cast<double>(point.steps_since_log);
  event.learning_rate = learning_rate;
  event.grad_norm = outcome.grad_norm;
  event.step_seconds = interval_.seconds() / static_cast<double>(interval_.steps);
  event.tokens_per_second = static_cast<double>(interval_.tokens) / interval_.seconds();
  event.share_of_peak = interval_.flops / interval_.seconds() / peak_rate_;
  event.ranks = std::move(outcome.ranks);
  if (event.log) add_row(event);
  tracker_.emit(std::move(event));
}

void RunJournal::add_row(const experiments::StepFinished& step) {
  progress_.state.log_history.push_back({{"epoch", step.epoch},
                                         {"grad_norm", step.grad_norm},
                                         {"learning_rate", step.learning_rate},
                                         {"loss", step.loss},
                                         {"step", static_cast<double>(step.step)}});
  progress_.point.loss_since_log = 0;
  progress_.point.steps_since_log = 0;
  interval_ = {};
}

bool RunJournal::evaluated(int64_t step, Validation validation) {
  experiments::TrainerState& state = progress_.state;
  Metrics row = {{"epoch", state.epoch}};
  row.insert(row.end(), validation.metrics.begin(), validation.metrics.end());
  row.emplace_back("step", static_cast<double>(step));
  state.log_history.push_back(std::move(row));
  const bool is_new_best = step > 0 && note_best(step, validation.metrics);
  if (is_main())
    tracker_.emit(experiments::EvaluationFinished{step, state.epoch, std::move(validation.metrics),
                                                  is_new_best, best_.metric,
                                                  std::move(validation.per_query)});
  return is_new_best;
}

bool RunJournal::note_best(int64_t step, const Metrics& metrics) {
  experiments::TrainerState& state = progress_.state;
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const auto& entry) { return entry.first == best_.metric; });
  if (found == metrics.end()) return false;
  const double value = found->second;
  const bool better = !state.best_metric || (best_.greater_is_better ? value > *state.best_metric
                                                                     : value < *state.best_metric);
  if (better) {
    state.best_metric = value;
    state.best_global_step = step;
  }
  return better;
}

void RunJournal::checkpoint_saved(int64_t step, const std::string& path, double seconds) {
  if (is_main()) tracker_.emit(experiments::CheckpointSaved{step, path, seconds});
}

void RunJournal::finished(experiments::RunFinished end) {
  experiments::TrainerState& state = progress_.state;
  end.step = state.global_step;
  end.epoch = state.epoch;
  Metrics row = end.metrics;
  row.insert(row.begin(), {"epoch", state.epoch});
  row.emplace_back("step", static_cast<double>(state.global_step));
  state.log_history.push_back(std::move(row));
  tracker_.emit(std::move(end));
}

void RunJournal::failed(const std::exception& error) {
  const bool diverged = dynamic_cast<const Diverged*>(&error) != nullptr;
  tracker_.emit(experiments::RunFailed{progress_.state.global_step, diverged, error.what()});
}

}  // namespace lambdaforge::trainer
