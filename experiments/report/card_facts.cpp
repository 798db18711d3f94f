#include "experiments/report/card_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CardColumn, name, type, details)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CardCell, elements, is_list, is_text, is_cut)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CardDataset, name, id, size, statistics_rows, columns, samples)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CardEvaluator, class_name, description, datasets, metrics,
                                   primary_metric, options)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CardHyperparameter, name, value, is_default)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CardEnergy, kwh, emissions_kg)

using nlohmann::json;

void to_json(json& stored, const CardSnapshot& snapshot) {
  stored = {{"step", snapshot.step},
            {"training_seconds", snapshot.training_seconds},
            {"evaluation_seconds", snapshot.evaluation_seconds},
            {"usage_scores", snapshot.usage_scores}};
  if (snapshot.energy) stored["energy"] = *snapshot.energy;
}

void from_json(const json& stored, CardSnapshot& snapshot) {
  stored.at("step").get_to(snapshot.step);
  stored.at("training_seconds").get_to(snapshot.training_seconds);
  stored.at("evaluation_seconds").get_to(snapshot.evaluation_seconds);
  stored.at("usage_scores").get_to(snapshot.usage_scores);
  if (stored.contains("energy")) snapshot.energy = stored.at("energy").get<CardEnergy>();
}

namespace {

// One list of fields for both ways. `field(name, member)` writes or reads it.
template <class Facts, class Field>
void each_field(Facts& facts, const Field& field) {
  field("model_name", facts.model_name);
  field("model_id", facts.model_id);
  field("base_model", facts.base_model);
  field("base_model_is_id", facts.base_model_is_id);
  field("languages", facts.languages);
  field("license", facts.license);
  field("max_length", facts.max_length);
  field("num_labels", facts.num_labels);
  field("architecture", facts.architecture);
  field("training", facts.training);
  field("loss", facts.loss);
  field("loss_options", facts.loss_options);
  field("evaluators", facts.evaluators);
  field("hyperparameters", facts.hyperparameters);
  field("versions", facts.versions);
  field("cpu_model", facts.cpu_model);
  field("gpu_model", facts.gpu_model);
  field("memory_gigabytes", facts.memory_gigabytes);
  field("usage_pairs", facts.usage_pairs);
}

}  // namespace

void save_card_file(const std::filesystem::path& path, const CardFile& file) {
  json facts;
  each_field(file.facts, [&](const char* name, const auto& member) { facts[name] = member; });
  if (file.facts.evaluation) facts["evaluation"] = *file.facts.evaluation;
  const json stored = {{"facts", facts}, {"models", file.models}};
  // Texts of users' data may hold bytes that are no UTF-8: those are replaced.
  write_file_atomically(path, stored.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

CardFile load_card_file(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  try {
    const json stored = json::parse(text);
    const json& facts = stored.at("facts");
    CardFile file;
    each_field(file.facts, [&](const char* name, auto& member) { facts.at(name).get_to(member); });
    if (facts.contains("evaluation")) file.facts.evaluation = facts.at("evaluation");
    stored.at("models").get_to(file.models);
    return file;
  } catch (const json::exception& error) {
    throw std::invalid_argument(
        fmt::format("{} is damaged or of another version: {}; a run that is resumed writes it anew",
                    path.string(), error.what()));
  }
}

}  // namespace lambdaforge::experiments
