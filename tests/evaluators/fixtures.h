// Scorers and evaluations whose figures a test can foresee.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evaluators/evaluator.h"

namespace lambdaforge::evaluators {

// Looks a document's score up by its text and keeps what it was asked.
class TableScorer {
 public:
  explicit TableScorer(std::map<std::string, float> scores) : scores_(std::move(scores)) {}

  Scorer scorer() {
    return [this](const std::vector<TextPair>& pairs) {
      calls.push_back(pairs);
      std::vector<float> scores;
      for (const TextPair& pair : pairs) scores.push_back(scores_.at(pair.document));
      return scores;
    };
  }

  std::vector<std::vector<TextPair>> calls;

 private:
  std::map<std::string, float> scores_;
};

inline Evaluation with_metrics(std::vector<std::pair<std::string, double>> metrics) {
  Evaluation evaluation;
  evaluation.metrics = std::move(metrics);
  return evaluation;
}

}  // namespace lambdaforge::evaluators
