#include "experiments/sinks/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <utility>

#include "experiments/run_store/checkpoint_history.h"
#include "experiments/run_store/writer_process.h"

namespace lambdaforge::experiments {
namespace {

namespace fs = std::filesystem;

double seconds_since_1970(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string command_of(const RunHead& head) {
  for (const auto& [name, value] : head.environment)
    if (name == "command") return value;
  return "";
}

// The history of the checkpoint that a run went on from, under the time of its file.
void add_history_of_checkpoint(RunRows& rows, const fs::path& folder, int64_t step) {
  const fs::path file = folder / fmt::format("checkpoint-{}", step) / "trainer_state.json";
  std::error_code error;
  const auto written = fs::last_write_time(file, error);
  if (error) return;  // it went on from a checkpoint elsewhere
  add_missing(rows, load_trainer_state(file),
              seconds_since_1970(std::chrono::file_clock::to_sys(written)));
}

}  // namespace

void StoreSink::handle(const Event& event) {
  const double time = seconds_since_1970(event.time);
  std::visit([&](const auto& what) { record(time, what); }, event.what);
  const bool can_wait = std::holds_alternative<StepFinished>(event.what) ||
                        std::holds_alternative<EnergyMeasured>(event.what) ||
                        std::holds_alternative<Notice>(event.what);
  if (!can_wait) write_if_due();
}

void StoreSink::tick() {
  write_if_due();
}

void StoreSink::finish() {
  if (path_.empty()) return;
  write();
  std::exchange(writer_, nullptr)->close();
}

void StoreSink::record(double time, const RunStarted& run) {
  path_ = fs::path(run.folder) / kRunFileName;
  head_ = {run.project, run.name, run.configuration, run.parameters, run.environment, run.ranks};
  first_step_ = last_step_ = run.first_step;
  StartRow start;
  start.time = time;
  start.first_step = run.first_step;
  start.max_steps = run.max_steps;
  start.restarts = run.restarts;
  start.world_size = static_cast<int64_t>(run.ranks.size());
  start.command = FixedText<4096>(command_of(head_));
  describe_this_process(start);
  waiting_.starts.push_back(start);
  waiting_.add_log(
      kStartKind, run.first_step, time,
      fmt::format("step {} of {}, {} ranks, process {} on {}", run.first_step, run.max_steps,
                  run.ranks.size(), start.process_id, start.host.text()));
}

void StoreSink::record(double time, const StepFinished& step) {
  last_step_ = step.step;
  add_parts(step.ranks);
  if (!step.log) return;
  for (const auto& [name, value] : Metrics{{"loss", step.loss},
                                           {"learning_rate", step.learning_rate},
                                           {"grad_norm", step.grad_norm},
                                           {"epoch", step.epoch},
                                           {"step_seconds", step.step_seconds},
                                           {"tokens_per_second", step.tokens_per_second},
                                           {"share_of_peak", step.share_of_peak}})
    waiting_.add_scalar(name, step.step, time, value);
  record_parts(time, step.step);
}

void StoreSink::add_parts(const std::vector<RankStep>& ranks) {
  if (ranks.empty()) return;
  const auto count = static_cast<double>(ranks.size());
  double slowest = 0;
  for (const RankStep& rank : ranks) {
    parts_.mean.data_wait += rank.data_wait / count;
    parts_.mean.forward += rank.forward / count;
    parts_.mean.backward += rank.backward / count;
    parts_.mean.all_reduce += rank.all_reduce / count;
    parts_.mean.optimizer += rank.optimizer / count;
    slowest = std::max(slowest, rank.seconds);
    parts_.memory_bytes = std::max(parts_.memory_bytes, rank.memory_bytes);
  }
  parts_.slowest_seconds += slowest;
  ++parts_.steps;
}

void StoreSink::record_parts(double time, int64_t step) {
  if (parts_.steps == 0) return;
  const Parts parts = std::exchange(parts_, {});
  const auto steps = static_cast<double>(parts.steps);
  for (const auto& [name, sum] : Metrics{{"data_wait_seconds", parts.mean.data_wait},
                                         {"forward_seconds", parts.mean.forward},
                                         {"backward_seconds", parts.mean.backward},
                                         {"all_reduce_seconds", parts.mean.all_reduce},
                                         {"optimizer_seconds", parts.mean.optimizer},
                                         {"slowest_rank_seconds", parts.slowest_seconds}})
    waiting_.add_scalar(name, step, time, sum / steps);
  waiting_.add_scalar("memory_bytes", step, time, parts.memory_bytes);
}

void StoreSink::record(double time, const EvaluationFinished& evaluation) {
  double value = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [name, figure] : evaluation.metrics) {
    waiting_.add_scalar(name, evaluation.step, time, figure);
    if (name == evaluation.metric_for_best_model) value = figure;
  }
  const auto row = static_cast<int32_t>(waiting_.evaluations.size());
  const auto number_of = [&](const std::string& name) {
    return waiting_.series.number_of(NameRow(name).text());
  };
  waiting_.evaluations.push_back({evaluation.step, evaluation.epoch, time, evaluation.best_so_far,
                                  number_of(evaluation.metric_for_best_model), value});
  for (const auto& [metric, queries] : evaluation.per_query)
    for (const auto& [id, figure] : queries)
      waiting_.per_query.push_back(
          {row, number_of(metric), waiting_.queries.number_of(QueryRow(id).text()), figure});
}

void StoreSink::record(double time, const CheckpointSaved& checkpoint) {
  waiting_.checkpoints.push_back(
      {checkpoint.step, time, checkpoint.seconds, FixedText<1024>(checkpoint.path)});
}

void StoreSink::record(double time, const EnergyMeasured& energy) {
  EnergyRow row{energy.step,         time,
                energy.seconds,      energy.cpu_kwh,
                energy.gpu_kwh,      energy.memory_kwh,
                energy.cpu_watts,    energy.gpu_watts,
                energy.memory_watts, energy.emissions_kg};
  for (const auto& [phase, kwh] : energy.phase_kwh) {
    if (phase == "training") row.training_kwh = kwh;
    if (phase == "evaluation") row.evaluation_kwh = kwh;
    if (phase == "checkpoint") row.checkpoint_kwh = kwh;
    if (phase == "idle") row.idle_kwh = kwh;
  }
  waiting_.energy.push_back(row);
}

void StoreSink::record(double time, const RunFinished& run) {
  for (const auto& [name, value] : run.metrics) waiting_.add_scalar(name, run.step, time, value);
  std::string text = "final model: " + run.final_model;
  if (!run.best_checkpoint.empty()) text += "; best checkpoint: " + run.best_checkpoint;
  waiting_.add_log(kFinishedKind, run.step, time, text);
}

void StoreSink::record(double time, const RunStopped& run) {
  waiting_.add_log(kStoppedKind, run.step, time, "goes on from " + run.checkpoint);
}

void StoreSink::record(double time, const RunFailed& failure) {
  waiting_.add_log(kFailedKind, failure.step, time, failure.reason);
}

void StoreSink::record(double time, const Notice& notice) {
  waiting_.add_log(kNoticeKind, last_step_, time, notice.text);
}

void StoreSink::write_if_due() {
  if (retry_.is_due()) write();
}

void StoreSink::write() {
  if (path_.empty()) return;
  waiting_.heartbeat = {seconds_since_1970(std::chrono::system_clock::now()), last_step_};
  try {
    if (writer_) {
      writer_->append(waiting_);
    } else {
      RunRecord record = held();
      record.head = head_;
      record.rows.append(waiting_);
      writer_ = std::make_unique<RunWriter>(path_, record);
    }
  } catch (const std::exception&) {
    writer_.reset();
    retry_.failed();
    throw;
  }
  written_ = writer_->size();
  waiting_ = {};
  retry_.succeeded();
  if (!damage_.empty()) throw std::runtime_error(std::exchange(damage_, {}));
}

RunRecord StoreSink::held() {
  RunRecord record;
  const bool goes_on = written_ || first_step_ > 0;
  if (goes_on && fs::exists(path_)) {
    try {
      record = written_ ? read_run(path_, *written_) : read_run(path_);
    } catch (const std::invalid_argument& error) {
      put_aside(error.what());
    }
  }
  if (!written_) {
    record.rows.cut_after(first_step_);
    add_history_of_checkpoint(record.rows, path_.parent_path(), first_step_);
  }
  return record;
}

void StoreSink::put_aside(const std::string& damage) {
  const fs::path aside = path_.string() + ".damaged";
  fs::rename(path_, aside);
  damage_ = fmt::format("{}; it is kept as {}, and a new one was begun", damage, aside.string());
  waiting_.add_log(kNoticeKind, last_step_, seconds_since_1970(std::chrono::system_clock::now()),
                   damage_);
}

}  // namespace lambdaforge::experiments
