// What the person at the terminal sees: a line a logging step, tables, a bar in between.
#pragma once

#include <optional>
#include <ostream>

#include "experiments/tracker.h"

namespace lambdaforge::experiments {

class ConsoleSink : public Sink {
 public:
  // On a terminal a progress bar is redrawn in place; elsewhere there are only whole lines. `out`
  // must outlive the sink.
  ConsoleSink(std::ostream& out, bool is_terminal) : out_(out), is_terminal_(is_terminal) {}

  std::string name() const override { return "console"; }
  // Throws std::runtime_error when `out` takes no more (a closed pipe).
  void handle(const Event& event) override;

 private:
  using Time = std::chrono::system_clock::time_point;

  struct Mark {
    Time time;
    int64_t step;
  };

  void show(Time time, const RunStarted& run);
  void show(Time time, const StepFinished& step);
  void show(Time time, const EvaluationFinished& evaluation);
  void show(Time time, const CheckpointSaved& checkpoint);
  void show(Time, const EnergyMeasured& energy) { energy_ = energy; }
  void show(Time time, const RunFinished& run);
  void show(Time time, const RunStopped& run);
  void show(Time, const RunFailed&) {}  // the program itself says why it ends
  void show(Time time, const Notice& notice);

  double seconds_left(Time time, const StepFinished& step);
  void print(const std::string& text);  // whole lines, in place of the bar
  void draw_bar(Time time, const StepFinished& step, double seconds_left);

  std::ostream& out_;
  const bool is_terminal_;
  std::optional<BestEvaluation> best_;
  std::optional<EnergyMeasured> energy_;
  std::optional<Mark> first_step_;  // of this process
  bool bar_is_shown_ = false;
  Time bar_drawn_;
};

}  // namespace lambdaforge::experiments
