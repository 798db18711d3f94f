#include "evaluators/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "evaluators/classification_metrics.h"
#include "evaluators/results_csv.h"

namespace lambdaforge::evaluators {
namespace {

const std::vector<std::string> kBinaryMetrics = {"accuracy",         "accuracy_threshold", "f1",
                                                 "f1_threshold",     "precision",          "recall",
                                                 "average_precision"};
const std::vector<std::string> kMultiClassMetrics = {"f1_macro", "f1_micro", "f1_weighted"};

std::vector<size_t> to_classes(const LabelledPairs& labelled, size_t num_classes) {
  std::vector<size_t> classes;
  for (const double label : labelled.labels) {
    const bool is_class =
        label >= 0 && label < static_cast<double>(num_classes) && label == std::floor(label);
    if (!is_class)
      throw std::invalid_argument(
          fmt::format("evaluator '{}': label {} of pair {} (from 0) is no class; expected a whole "
                      "number from 0 to {}",
                      labelled.name, label, classes.size(), num_classes - 1));
    classes.push_back(static_cast<size_t>(label));
  }
  return classes;
}

}  // namespace

ClassificationEvaluator::ClassificationEvaluator(LabelledPairs labelled,
                                                 ClassificationOptions options)
    : labelled_(std::move(labelled)), options_(std::move(options)) {
  check_labelled_pairs(labelled_, 1);
  classes_ = to_classes(labelled_, is_binary() ? 2 : options_.num_labels);
}

std::vector<double> ClassificationEvaluator::binary_values(std::vector<float> scores) const {
  if (options_.activation) options_.activation(scores);
  const std::vector<int> positive(classes_.begin(), classes_.end());
  const BinaryFigures figures = binary_figures(scores, positive);
  return {figures.accuracy,         figures.accuracy_threshold, figures.f1,
          figures.f1_threshold,     figures.precision,          figures.recall,
          figures.average_precision};
}

std::vector<double> ClassificationEvaluator::multi_class_values(
    const std::vector<float>& scores) const {
  std::vector<size_t> predicted;
  const auto width = static_cast<std::ptrdiff_t>(options_.num_labels);
  for (auto row = scores.begin(); row != scores.end(); row += width)
    predicted.push_back(static_cast<size_t>(std::max_element(row, row + width) - row));
  const F1Averages averages = f1_averages(classes_, predicted, options_.num_labels);
  return {averages.macro, averages.micro, averages.weighted};
}

Evaluation ClassificationEvaluator::evaluate(const Scorer& score) const {
  std::vector<float> scores = finite_scores(score, labelled_, options_.num_labels);
  const std::vector<double> values =
      is_binary() ? binary_values(std::move(scores)) : multi_class_values(scores);
  Evaluation evaluation;
  for (std::string& name : metric_names())
    evaluation.metrics.emplace_back(std::move(name), values[evaluation.metrics.size()]);
  evaluation.primary_metric = primary_metric();
  return evaluation;
}

std::vector<std::string> ClassificationEvaluator::metric_names() const {
  std::vector<std::string> names = is_binary() ? kBinaryMetrics : kMultiClassMetrics;
  for (std::string& name : names) name = labelled_.prefix() + name;
  return names;
}

std::string ClassificationEvaluator::primary_metric() const {
  return labelled_.prefix() + (is_binary() ? "average_precision" : "f1_macro");
}

void ClassificationEvaluator::write_csv(const Evaluation& evaluation, EvaluationPoint point,
                                        const std::string& folder) const {
  std::vector<std::string> cells;
  for (const std::string& name : metric_names()) {
    const double value = evaluation.at(name);
    cells.push_back(name.ends_with("_threshold") ? python_float32(static_cast<float>(value))
                                                 : python_float(value));
  }
  // Without positives the peer's F1, its threshold, precision and recall are integers.
  if (is_binary() && evaluation.at(labelled_.prefix() + "f1") == 0)
    std::fill_n(cells.begin() + 2, 4, std::string("0"));
  append_row(std::filesystem::path(folder) / labelled_.csv_file("Classification"), LineEnd::kCrLf,
             is_binary() ? "Accuracy,Accuracy_Threshold,F1,F1_Threshold,Precision,Recall,"
                           "Average_Precision"
                         : "Macro_F1,Micro_F1,Weighted_F1",
             point, cells);
}

}  // namespace lambdaforge::evaluators
