#include "experiments/run_store/hugging_face.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

#include "base/files.h"
#include "experiments/trainer_state.h"

namespace lambdaforge::experiments {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCheckpointPrefix = "checkpoint-";

std::optional<double> figure(const Metrics& row, std::string_view name) {
  for (const auto& [known, value] : row)
    if (known == name) return value;
  return std::nullopt;
}

bool is_evaluation(const Metrics& row) {
  return std::any_of(row.begin(), row.end(),
                     [](const auto& entry) { return entry.first.starts_with("eval_"); });
}

double time_of(const fs::path& file) {
  const auto time = std::chrono::file_clock::to_sys(fs::last_write_time(file));
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// The Trainer writes one into every checkpoint, and one beside them at the end.
fs::path newest_state(const fs::path& folder) {
  constexpr const char* kName = "trainer_state.json";
  if (fs::exists(folder / kName)) return folder / kName;
  const auto steps = numbered_entries(folder, kCheckpointPrefix);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    if (const fs::path state = folder / fmt::format("{}{}", kCheckpointPrefix, *step) / kName;
        fs::exists(state))
      return state;
  throw std::invalid_argument(
      fmt::format("{} is no output folder of Hugging Face's Trainer: neither it nor a checkpoint-* "
                  "in it holds a trainer_state.json",
                  folder.string()));
}

// Of which figure best_metric is a value: the state does not say.
std::string metric_of_best(const TrainerState& state) {
  for (const Metrics& row : state.log_history)
    if (state.best_metric && (!state.best_global_step ||
                              figure(row, "step") == static_cast<double>(*state.best_global_step)))
      for (const auto& [name, value] : row)
        if (name.starts_with("eval_") && value == *state.best_metric) return name;
  return "";
}

Parameters parameters_of(const TrainerState& state) {
  Parameters parameters = {{"training.max_steps", state.max_steps},
                           {"training.num_train_epochs", state.num_train_epochs},
                           {"training.logging_steps", state.logging_steps},
                           {"training.eval_steps", state.eval_steps},
                           {"training.save_steps", state.save_steps}};
  if (state.train_batch_size)
    parameters.emplace_back("training.per_device_train_batch_size", *state.train_batch_size);
  return parameters;
}

void add_row(RunRows& rows, const Metrics& row, const TrainerState& state,
             const std::string& best_metric, double time) {
  const auto step = static_cast<int64_t>(figure(row, "step").value_or(0));
  for (const auto& [name, value] : row)
    if (name != "step") rows.add_scalar(name, step, time, value);
  if (!is_evaluation(row)) return;
  rows.evaluations.push_back(
      {step, figure(row, "epoch").value_or(0), time, step == state.best_global_step,
       rows.series.number_of(best_metric),
       figure(row, best_metric).value_or(std::numeric_limits<double>::quiet_NaN())});
}

void add_checkpoints(RunRows& rows, const fs::path& folder) {
  for (const int64_t step : numbered_entries(folder, kCheckpointPrefix)) {
    const fs::path path = folder / fmt::format("{}{}", kCheckpointPrefix, step);
    rows.checkpoints.push_back({step, time_of(path), 0, FixedText<1024>(path.string())});
  }
}

}  // namespace

RunRecord read_hugging_face_run(const fs::path& folder) {
  const fs::path file = newest_state(folder);
  const TrainerState state = load_trainer_state(file);
  const double end = time_of(file);
  double runtime = 0;
  for (const Metrics& row : state.log_history)
    runtime = figure(row, "train_runtime").value_or(runtime);

  RunRecord run;
  run.head.parameters = parameters_of(state);
  run.head.environment = {{"imported_from", fs::absolute(file).lexically_normal().string()}};
  StartRow start;
  start.time = end - runtime;
  start.max_steps = state.max_steps;
  run.rows.starts.push_back(start);
  run.rows.add_log(kStartKind, 0, start.time, "imported from " + file.string());
  const std::string best_metric = metric_of_best(state);
  const auto steps = static_cast<double>(std::max<int64_t>(1, state.global_step));
  for (const Metrics& row : state.log_history)
    add_row(run.rows, row, state, best_metric,
            start.time + runtime * figure(row, "step").value_or(0) / steps);
  add_checkpoints(run.rows, folder);
  run.rows.heartbeat = {end, state.global_step};
  if (state.global_step >= state.max_steps)
    run.rows.add_log(kFinishedKind, state.global_step, end, "");
  return run;
}

}  // namespace lambdaforge::experiments
