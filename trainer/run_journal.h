// What is noted of a run as it goes: log rows, the best model so far, and the events that tell.
#pragma once

#include <optional>
#include <string>

#include "base/stopwatch.h"
#include "experiments/run_result.h"
#include "experiments/tracker.h"
#include "trainer/checkpoint.h"
#include "trainer/training_step.h"
#include "trainer/validation.h"

namespace lambdaforge::trainer {

// What an error says of how the run ends: bad input is std::invalid_argument, and Diverged tells of
// itself.
experiments::Outcome outcome_of(const std::exception& error);

// Which figure picks the best model.
struct BestModelRule {
  std::string metric;  // "eval_NanoBEIR_R100_mean_ndcg@10"
  bool greater_is_better = true;
};

// Where in the plan a step stands.
struct StepPosition {
  int64_t step = 0;  // 1-based
  int64_t max_steps = 0;
  double epoch = 0;  // after it
  bool log = false;
};

// Every rank keeps one; evaluations, checkpoints and sentences are told by rank 0 only.
class RunJournal {
 public:
  // Writes into `progress`, which a checkpoint saves; both must outlive the journal.
  RunJournal(experiments::Tracker& tracker, Progress& progress, int rank, BestModelRule best)
      : tracker_(tracker), progress_(progress), rank_(rank), best_(std::move(best)) {}

  void tell(std::string text);  // a sentence for the person who watches

  // Training begins, at this rate of plain matrix products (operations a second, all ranks).
  void begin(double peak_rate);
  // Time that is not training: evaluating, saving.
  void leave_out(double seconds) { interval_.left_out_seconds += seconds; }

  // Every step is an event; a logging step is also a row of the log history.
  void step_finished(const StepPosition& position, StepOutcome outcome, double learning_rate);
  // Returns whether this is the best model so far; the first of two equals stays the best.
  bool evaluated(int64_t step, Validation validation);
  std::optional<experiments::BestEvaluation> best() const;  // so far, earlier parts included
  void checkpoint_saved(int64_t step, const std::string& path, double seconds);
  void add_end_row(const experiments::Metrics& metrics);  // of the log history
  void finished(experiments::RunFinished end);
  void stopped(const std::string& checkpoint, std::vector<experiments::RankStep> last_step);
  void failed(const std::exception& error);

  // Where the run stands, as the log history has it.
  void describe(experiments::RunResult& result) const;

 private:
  // What is measured between two log lines.
  struct Interval {
    Stopwatch stopwatch;
    int64_t steps = 0;
    int64_t tokens = 0;
    double flops = 0;
    double left_out_seconds = 0;

    double seconds() const { return stopwatch.seconds() - left_out_seconds; }
  };

  bool is_main() const { return rank_ == 0; }
  void add_row(const experiments::StepFinished& step);
  bool note_best(int64_t step, const experiments::Metrics& metrics);

  experiments::Tracker& tracker_;
  Progress& progress_;
  const int rank_;
  const BestModelRule best_;
  Interval interval_;
  double peak_rate_ = 0;
};

}  // namespace lambdaforge::trainer
