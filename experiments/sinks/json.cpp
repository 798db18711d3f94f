#include "experiments/sinks/json.h"

#include <stdexcept>

#include "experiments/energy/summary.h"
#include "experiments/json_values.h"
#include "experiments/sinks/scalars.h"

namespace lambdaforge::experiments {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

Json line(const char* event, Time time) {
  return {{"event", event},
          {"time", std::chrono::duration<double>(time.time_since_epoch()).count()}};
}

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json line_of(Time time, const RunStarted& run) {
  Json json = line("start", time);
  json["project"] = run.project;
  json["name"] = run.name;
  json["folder"] = run.folder;
  json["parameters"] = Json::object();
  for (const auto& [name, value] : run.parameters) json["parameters"][name] = json_of<Json>(value);
  json["world_size"] = run.ranks.size();
  json["first_step"] = run.first_step;
  json["max_steps"] = run.max_steps;
  json["restarts"] = run.restarts;
  return json;
}

Json line_of(Time time, const StepFinished& step) {
  const auto scalars = scalars_of(step);
  if (!scalars) return {};
  Json json = line("step", time);
  json["step"] = step.step;
  json["max_steps"] = step.max_steps;
  json["epoch"] = step.epoch;
  json.update(json_of<Json>(scalars->metrics));
  return json;
}

Json line_of(Time time, const EvaluationFinished& evaluation) {
  Json json = line("evaluation", time);
  json["step"] = evaluation.step;
  json["epoch"] = evaluation.epoch;
  json["metrics"] = json_of<Json>(evaluation.metrics);
  json["best_so_far"] = evaluation.best_so_far;
  json["metric_for_best_model"] = evaluation.metric_for_best_model;
  json["per_query"] = Json::object();
  for (const auto& [metric, values] : evaluation.per_query)
    json["per_query"][metric] = json_of<Json>(values);
  return json;
}

Json line_of(Time time, const CheckpointSaved& checkpoint) {
  Json json = line("checkpoint", time);
  json["step"] = checkpoint.step;
  json["path"] = checkpoint.path;
  json["seconds"] = checkpoint.seconds;
  return json;
}

Json line_of(Time time, const EnergyMeasured& energy) {
  Json json = line("energy", time);
  json["step"] = energy.step;
  json["seconds"] = energy.seconds;
  json["energy_kwh"] = energy::total_kwh(energy);
  json["emissions_kg"] = energy.emissions_kg;
  json["cpu_kwh"] = energy.cpu_kwh;
  json["gpu_kwh"] = energy.gpu_kwh;
  json["memory_kwh"] = energy.memory_kwh;
  json["cpu_watts"] = energy.cpu_watts;
  json["gpu_watts"] = energy.gpu_watts;
  json["memory_watts"] = energy.memory_watts;
  json["phase_kwh"] = json_of<Json>(energy.phase_kwh);
  return json;
}

Json line_of(Time time, const Notice& notice) {
  Json json = line("notice", time);
  json["text"] = notice.text;
  return json;
}

// How a run ends is told by end_line().
template <class Other>
Json line_of(Time, const Other&) {
  return {};
}

}  // namespace

void JsonSink::handle(const Event& event) {
  const Json json =
      std::visit([&](const auto& what) { return line_of(event.time, what); }, event.what);
  if (json.is_null()) return;
  out_ << to_line(json) << std::flush;
  if (!out_) {
    out_.clear();
    throw std::runtime_error("cannot write to standard output");
  }
}

std::string end_line(Time time, const RunResult& result) {
  Json json = line("end", time);
  json.update(json_of(result));
  return to_line(json);
}

}  // namespace lambdaforge::experiments
