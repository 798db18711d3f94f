#include "experiments/report/card_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiments/report/card_figures.h"

namespace lambdaforge::experiments {
namespace {

using nlohmann::json;

// A string of JSON is one of YAML too; plain words stay plain.
std::string yaml_text(const std::string& text) {
  const bool is_plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) &&
                        std::ranges::all_of(text, [](unsigned char c) {
                          return std::isalnum(c) || c == '-' || c == '_' || c == '@' || c == '.';
                        });
  // "no", "on", "null", "true", ... are no strings in YAML.
  const bool may_be_a_value = text.size() <= 5 && text.find('@') == std::string::npos;
  return is_plain && !may_be_a_value
             ? text
             : json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string list_of(const std::string& key, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string yaml = key + ":\n";
  for (const std::string& item : items) yaml += "- " + yaml_text(item) + "\n";
  return yaml;
}

std::string with_spaces(std::string text, std::string_view replaced) {
  for (char& c : text)
    if (replaced.find(c) != std::string_view::npos) c = ' ';
  return text;
}

// "average_precision" -> "Average Precision"
std::string title_of(std::string metric) {
  metric = with_spaces(std::move(metric), "_");
  bool at_start = true;
  for (char& c : metric) {
    if (at_start) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    at_start = !std::isalpha(static_cast<unsigned char>(c));
  }
  return metric;
}

std::string task_type(std::string description) {
  for (char& c : description)
    c = c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return description;
}

std::string result_of(const CardEvaluator& evaluator, const std::string& dataset,
                      const Metrics& row) {
  std::string metrics;
  for (const std::string& metric : evaluator.metrics)
    if (const auto figure = find_figure(row, dataset, metric))
      metrics += fmt::format("    - type: {}\n      value: {}\n      name: {}\n", yaml_text(metric),
                             json(figure->value).dump(), yaml_text(title_of(metric)));
  if (metrics.empty()) return "";
  return fmt::format(
      "  - task:\n      type: {}\n      name: {}\n    dataset:\n      name: {}\n      type: {}\n"
      "    metrics:\n{}",
      yaml_text(task_type(evaluator.description)), yaml_text(evaluator.description),
      yaml_text(with_spaces(dataset, "_-")), yaml_text(dataset), metrics);
}

std::string model_index(const CardFacts& facts, const Metrics& row) {
  std::string results;
  for (const CardEvaluator& evaluator : facts.evaluators)
    for (const std::string& dataset : evaluator.datasets)
      results += result_of(evaluator, dataset, row);
  if (results.empty()) return "";
  return fmt::format("model-index:\n- name: {}\n  results:\n{}", yaml_text(card_title(facts)),
                     results);
}

std::vector<std::string> metric_names(const CardFacts& facts) {
  std::vector<std::string> names;
  for (const CardEvaluator& evaluator : facts.evaluators)
    for (const std::string& metric : evaluator.metrics)
      if (std::ranges::find(names, metric) == names.end()) names.push_back(metric);
  return names;
}

std::string emissions(const CardFacts& facts, const CardProgress& progress) {
  if (!progress.model.energy) return "";
  const double hours = (progress.model.training_seconds + progress.model.evaluation_seconds) / 3600;
  std::string yaml = fmt::format(
      "co2_eq_emissions:\n  emissions: {}\n  energy_consumed: {}\n  source: codecarbon\n"
      "  training_type: fine-tuning\n  on_cloud: false\n  cpu_model: {}\n  ram_total_size: {}\n"
      "  hours_used: {}\n",
      json(progress.model.energy->emissions_kg * 1000).dump(),
      json(progress.model.energy->kwh).dump(), yaml_text(facts.cpu_model),
      json(facts.memory_gigabytes).dump(), json(std::round(hours * 1000) / 1000).dump());
  if (!facts.gpu_model.empty())
    yaml += fmt::format("  hardware_used: {}\n", yaml_text(facts.gpu_model));
  return yaml;
}

}  // namespace

std::string card_title(const CardFacts& facts) {
  if (!facts.model_name.empty()) return facts.model_name;
  return facts.base_model.empty() ? "CrossEncoder" : "CrossEncoder based on " + facts.base_model;
}

std::string card_metadata(const CardFacts& facts, const CardProgress& progress) {
  const Metrics row = evaluation_row(progress);
  std::string yaml = "---\n";
  yaml += list_of("language", facts.languages);
  if (!facts.license.empty()) yaml += fmt::format("license: {}\n", yaml_text(facts.license));
  yaml +=
      list_of("tags", {"sentence-transformers", "cross-encoder", "reranker",
                       "generated_from_trainer", "lambdaforge",
                       fmt::format("dataset_size:{}", facts.training.size), "loss:" + facts.loss});
  if (facts.base_model_is_id) yaml += fmt::format("base_model: {}\n", yaml_text(facts.base_model));
  if (!facts.training.id.empty()) yaml += list_of("datasets", {facts.training.id});
  yaml += fmt::format("pipeline_tag: {}\nlibrary_name: sentence-transformers\n",
                      facts.num_labels == 1 ? "text-ranking" : "text-classification");
  if (!row.empty()) yaml += list_of("metrics", metric_names(facts)) + model_index(facts, row);
  return yaml + emissions(facts, progress) + "---\n";
}

}  // namespace lambdaforge::experiments
