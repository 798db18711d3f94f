#include "evaluators/correlation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "evaluators/results_csv.h"

namespace lambdaforge::evaluators {
namespace {

bool is_constant(std::span<const double> values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

// Deviations from the mean over their largest, so that no square of theirs overflows.
std::vector<double> scaled_deviations(std::span<const double> values) {
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  std::vector<double> deviations;
  double largest = 0;
  for (const double value : values) {
    deviations.push_back(value - mean);
    largest = std::max(largest, std::abs(deviations.back()));
  }
  for (double& deviation : deviations) deviation /= largest;
  return deviations;
}

double dot(const std::vector<double>& x, const std::vector<double>& y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

// From 1; values[order[i]] ascends.
std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i)
      ranks[order[i]] = static_cast<double>(begin + 1 + end) / 2;  // the mean of begin + 1 ... end
  }
  return ranks;
}

}  // namespace

std::optional<double> pearson(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size())
    throw std::invalid_argument(
        fmt::format("a correlation of {} values with {}; expected as many", x.size(), y.size()));
  if (is_constant(x) || is_constant(y)) return std::nullopt;
  const std::vector<double> dx = scaled_deviations(x), dy = scaled_deviations(y);
  return std::clamp(dot(dx, dy) / std::sqrt(dot(dx, dx) * dot(dy, dy)), -1.0, 1.0);
}

std::optional<double> spearman(std::span<const double> x, std::span<const double> y) {
  return pearson(average_ranks(x), average_ranks(y));
}

CorrelationEvaluator::CorrelationEvaluator(LabelledPairs labelled, Activation activation)
    : labelled_(std::move(labelled)), activation_(std::move(activation)) {
  check_labelled_pairs(labelled_, 2);
  if (is_constant(labelled_.labels))
    throw std::invalid_argument(
        fmt::format("evaluator '{}': all {} labels are {}; a correlation needs labels that differ",
                    labelled_.name, labelled_.labels.size(), labelled_.labels.front()));
}

Evaluation CorrelationEvaluator::evaluate(const Scorer& score) const {
  std::vector<float> scores = finite_scores(score, labelled_);
  if (activation_) activation_(scores);
  const std::vector<double> predicted(scores.begin(), scores.end());

  Evaluation evaluation;
  const std::string prefix = labelled_.prefix();
  evaluation.metrics = {{prefix + "pearson", pearson(labelled_.labels, predicted).value_or(0)},
                        {prefix + "spearman", spearman(labelled_.labels, predicted).value_or(0)}};
  evaluation.primary_metric = primary_metric();
  return evaluation;
}

std::vector<std::string> CorrelationEvaluator::metric_names() const {
  return {labelled_.prefix() + "pearson", primary_metric()};
}

std::string CorrelationEvaluator::primary_metric() const {
  return labelled_.prefix() + "spearman";
}

void CorrelationEvaluator::write_csv(const Evaluation& evaluation, EvaluationPoint point,
                                     const std::string& folder) const {
  std::vector<std::string> cells;
  for (const std::string& name : metric_names()) cells.push_back(python_float(evaluation.at(name)));
  append_row(std::filesystem::path(folder) / labelled_.csv_file("Correlation"), LineEnd::kCrLf,
             "Pearson_Correlation,Spearman_Correlation", point, cells);
}

}  // namespace lambdaforge::evaluators
