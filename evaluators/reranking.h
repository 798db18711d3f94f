// Reranks first-stage lists with a scorer and compares the result with the first stage: the
// counterpart of sentence-transformers' CrossEncoderRerankingEvaluator in its "documents" mode,
// with the same names, figures and CSV file.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluators/evaluator.h"
#include "evaluators/named_metrics.h"

namespace lambdaforge::evaluators {

struct RerankingSample {
  std::string query_id;
  std::string query;
  std::vector<std::string> positives;  // relevant texts: a document is relevant if it equals one
  std::vector<std::string> documents;  // the first stage's list, best first
};

struct RerankingOptions {
  int64_t at_k = 10;  // cut-off of MRR and NDCG; MAP has none
  // true: the positives that the first stage missed are reranked too, so a perfect model reaches
  // 1. false: only what the first stage found is ranked, as in a search engine. The peer's MAP, MRR
  // and NDCG then take a list for all that there is: positives that were missed lower them only
  // where the list has none at all.
  bool always_rerank_positives = true;
  // More metrics of the reranked lists, as parse_metric names them. They count the positives that
  // are missing from a list as not found: recall@k is the share of all of a query's.
  std::vector<std::string> metrics = {};
};

class RerankingEvaluator : public Evaluator {
 public:
  // `name` precedes every metric ("NanoNQ_R100" -> "NanoNQ_R100_map"); it may be empty. Samples
  // without documents have nothing to rerank: they are left out of all metrics and listed below.
  // Throws std::invalid_argument when no sample is left, on at_k < 1 and on a metric's name that
  // parse_metric refuses.
  RerankingEvaluator(std::string name, std::vector<RerankingSample> samples,
                     RerankingOptions options = {});

  // One scorer call for all pairs of all samples. The base ranks the documents as given, with the
  // missed positives at the very end. A list without a relevant document counts 0.
  // Throws std::invalid_argument on a wrong number of scores and on NaN.
  Evaluation evaluate(const Scorer& score) const override;

  // CrossEncoderRerankingEvaluator_{name}_results_@{k}.csv.
  void write_csv(const Evaluation& evaluation, EvaluationPoint point,
                 const std::string& folder) const override;

  std::vector<std::string> metric_names() const override;
  std::string primary_metric() const override;
  std::vector<std::string> left_out() const override;

  // `evaluate` in two halves, for a caller that scores several evaluators' pairs in one call.
  void append_pairs(std::vector<TextPair>& pairs) const;
  Evaluation evaluate_scores(std::span<const float> scores) const;  // scores[num_pairs()]

  // "map", "mrr@k", "ndcg@k", the first stage's "base_map", "base_mrr@k", "base_ndcg@k", and of
  // options.metrics those that are not among them: what is reported behind the evaluator's name, in
  // that order.
  std::vector<std::string> own_metric_names() const;

  size_t num_pairs() const { return num_pairs_; }
  const std::string& name() const { return name_; }
  const std::vector<std::string>& left_out_queries() const { return left_out_queries_; }

 private:
  struct List {
    std::string query_id;
    std::string query;
    std::vector<std::string> documents;  // to be scored
    std::vector<int> relevant;           // [documents], 0 or 1
    size_t lost = 0;                     // positives that are not among them
    std::array<double, 3> base;          // the first stage's map, mrr, ndcg
  };
  static List make_list(RerankingSample sample, const RerankingOptions& options);
  std::vector<double> list_figures(const List& list, std::span<const float> scores) const;
  std::string prefix() const { return name_.empty() ? "" : name_ + "_"; }

  std::string name_;
  RerankingOptions options_;
  std::vector<Metric> more_metrics_;  // what options_.metrics adds to the six
  std::vector<List> lists_;
  size_t num_pairs_ = 0;
  std::vector<std::string> left_out_queries_;
};

}  // namespace lambdaforge::evaluators
