// How well scores follow gold scores: the counterpart of sentence-transformers'
// CrossEncoderCorrelationEvaluator, with the same names, figures and CSV file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluators/labelled_pairs.h"

namespace lambdaforge::evaluators {

// Pearson's r of x[n] and y[n], in [-1, 1]: the cosine of their deviations from the means. nullopt
// where a side is constant. Throws std::invalid_argument on different lengths.
std::optional<double> pearson(std::span<const double> x, std::span<const double> y);

// Spearman's rho: Pearson's r of the ranks, tied values sharing the mean of theirs. nullopt and
// throws as above.
std::optional<double> spearman(std::span<const double> x, std::span<const double> y);

class CorrelationEvaluator : public Evaluator {
 public:
  // Throws std::invalid_argument on fewer than two pairs, on a wrong number of labels and on labels
  // that are all equal: nothing correlates with them, whatever the model (the peer reports NaN).
  explicit CorrelationEvaluator(LabelledPairs labelled, Activation activation = {});

  // {name}_pearson and {name}_spearman of labels and activated scores. A model that scores all
  // pairs alike has 0 in both, where the peer reports NaN: it has learned nothing yet, and a NaN
  // could be neither compared for the best checkpoint nor written as JSON.
  Evaluation evaluate(const Scorer& score) const override;

  std::vector<std::string> metric_names() const override;
  std::string primary_metric() const override;  // {name}_spearman

  // CrossEncoderCorrelationEvaluator_{name}_results.csv.
  void write_csv(const Evaluation& evaluation, EvaluationPoint point,
                 const std::string& folder) const override;

 private:
  LabelledPairs labelled_;
  Activation activation_;
};

}  // namespace lambdaforge::evaluators
