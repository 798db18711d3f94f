// Runs the evaluators of labelled pairs on scores that test_pair_evaluators.py gives, and writes
// the CSV files of each case into a folder of its own.
//
//   evaluate_pairs CSV_FOLDER < cases.json
//
// A case is a list of {"kind": "correlation" | "classification", "name", "num_labels", "labels",
// "scores" (row-major)}; several run as one SequentialEvaluator. Prints a list of
// {"primary_metric", "metric_names", "metrics"}.
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluators/classification.h"
#include "evaluators/correlation.h"
#include "evaluators/sequential.h"

namespace lambdaforge::evaluators {
namespace {

using nlohmann::json;

// The query of a pair is the place of its evaluator, the document its own.
LabelledPairs labelled_pairs(const json& part, size_t place) {
  LabelledPairs labelled;
  labelled.name = part.at("name");
  labelled.labels = part.at("labels").get<std::vector<double>>();
  for (size_t i = 0; i < labelled.labels.size(); ++i)
    labelled.pairs.push_back({std::to_string(place), std::to_string(i)});
  return labelled;
}

std::unique_ptr<Evaluator> make_evaluator(const json& parts) {
  std::vector<std::unique_ptr<Evaluator>> all;
  for (const json& part : parts) {
    LabelledPairs labelled = labelled_pairs(part, all.size());
    if (part.at("kind") == "correlation")
      all.push_back(std::make_unique<CorrelationEvaluator>(std::move(labelled)));
    else
      all.push_back(std::make_unique<ClassificationEvaluator>(
          std::move(labelled), ClassificationOptions{.num_labels = part.at("num_labels")}));
  }
  if (all.size() == 1) return std::move(all.front());
  return std::make_unique<SequentialEvaluator>(std::move(all));
}

Scorer given_scores(const json& parts) {
  return [&parts](const std::vector<TextPair>& pairs) {
    return parts.at(std::stoul(pairs.front().query)).at("scores").get<std::vector<float>>();
  };
}

nlohmann::ordered_json run_case(const json& parts, const std::string& folder) {
  const auto evaluator = make_evaluator(parts);
  const Evaluation evaluation = evaluator->evaluate(given_scores(parts));
  evaluator->write_csv(evaluation, {.epoch = 0.5, .step = 500}, folder);
  evaluator->write_csv(evaluation, {}, folder);
  nlohmann::ordered_json report = {{"primary_metric", evaluation.primary_metric},
                                   {"metric_names", evaluator->metric_names()},
                                   {"metrics", nlohmann::ordered_json::object()}};
  for (const auto& [name, value] : evaluation.metrics) report["metrics"][name] = value;
  return report;
}

int run(const std::filesystem::path& folder) {
  auto reports = nlohmann::ordered_json::array();
  for (const json& parts : json::parse(std::cin))
    reports.push_back(run_case(parts, folder / std::to_string(reports.size())));
  std::cout << reports.dump() << '\n';
  return 0;
}

}  // namespace
}  // namespace lambdaforge::evaluators

int main(int argc, char** argv) try {
  if (argc != 2) throw std::invalid_argument("usage: evaluate_pairs CSV_FOLDER < cases.json");
  return lambdaforge::evaluators::run(argv[1]);
} catch (const std::exception& error) {
  std::cerr << "evaluate_pairs: " << error.what() << '\n';
  return 1;
}
