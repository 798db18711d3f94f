#include "experiments/run_store/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "experiments/metric_name.h"
#include "experiments/run_store/writer_process.h"

namespace lambdaforge::experiments {
namespace {

std::optional<RunStatus> end_of(const RunRows& rows) {
  for (auto row = rows.log.rbegin(); row != rows.log.rend(); ++row) {
    const std::string kind = row->kind.text();
    if (kind == kFinishedKind) return RunStatus::kFinished;
    if (kind == kStoppedKind) return RunStatus::kStopped;
    if (kind == kFailedKind) return RunStatus::kFailed;
    if (kind == kStartKind) break;
  }
  return std::nullopt;
}

RunStatus status_of(const RunSummary& run) {
  if (run.end) return *run.end;
  StartRow writer;
  writer.machine = FixedText<128>(run.machine);
  writer.process_id = run.process_id;
  writer.process_start = run.process_start;
  return is_alive(writer, run.heartbeat) ? RunStatus::kRunning : RunStatus::kCrashed;
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct SummaryField {
  std::string name;
  std::function<RunValue(const RunSummary&)> get;
};

const std::vector<SummaryField>& fields() {
  static const std::vector<SummaryField> all = {
      {"best", [](const RunSummary& r) { return r.best ? RunValue(r.best->value) : RunValue(); }},
      {"best_step",
       [](const RunSummary& r) {
         return r.best ? RunValue(static_cast<double>(r.best->step)) : RunValue();
       }},
      {"duration",
       [](const RunSummary& r) {
         const bool runs = !r.end && status_of(r) == RunStatus::kRunning;
         return RunValue((runs ? now() : r.heartbeat.time) - r.started);
       }},
      {"name", [](const RunSummary& r) { return RunValue(r.name); }},
      {"path", [](const RunSummary& r) { return RunValue(r.path); }},
      {"project", [](const RunSummary& r) { return RunValue(r.project); }},
      {"start", [](const RunSummary& r) { return RunValue(r.started); }},
      {"status", [](const RunSummary& r) { return RunValue(status_name(r)); }},
      {"step", [](const RunSummary& r) { return RunValue(static_cast<double>(r.heartbeat.step)); }},
  };
  return all;
}

RunValue to_value(const ParameterValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return {};
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return to_text(value);
}

}  // namespace

RunSummary summarize(const RunRecord& run) {
  RunSummary summary;
  const RunRows& rows = run.rows;
  summary.project = run.head.project;
  summary.name = run.head.name;
  summary.parameters = run.head.parameters;
  summary.heartbeat = rows.heartbeat;
  summary.end = end_of(rows);
  if (!rows.starts.empty()) {
    const StartRow& last = rows.starts.back();
    summary.started = rows.starts.front().time;
    summary.max_steps = last.max_steps;
    summary.machine = last.machine.text();
    summary.process_id = last.process_id;
    summary.process_start = last.process_start;
  }
  for (const EvaluationRow& row : rows.evaluations)
    if (row.is_best) summary.best = {rows.series.name(row.metric), row.value, row.step};
  std::vector<const ScalarRow*> last(rows.series.names().size());
  for (const ScalarRow& row : rows.scalars) {
    const ScalarRow*& known = last[static_cast<size_t>(row.series)];
    if (!known || row.step >= known->step) known = &row;
  }
  for (const ScalarRow* row : last)
    if (row) summary.metrics.emplace_back(rows.series.name(row->series), row->value);
  return summary;
}

std::string status_name(const RunSummary& run) {
  if (!run.damage.empty()) return "corrupt";
  switch (status_of(run)) {
    case RunStatus::kRunning:
      return "running";
    case RunStatus::kFinished:
      return "finished";
    case RunStatus::kStopped:
      return "stopped";
    case RunStatus::kFailed:
      return "failed";
    default:
      return "crashed";
  }
}

bool greater_is_better(const RunSummary& run) {
  return greater_is_better(run.parameters, run.best ? run.best->metric : "");
}

RunValue value_of(const RunSummary& run, const std::string& name) {
  if (!run.damage.empty() && name != "status" && name != "path") return {};
  for (const SummaryField& field : fields())
    if (field.name == name) return field.get(run);
  for (const auto& [parameter, value] : run.parameters)
    if (parameter == name) return to_value(value);
  for (const auto& [metric, value] : run.metrics)
    if (metric == name) return value;
  return {};
}

const std::vector<std::string>& summary_fields() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const SummaryField& field : fields()) all.push_back(field.name);
    return all;
  }();
  return names;
}

std::string to_text(const ParameterValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::monostate>)
          return "";
        else if constexpr (std::is_same_v<Held, std::vector<std::string>>)
          return fmt::format("{}", fmt::join(held, ","));
        else
          return fmt::format("{}", held);
      },
      value);
}

}  // namespace lambdaforge::experiments
