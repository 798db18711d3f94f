// How well scores tell classes apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lambdaforge::evaluators {

// Two classes, told apart by a threshold: a pair is called positive where score >= threshold. The
// thresholds are those of sentence-transformers' BinaryClassificationEvaluator: half-way, in
// float32, between the last score above and the first below (the last score itself where none is
// below, or where half-way rounds to the one below); of equally good ones the highest.
struct BinaryFigures {
  double accuracy = 0;           // the best that a threshold reaches
  float accuracy_threshold = 0;  // just above every score where calling all negative is best
  double f1 = 0;                 // the best F1 of the positives; without positives all four are 0
  float f1_threshold = 0;
  double precision = 0;  // at f1_threshold
  double recall = 0;
  double average_precision = 0;  // 0 without positives
};

// scores[n], positive[n] (0 or 1), n >= 1. Throws std::invalid_argument on different lengths and on
// NaN.
BinaryFigures binary_figures(std::span<const float> scores, std::span<const int> positive);

// Means over the classes that occur in labels or predictions of F1 = 2 tp / (2 tp + fp + fn), as
// scikit-learn's f1_score: plain (macro), by the class's number of labels (weighted), and F1 of all
// decisions together (micro), which is the accuracy.
struct F1Averages {
  double macro = 0, micro = 0, weighted = 0;
};

// labels[n] and predicted[n], each below `classes`; n >= 1.
F1Averages f1_averages(std::span<const size_t> labels, std::span<const size_t> predicted,
                       size_t classes);

}  // namespace lambdaforge::evaluators
