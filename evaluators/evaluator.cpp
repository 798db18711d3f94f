#include "evaluators/evaluator.h"

#include <fmt/format.h>

#include <stdexcept>

#include "base/suggestion.h"

namespace lambdaforge::evaluators {

std::vector<float> score_pairs(const Scorer& score, const std::vector<TextPair>& pairs,
                               size_t labels) {
  if (pairs.empty()) return {};
  std::vector<float> scores = score(pairs);
  if (scores.size() != pairs.size() * labels)
    throw std::invalid_argument(
        fmt::format("the scorer gave {} scores for {} pairs; expected {} a pair", scores.size(),
                    pairs.size(), labels));
  return scores;
}

void Evaluation::add(const std::string& name, std::vector<std::pair<std::string, double>> values) {
  double sum = 0;
  for (const auto& [query_id, value] : values) sum += value;
  metrics.emplace_back(name, sum / static_cast<double>(values.size()));
  per_query.emplace(name, std::move(values));
}

double Evaluation::at(const std::string& name) const {
  for (const auto& [known, value] : metrics)
    if (known == name) return value;
  std::vector<std::string> known;
  for (const auto& metric : metrics) known.push_back(metric.first);
  throw std::out_of_range(unknown_name_message("metric", name, known));
}

}  // namespace lambdaforge::evaluators
