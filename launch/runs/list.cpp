#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "base/text_table.h"
#include "experiments/json_values.h"
#include "experiments/run_store/index.h"
#include "experiments/run_store/query.h"
#include "launch/program.h"
#include "launch/runs.h"

namespace lambdaforge::launch {
namespace {

using experiments::RunSummary;
using Json = nlohmann::json;

double duration_of(const RunSummary& run) {
  return std::get<double>(experiments::value_of(run, "duration"));
}

TextRow to_row(const RunSummary& run) {
  if (!run.damage.empty()) return {printable(run.path), "corrupt"};
  const std::string steps = run.max_steps > 0
                                ? fmt::format("{}/{}", run.heartbeat.step, run.max_steps)
                                : fmt::format("{}", run.heartbeat.step);
  TextRow row = {printable(run.path), experiments::status_name(run), format_time(run.started),
                 format_duration(duration_of(run)), steps};
  if (run.best) {
    row.push_back(format_figure(run.best->value));
    row.push_back(fmt::format("{}", run.best->step));
    row.push_back(printable(run.best->metric));
  }
  return row;
}

Json to_json(const RunSummary& run) {
  Json json = {{"path", run.path}, {"status", experiments::status_name(run)}};
  if (!run.damage.empty()) {
    json["damage"] = run.damage;
    return json;
  }
  json["project"] = run.project;
  json["name"] = run.name;
  json["start"] = run.started;
  json["duration"] = duration_of(run);
  json["step"] = run.heartbeat.step;
  json["max_steps"] = run.max_steps;
  json["best"] = nullptr;
  if (run.best)
    json["best"] = {{"metric", run.best->metric},
                    {"value", experiments::json_of_finite<Json>(run.best->value)},
                    {"step", run.best->step}};
  json["parameters"] = Json::object();
  for (const auto& [name, value] : run.parameters)
    json["parameters"][name] = experiments::json_of<Json>(value);
  json["metrics"] = Json::object();
  for (const auto& [name, value] : run.metrics)
    json["metrics"][name] = experiments::json_of_finite<Json>(value);
  return json;
}

void print_json(const std::vector<RunSummary>& runs) {
  Json json = Json::array();
  for (const RunSummary& run : runs) json.push_back(to_json(run));
  print(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

// Which of the two it is: there are none, or none is as it was asked for.
std::string nothing_to_list(size_t num_runs, const std::string& folder) {
  if (num_runs == 0) return fmt::format("no runs in {}\n", printable(folder));
  return fmt::format("none of the {} runs in {} is such a run (--where)\n", num_runs,
                     printable(folder));
}

void print_table(const std::vector<RunSummary>& runs) {
  std::vector<TextRow> rows = {
      {"run", "status", "start", "duration", "steps", "best", "at step", "of"}};
  std::string damages;
  for (const RunSummary& run : runs) {
    rows.push_back(to_row(run));
    if (!run.damage.empty())
      damages += fmt::format("  {}: {}\n", printable(run.path), printable(run.damage));
  }
  print(aligned_rows(rows));
  if (!damages.empty()) print("\n" + damages);
}

}  // namespace

void run(const RunsListOptions& options) {
  std::vector<experiments::Condition> conditions;
  for (const std::string& text : options.where)
    conditions.push_back(experiments::parse_condition(text));
  std::vector<RunSummary> runs = experiments::list_runs(options.folder);
  const size_t num_runs = runs.size();
  experiments::filter(runs, conditions);
  experiments::sort(runs, options.sort);
  if (options.limit) runs.resize(std::min(runs.size(), static_cast<size_t>(*options.limit)));
  if (options.json)
    print_json(runs);
  else if (runs.empty())
    print(nothing_to_list(num_runs, options.folder));
  else
    print_table(runs);
}

}  // namespace lambdaforge::launch
