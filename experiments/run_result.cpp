#include "experiments/run_result.h"

#include <array>

#include "base/files.h"
#include "experiments/json_values.h"

namespace lambdaforge::experiments {
namespace {

using Json = nlohmann::ordered_json;

struct OutcomeEntry {
  Outcome outcome;
  const char* name;
  int exit_code;
};

constexpr std::array<OutcomeEntry, 5> kOutcomes{{{Outcome::kDone, "done", 0},
                                                 {Outcome::kStopped, "stopped", 75},
                                                 {Outcome::kDiverged, "diverged", 3},
                                                 {Outcome::kFailed, "failed", 1},
                                                 {Outcome::kInvalid, "invalid", 2}}};

const OutcomeEntry& entry_of(Outcome outcome) {
  for (const OutcomeEntry& entry : kOutcomes)
    if (entry.outcome == outcome) return entry;
  return entry_of(Outcome::kFailed);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json number_or_null(const std::optional<double>& number) {
  return number ? json_of_finite<Json>(*number) : Json();
}

}  // namespace

std::string name_of(Outcome outcome) {
  return entry_of(outcome).name;
}

int exit_code(Outcome outcome) {
  return entry_of(outcome).exit_code;
}

Json json_of(const RunResult& result) {
  Json json;
  json["outcome"] = name_of(result.outcome);
  json["exit_code"] = exit_code(result.outcome);
  json["reason"] = text_or_null(result.reason);
  json["project"] = text_or_null(result.project);
  json["name"] = text_or_null(result.name);
  json["folder"] = text_or_null(result.folder);
  json["step"] = result.step;
  json["max_steps"] = result.max_steps;
  json["metric_for_best_model"] = text_or_null(result.metric_for_best_model);
  json["greater_is_better"] = result.greater_is_better;
  json["best_metric"] = number_or_null(result.best_metric);
  json["best_step"] = result.best_step ? Json(*result.best_step) : Json();
  json["best_checkpoint"] = text_or_null(result.best_checkpoint);
  json["final_model"] = text_or_null(result.final_model);
  json["last_checkpoint"] = text_or_null(result.last_checkpoint);
  json["metrics"] = json_of<Json>(result.metrics);
  json["energy_kwh"] = number_or_null(result.energy_kwh);
  json["emissions_kg"] = number_or_null(result.emissions_kg);
  json["train_seconds"] = result.train_seconds;
  return json;
}

void save_result(const std::filesystem::path& path, const RunResult& result) {
  write_file_atomically(path,
                        json_of(result).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace lambdaforge::experiments
