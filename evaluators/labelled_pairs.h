// Pairs of texts and what a model should say of them: what the evaluators of pairs, rather than of
// rankings, have in common.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "evaluators/evaluator.h"

namespace lambdaforge::evaluators {

struct LabelledPairs {
  std::string name;  // precedes every metric: "sts-dev" -> "sts-dev_spearman"; may be empty
  std::vector<TextPair> pairs;
  std::vector<double> labels;  // [pairs]

  std::string prefix() const { return name.empty() ? "" : name + "_"; }
  // "CrossEncoder{kind}Evaluator_{name}_results.csv", as the peer calls it.
  std::string csv_file(const std::string& kind) const;
};

// What the model's predict does to its scores, in place; none: nothing. A threshold is worth
// something on the scores that a user sees, so the evaluators of pairs look at activated scores, as
// the peer's do. Rankings are made of raw scores: a sigmoid would only merge scores that differ.
using Activation = std::function<void(std::span<float>)>;

// Throws std::invalid_argument on fewer than `at_least` pairs and on another number of labels.
void check_labelled_pairs(const LabelledPairs& labelled, size_t at_least);

// Scores [pairs, labels]. Throws std::invalid_argument on a wrong number of scores and on one that
// is not finite.
std::vector<float> finite_scores(const Scorer& score, const LabelledPairs& labelled,
                                 size_t labels = 1);

}  // namespace lambdaforge::evaluators
