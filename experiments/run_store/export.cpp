#include "experiments/run_store/export.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "experiments/json_values.h"
#include "experiments/run_store/summary.h"

namespace lambdaforge::experiments {
namespace {

using Json = nlohmann::ordered_json;

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json to_json(const RunHead& head) {
  Json json = {{"project", head.project},      {"name", head.name},
               {"parameters", Json::object()}, {"environment", Json::object()},
               {"ranks", Json::array()},       {"configuration", head.configuration}};
  for (const auto& [name, value] : head.parameters) json["parameters"][name] = json_of<Json>(value);
  for (const auto& [name, value] : head.environment) json["environment"][name] = value;
  for (const RankInfo& rank : head.ranks)
    json["ranks"].push_back({{"rank", rank.rank},
                             {"host", rank.host},
                             {"device", rank.device},
                             {"gpu_uuid", rank.gpu_uuid}});
  return json;
}

// What a list of runs says of it.
void add_summary(Json& json, const RunRecord& run) {
  const RunSummary summary = summarize(run);
  json["status"] = status_name(summary);
  json["step"] = summary.heartbeat.step;
  json["max_steps"] = summary.max_steps;
  json["heartbeat"] = summary.heartbeat.time;
  json["greater_is_better"] = greater_is_better(summary);
}

Json energy_json(const EnergyRow& row) {
  return {{"step", row.step},
          {"time", row.time},
          {"seconds", row.seconds},
          {"cpu_kwh", row.cpu_kwh},
          {"gpu_kwh", row.gpu_kwh},
          {"memory_kwh", row.memory_kwh},
          {"cpu_watts", row.cpu_watts},
          {"gpu_watts", row.gpu_watts},
          {"memory_watts", row.memory_watts},
          {"emissions_kg", row.emissions_kg},
          {"training_kwh", row.training_kwh},
          {"evaluation_kwh", row.evaluation_kwh},
          {"checkpoint_kwh", row.checkpoint_kwh},
          {"idle_kwh", row.idle_kwh}};
}

Json evaluations_json(const RunRows& rows) {
  Json evaluations = Json::array();
  for (const EvaluationRow& row : rows.evaluations)
    evaluations.push_back({{"step", row.step},
                           {"epoch", row.epoch},
                           {"time", row.time},
                           {"metric", rows.series.name(row.metric)},
                           {"value", json_of_finite<Json>(row.value)},
                           {"best_so_far", row.is_best == 1},
                           {"per_query", Json::object()}});
  for (const PerQueryRow& row : rows.per_query)
    evaluations[static_cast<size_t>(row.evaluation)]["per_query"][rows.series.name(row.metric)]
               [rows.queries.name(row.query)] = json_of_finite<Json>(row.value);
  return evaluations;
}

}  // namespace

std::string scalars_csv(const RunRows& rows) {
  std::string csv = "step,time,name,value\n";
  for (const ScalarRow& row : rows.scalars)
    csv += fmt::format("{},{:.3f},{},{}\n", row.step, row.time,
                       csv_cell(rows.series.name(row.series)), row.value);
  return csv;
}

std::string per_query_csv(const RunRows& rows) {
  std::string csv = "step,time,metric,query,value\n";
  for (const PerQueryRow& row : rows.per_query) {
    const EvaluationRow& evaluation = rows.evaluations[static_cast<size_t>(row.evaluation)];
    csv += fmt::format("{},{:.3f},{},{},{}\n", evaluation.step, evaluation.time,
                       csv_cell(rows.series.name(row.metric)),
                       csv_cell(rows.queries.name(row.query)), row.value);
  }
  return csv;
}

std::string to_json(const RunRecord& run) {
  const RunRows& rows = run.rows;
  Json json = to_json(run.head);
  add_summary(json, run);
  json["scalars"] = Json::object();
  for (const std::string& name : rows.series.names()) json["scalars"][name] = Json::array();
  for (const ScalarRow& row : rows.scalars)
    json["scalars"][rows.series.name(row.series)].push_back(
        {{"step", row.step}, {"time", row.time}, {"value", json_of_finite<Json>(row.value)}});
  for (const std::string& name : rows.series.names())
    if (json["scalars"][name].empty()) json["scalars"].erase(name);  // only per query
  json["evaluations"] = evaluations_json(rows);
  json["energy"] = Json::array();
  for (const EnergyRow& row : rows.energy) json["energy"].push_back(energy_json(row));
  json["checkpoints"] = Json::array();
  for (const CheckpointRow& row : rows.checkpoints)
    json["checkpoints"].push_back({{"step", row.step},
                                   {"time", row.time},
                                   {"seconds", row.seconds},
                                   {"path", row.path.text()}});
  json["starts"] = Json::array();
  for (const StartRow& row : rows.starts)
    json["starts"].push_back({{"time", row.time},
                              {"first_step", row.first_step},
                              {"max_steps", row.max_steps},
                              {"world_size", row.world_size},
                              {"host", row.host.text()},
                              {"command", row.command.text()}});
  json["log"] = Json::array();
  for (const LogRow& row : rows.log)
    json["log"].push_back({{"time", row.time},
                           {"step", row.step},
                           {"kind", row.kind.text()},
                           {"text", rows.log_line(row)}});
  return dump(json);
}

std::string scalars_jsonl(const RunRows& rows) {
  std::map<int64_t, Json> steps;
  for (const ScalarRow& row : rows.scalars) {
    Json& line = steps[row.step];
    line["_step"] = row.step;
    line["_timestamp"] = row.time;
    line[rows.series.name(row.series)] = json_of_finite<Json>(row.value);
  }
  std::string lines;
  for (const auto& [step, line] : steps) lines += dump(line);
  return lines;
}

}  // namespace lambdaforge::experiments
