// Several evaluators as one: the counterpart of sentence-transformers' SequentialEvaluator.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluators/evaluator.h"

namespace lambdaforge::evaluators {

class SequentialEvaluator : public Evaluator {
 public:
  // Throws std::invalid_argument on no evaluators and on two that report a metric of one name (of
  // which the peer keeps the last).
  explicit SequentialEvaluator(std::vector<std::unique_ptr<Evaluator>> evaluators);

  // All figures in order, then "sequential_score": the last evaluator's primary metric.
  Evaluation evaluate(const Scorer& score) const override;

  std::vector<std::string> metric_names() const override;
  std::string primary_metric() const override { return "sequential_score"; }
  std::vector<std::string> left_out() const override;

  // Every evaluator's files.
  void write_csv(const Evaluation& evaluation, EvaluationPoint point,
                 const std::string& folder) const override;

 private:
  std::vector<std::unique_ptr<Evaluator>> evaluators_;
};

}  // namespace lambdaforge::evaluators
