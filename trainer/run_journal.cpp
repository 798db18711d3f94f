#include "trainer/run_journal.h"

#include <algorithm>

#include "base/error_text.h"

namespace lambdaforge::trainer {

using experiments::Metrics;
using experiments::Outcome;

namespace {

// The figures of an evaluation; none for another row of the log history.
Metrics evaluation_of(const Metrics& row) {
  Metrics figures;
  for (const auto& figure : row)
    if (figure.first.starts_with("eval_")) figures.push_back(figure);
  return figures;
}

}  // namespace

Outcome outcome_of(const std::exception& error) {
  if (dynamic_cast<const Diverged*>(&error)) return Outcome::kDiverged;
  if (dynamic_cast<const std::invalid_argument*>(&error)) return Outcome::kInvalid;
  return Outcome::kFailed;
}

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

std::optional<experiments::BestEvaluation> RunJournal::best() const {
  const experiments::TrainerState& state = progress_.state;
  if (!state.best_metric || !state.best_global_step) return std::nullopt;
  return experiments::BestEvaluation{best_.metric, *state.best_metric, *state.best_global_step};
}

void RunJournal::checkpoint_saved(int64_t step, const std::string& path, double seconds) {
  if (is_main()) tracker_.emit(experiments::CheckpointSaved{step, path, seconds});
}

void RunJournal::add_end_row(const Metrics& metrics) {
  experiments::TrainerState& state = progress_.state;
  Metrics row = metrics;
  row.insert(row.begin(), {"epoch", state.epoch});
  row.emplace_back("step", static_cast<double>(state.global_step));
  state.log_history.push_back(std::move(row));
}

void RunJournal::finished(experiments::RunFinished end) {
  end.step = progress_.state.global_step;
  end.epoch = progress_.state.epoch;
  tracker_.emit(std::move(end));
}

void RunJournal::stopped(const std::string& checkpoint,
                         std::vector<experiments::RankStep> last_step) {
  tracker_.emit(experiments::RunStopped{progress_.state.global_step, progress_.state.epoch,
                                        checkpoint, std::move(last_step)});
}

void RunJournal::failed(const std::exception& error) {
  tracker_.emit(experiments::RunFailed{progress_.state.global_step,
                                       outcome_of(error) == experiments::Outcome::kDiverged,
                                       error_text(error)});
}

void RunJournal::describe(experiments::RunResult& result) const {
  const experiments::TrainerState& state = progress_.state;
  result.step = state.global_step;
  result.metric_for_best_model = best_.metric;
  result.greater_is_better = best_.greater_is_better;
  result.best_metric = state.best_metric;
  result.best_step = state.best_global_step;
  result.best_checkpoint = state.best_model_checkpoint.value_or("");
  for (auto row = state.log_history.rbegin(); row != state.log_history.rend(); ++row) {
    result.metrics = evaluation_of(*row);
    if (!result.metrics.empty()) break;
  }
}

}  // namespace lambdaforge::trainer
