// What an evaluator takes and gives. Standard library only: a model is just a function that scores
// pairs of texts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lambdaforge::evaluators {

struct TextPair {
  std::string query;
  std::string document;
};

// The model's scores, row-major [pairs, labels], in the order of the pairs. A reranker has one
// label: higher is more relevant. In a distributed run it is a collective call: every rank calls it
// with the same pairs and receives every score.
using Scorer = std::function<std::vector<float>(const std::vector<TextPair>&)>;

// score(pairs), checked to be `labels` scores a pair (else std::invalid_argument); no pairs, no
// call.
std::vector<float> score_pairs(const Scorer& score, const std::vector<TextPair>& pairs,
                               size_t labels = 1);

// Where in a run an evaluation happened; -1 outside a run, as in sentence-transformers.
struct EvaluationPoint {
  double epoch = -1;
  int64_t step = -1;
};

// Metric -> (query id, value) in the order of the data set: what significance tests compare.
using PerQueryValues = std::map<std::string, std::vector<std::pair<std::string, double>>>;

struct Evaluation {
  // Name -> value, in the order in which they are reported: "NanoNQ_R100_ndcg@10" -> 0.5964.
  std::vector<std::pair<std::string, double>> metrics;
  // The metric that picks the best checkpoint, e.g. "NanoBEIR_R100_mean_ndcg@10".
  std::string primary_metric;
  PerQueryValues per_query;

  // Reports the mean of one metric's values, (query id, value) each; there must be one.
  void add(const std::string& name, std::vector<std::pair<std::string, double>> values);

  // Throws std::out_of_range that names the known metrics.
  double at(const std::string& name) const;
};

class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual Evaluation evaluate(const Scorer& score) const = 0;
  // What evaluate() will report, in its order, and which of it picks the best checkpoint.
  virtual std::vector<std::string> metric_names() const = 0;
  virtual std::string primary_metric() const = 0;
  // Queries that count in no metric, each with its data set: "NanoNQ_R100 q7".
  virtual std::vector<std::string> left_out() const { return {}; }
  // Appends the figures to the peer's CSV files in `folder`; call it on one rank only.
  virtual void write_csv(const Evaluation& evaluation, EvaluationPoint point,
                         const std::string& folder) const = 0;
};

}  // namespace lambdaforge::evaluators
