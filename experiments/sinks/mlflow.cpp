#include "experiments/sinks/mlflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>

#include "experiments/mlflow/replay.h"
#include "experiments/mlflow/sender.h"
#include "experiments/sinks/scalars.h"

namespace lambdaforge::experiments {
namespace {

using mlflow::KeyValue;

int64_t milliseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string find(const RunStarted& run, const std::string& name) {
  const auto found = std::find_if(run.environment.begin(), run.environment.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == run.environment.end() ? "" : found->second;
}

std::string random_word() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// The tags that MLflow's own client sets (mlflow/utils/mlflow_tags.py), then the environment.
std::vector<KeyValue> tags_of(const RunStarted& run) {
  std::vector<KeyValue> tags = {{"lambdaforge.start", random_word()},
                                {"mlflow.source.type", "LOCAL"},
                                {"mlflow.source.name", find(run, "command")},
                                {"mlflow.user", find(run, "user")}};
  if (const std::string commit = find(run, "commit"); !commit.empty())
    tags.push_back({"mlflow.source.git.commit", commit});
  for (const auto& [name, value] : run.environment)
    tags.push_back({"lambdaforge." + mlflow::metric_key(name), value});
  for (KeyValue& tag : tags) tag.value = mlflow::cut_tag(std::move(tag.value));
  return tags;
}

}  // namespace

MlflowSink::MlflowSink(mlflow::Settings settings) : settings_(std::move(settings)) {}
MlflowSink::~MlflowSink() = default;

void MlflowSink::handle(const Event& event) {
  if (const auto* run = std::get_if<RunStarted>(&event.what)) return start(event.time, *run);
  if (!spool_) return;
  if (const auto scalars = scalars_of(event.what)) {
    mlflow::Batch batch;
    Metrics metrics = scalars->metrics;
    if (scalars->epoch) metrics.emplace_back("epoch", *scalars->epoch);
    for (const auto& [name, value] : metrics)
      batch.metrics.push_back(
          {mlflow::metric_key(name), value, milliseconds(event.time), scalars->step});
    spool(batch);
  }
  if (std::holds_alternative<RunFinished>(event.what))
    end_ = {"FINISHED", milliseconds(event.time)};
  // MLflow's word for a run that ended from outside.
  if (std::holds_alternative<RunStopped>(event.what)) end_ = {"KILLED", milliseconds(event.time)};
  if (std::holds_alternative<RunFailed>(event.what)) end_ = {"FAILED", milliseconds(event.time)};
}

void MlflowSink::start(std::chrono::system_clock::time_point time, const RunStarted& run) {
  folder_ = run.folder;
  const bool goes_on = run.first_step > 0 && exists(mlflow::spool_folder(folder_));
  spool_.emplace(mlflow::spool_folder(folder_), mlflow::load_replay_state(folder_).done);
  const std::string experiment = settings_.experiment.empty() ? run.project : settings_.experiment;
  spool(mlflow::RunStart{experiment, run.name, milliseconds(time), goes_on, tags_of(run)});
  // The server keeps parameters as they were first, and refuses others.
  if (!goes_on) spool(mlflow::Batch{{}, mlflow::params_of(run.parameters), {}});
  end_.end_time = milliseconds(time);
  sender_ = std::make_unique<mlflow::Sender>(folder_, settings_);
}

void MlflowSink::spool(const mlflow::Record& record) {
  spool_->append(mlflow::to_line(record));
}

void MlflowSink::tick() {
  if (!sender_) return;
  spool_->sync();
  sender_->wake();
  if (const auto problem = sender_->take_problem()) throw std::runtime_error(*problem);
}

// What the other sinks wrote is whole by now: this one is finished after them.
void MlflowSink::spool_artifacts() {
  for (const char* file : {"recipe.toml", "trainer_state.json", "metrics.csv"})
    if (std::filesystem::exists(folder_ / file)) spool(mlflow::Artifact{file, file});
  const std::filesystem::path model = folder_ / "final";
  if (end_.status != "FINISHED" || !std::filesystem::exists(model)) return;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(model)) {
    const std::string path = std::filesystem::relative(entry.path(), model).string();
    if (entry.is_regular_file() && (settings_.log_model || path == "README.md"))
      spool(mlflow::Artifact{"final/" + path, "model/" + path});
  }
}

void MlflowSink::finish() {
  if (!sender_) return;
  spool_artifacts();
  spool(end_);
  spool_->sync();
  const mlflow::Sender::Outcome outcome = sender_->finish();
  if (outcome.bytes_left > 0)
    throw std::runtime_error(fmt::format(
        "{}; what it has not got, {} bytes, waits in {}: `lambdaforge sync {}` sends it",
        outcome.problem, outcome.bytes_left, mlflow::spool_folder(folder_).string(),
        folder_.string()));
  if (outcome.num_refused > 0)
    throw std::runtime_error(fmt::format("the server would not have {} of the run's records; {}",
                                         outcome.num_refused, outcome.first_refusal));
}

}  // namespace lambdaforge::experiments
