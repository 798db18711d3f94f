// How well scores tell classes apart: the counterpart of sentence-transformers'
// CrossEncoderClassificationEvaluator, with the same names, figures and CSV file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evaluators/labelled_pairs.h"

namespace lambdaforge::evaluators {

struct ClassificationOptions {
  size_t num_labels = 1;  // scores a pair; 1: two classes, told apart by a threshold
  Activation activation;  // unused with several labels: the largest score stays the largest
};

class ClassificationEvaluator : public Evaluator {
 public:
  // Labels are classes: 0 and 1 with one score a pair, else 0 ... num_labels - 1.
  // Throws std::invalid_argument on no pairs, on a wrong number of labels and on other labels.
  explicit ClassificationEvaluator(LabelledPairs labelled, ClassificationOptions options = {});

  // With one label {name}_accuracy, accuracy_threshold, f1, f1_threshold, precision, recall,
  // average_precision of the activated scores (see BinaryFigures); with several f1_macro, f1_micro,
  // f1_weighted of the class with the largest score, the first of equals (see F1Averages).
  Evaluation evaluate(const Scorer& score) const override;

  std::vector<std::string> metric_names() const override;
  std::string primary_metric() const override;  // {name}_average_precision, {name}_f1_macro

  // CrossEncoderClassificationEvaluator_{name}_results.csv.
  void write_csv(const Evaluation& evaluation, EvaluationPoint point,
                 const std::string& folder) const override;

 private:
  bool is_binary() const { return options_.num_labels == 1; }
  std::vector<double> binary_values(std::vector<float> scores) const;
  std::vector<double> multi_class_values(const std::vector<float>& scores) const;

  LabelledPairs labelled_;
  ClassificationOptions options_;
  std::vector<size_t> classes_;  // [pairs], the labels
};

}  // namespace lambdaforge::evaluators
