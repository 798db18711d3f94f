#include "experiments/sinks/console.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "experiments/energy/summary.h"
#include "experiments/sinks/metrics_table.h"

namespace lambdaforge::experiments {
namespace {

constexpr int kBarWidth = 24;
constexpr std::chrono::milliseconds kBarInterval{100};
constexpr const char* kClearLine = "\r\x1b[K";

std::string format_duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string format_step_time(double seconds) {
  return seconds < 10 ? fmt::format("{:.0f} ms", seconds * 1000) : fmt::format("{:.1f} s", seconds);
}

std::string format_rate(double per_second) {
  if (per_second >= 999.5e3) return fmt::format("{:.1f}M tok/s", per_second / 1e6);
  if (per_second >= 999.5) return fmt::format("{:.1f}k tok/s", per_second / 1e3);
  return fmt::format("{:.0f} tok/s", per_second);
}

// "energy: 0.021 kWh (...)", then the share of each phase.
std::string energy_report(const EnergyMeasured& measured) {
  const double total = energy::total_kwh(measured);
  std::string text = fmt::format("energy: {}\n", energy::summary(measured));
  if (total <= 0) return text;
  std::string phases;
  for (const auto& [phase, kwh] : measured.phase_kwh)
    phases += fmt::format("{}{} {:.0f}%", phases.empty() ? "  " : ", ", phase, 100 * kwh / total);
  return text + phases + "\n";
}

}  // namespace

void ConsoleSink::handle(const Event& event) {
  std::visit([&](const auto& what) { show(event.time, what); }, event.what);
  if (!out_) {
    out_.clear();
    throw std::runtime_error("cannot write to the console");
  }
}

void ConsoleSink::show(Time, const RunStarted& run) {
  best_ = run.best;
  std::string text =
      fmt::format("run {}/{} | {} {} | {} steps | {}\n", run.project, run.name, run.ranks.size(),
                  run.ranks.size() == 1 ? "process" : "processes", run.max_steps, run.folder);
  text += run.configuration;
  if (run.first_step > 0) text += fmt::format("goes on after step {}\n", run.first_step);
  print(text);
}

void ConsoleSink::show(Time time, const StepFinished& step) {
  const double left = seconds_left(time, step);
  if (!step.log) return draw_bar(time, step, left);
  const std::string best = best_ ? fmt::format(" | best {:.4f}@{}", best_->value, best_->step) : "";
  const std::string peak =
      step.share_of_peak > 0 ? fmt::format(" | {:.0f}% of peak", 100 * step.share_of_peak) : "";
  const std::string kwh =
      energy_ ? fmt::format(" | {}", energy::format_kwh(energy::total_kwh(*energy_))) : "";
  print(fmt::format("step {}/{} | loss {:.4f} | lr {:.1e} | norm {:.2f} | {} | {}{}{}{} | ETA {}\n",
                    step.step, step.max_steps, step.loss, step.learning_rate, step.grad_norm,
                    format_step_time(step.step_seconds), format_rate(step.tokens_per_second), peak,
                    kwh, best, format_duration(left)));
}

void ConsoleSink::show(Time, const EvaluationFinished& evaluation) {
  if (evaluation.best_so_far)
    for (const auto& [name, value] : evaluation.metrics)
      if (name == evaluation.metric_for_best_model) best_ = {name, value, evaluation.step};
  print(fmt::format("evaluation at step {} (epoch {:.4f}){}\n{}", evaluation.step, evaluation.epoch,
                    evaluation.best_so_far
                        ? fmt::format(": the best {} so far", evaluation.metric_for_best_model)
                        : "",
                    metrics_table(evaluation.metrics)));
}

void ConsoleSink::show(Time, const CheckpointSaved& checkpoint) {
  print(fmt::format("saved {}\n", checkpoint.path));
}

void ConsoleSink::show(Time, const RunFinished& run) {
  print(fmt::format("finished at step {} (epoch {:.4f})\n{}", run.step, run.epoch,
                    metrics_table(run.metrics)));
  if (!run.best_checkpoint.empty())
    print(fmt::format("best checkpoint: {}\n", run.best_checkpoint));
  if (energy_) print(energy_report(*energy_));
}

void ConsoleSink::show(Time, const RunStopped& run) {
  print(fmt::format("stopped at step {} on request; go on with --resume latest\n", run.step));
  if (energy_) print(energy_report(*energy_));
}

void ConsoleSink::show(Time, const Notice& notice) {
  print(notice.text + "\n");
}

// From the pace since the first step of this process: it counts evaluations and checkpoints, which
// come again, and not the start, which does not.
double ConsoleSink::seconds_left(Time time, const StepFinished& step) {
  if (!first_step_) first_step_ = {time, step.step};
  const int64_t steps = step.step - first_step_->step;
  const double elapsed = std::chrono::duration<double>(time - first_step_->time).count();
  const double pace = steps > 0 ? elapsed / static_cast<double>(steps) : step.step_seconds;
  return pace * static_cast<double>(step.max_steps - step.step);
}

void ConsoleSink::print(const std::string& text) {
  if (std::exchange(bar_is_shown_, false)) out_ << kClearLine;
  out_ << text << std::flush;
}

void ConsoleSink::draw_bar(Time time, const StepFinished& step, double seconds_left) {
  if (!is_terminal_ || step.max_steps <= 0) return;
  if (bar_is_shown_ && time - bar_drawn_ < kBarInterval) return;
  const auto filled = static_cast<size_t>(
      std::clamp<int64_t>(kBarWidth * step.step / step.max_steps, 0, kBarWidth));
  out_ << kClearLine
       << fmt::format("[{:-<{}}] {}/{} | loss {:.4f} | ETA {}", std::string(filled, '#'), kBarWidth,
                      step.step, step.max_steps, step.loss, format_duration(seconds_left))
       << std::flush;
  bar_is_shown_ = true;
  bar_drawn_ = time;
}

}  // namespace lambdaforge::experiments
