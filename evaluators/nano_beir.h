// Reranks the BM25 lists of several small data sets and averages: the counterpart of
// sentence-transformers' CrossEncoderNanoBEIREvaluator, with the same names, figures and CSV files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluators/dataset_names.h"
#include "evaluators/evaluator.h"
#include "evaluators/ranking_set.h"
#include "evaluators/reranking.h"

namespace lambdaforge::evaluators {

struct NanoBeirOptions {
  int64_t rerank_k = 100;  // how many of the first stage's candidates are reranked
  int64_t at_k = 10;       // cut-off of MRR and NDCG
  bool always_rerank_positives = true;
  std::vector<std::string> metrics = {};  // RerankingOptions::metrics
};

class NanoBeirEvaluator : public Evaluator {
 public:
  // One RerankingEvaluator a set, named "{set}_R{rerank_k}". A query that is judged but has no
  // candidates has nothing to rerank and counts in no metric (the peer skips a query without a list
  // and fails on an empty one); evaluators()[i].left_out_queries() lists them.
  // Throws std::invalid_argument on no sets, on rerank_k or at_k < 1, on a metric's name that
  // parse_metric refuses, and on ids that do not meet:
  // a candidate or relevant document that the corpus lacks, a candidate list of an unknown query or
  // of one without judgements.
  explicit NanoBeirEvaluator(const std::vector<RankingSet>& sets, NanoBeirOptions options = {});

  // One scorer call for all pairs of all sets. Metrics: each set's, then their plain means
  // "NanoBEIR_R{rerank_k}_mean_{metric}", of which ndcg is the primary one.
  Evaluation evaluate(const Scorer& score) const override;

  // NanoBEIR_evaluation_mean_results.csv and each set's own file.
  void write_csv(const Evaluation& evaluation, EvaluationPoint point,
                 const std::string& folder) const override;

  std::vector<std::string> metric_names() const override;
  std::string primary_metric() const override;
  std::vector<std::string> left_out() const override;

  const std::vector<RerankingEvaluator>& evaluators() const { return evaluators_; }

 private:
  std::string prefix_;  // of the means: "NanoBEIR_R100_mean_"
  int64_t at_k_;
  std::vector<RerankingEvaluator> evaluators_;
};

}  // namespace lambdaforge::evaluators
