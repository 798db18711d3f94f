#include "evaluators/labelled_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace lambdaforge::evaluators {

std::string LabelledPairs::csv_file(const std::string& kind) const {
  return fmt::format("CrossEncoder{}Evaluator_{}results.csv", kind, prefix());
}

void check_labelled_pairs(const LabelledPairs& labelled, size_t at_least) {
  if (labelled.labels.size() != labelled.pairs.size())
    throw std::invalid_argument(
        fmt::format("evaluator '{}': {} labels for {} pairs; give every pair one label",
                    labelled.name, labelled.labels.size(), labelled.pairs.size()));
  if (labelled.pairs.size() < at_least)
    throw std::invalid_argument(
        fmt::format("evaluator '{}': got {} pairs of texts; expected at least {}", labelled.name,
                    labelled.pairs.size(), at_least));
}

std::vector<float> finite_scores(const Scorer& score, const LabelledPairs& labelled,
                                 size_t labels) {
  std::vector<float> scores = score_pairs(score, labelled.pairs, labels);
  const auto broken = std::find_if_not(scores.begin(), scores.end(),
                                       [](float value) { return std::isfinite(value); });
  if (broken != scores.end())
    throw std::invalid_argument(fmt::format(
        "evaluator '{}': score {} of pair {} (from 0) is not finite; the model has diverged",
        labelled.name, *broken, static_cast<size_t>(broken - scores.begin()) / labels));
  return scores;
}

}  // namespace lambdaforge::evaluators
