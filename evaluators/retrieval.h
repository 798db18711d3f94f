// A first stage and a reranker over one whole data set, as runs: what BEIR and TREC measure.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "evaluators/evaluator.h"
#include "evaluators/named_metrics.h"
#include "evaluators/trec.h"

namespace lambdaforge::evaluators {

struct RetrievalSet {
  std::string name;                                          // "nfcorpus"
  std::vector<std::pair<std::string, std::string>> queries;  // (id, text), the judged ones
  std::vector<std::string> document_ids;                     // [documents]
  std::vector<std::string> documents;                        // [documents], their texts
  Qrels qrels;
};

// BM25's first `depth` documents of every query that has some.
Run bm25_run(const RetrievalSet& set, size_t depth);

// Takes every document that has its query's id out of the run, and returns how many: in ArguAna and
// Quora the queries stand in the corpus too, and nobody asks for what they have. As BEIR does it
// (ignore_identical_ids of its EvaluateRetrieval), but a document that is judged for its query
// stays: then the same id is chance. A query that has no document left is left out.
size_t drop_queries_themselves(const RetrievalSet& set, Run& run);

// The first stage's run with the best k documents of each query (as best_first ranks them) in the
// order of the model's scores, in one scorer call. The others keep their order below, under scores
// that are made up: recall beyond rank k is the first stage's, so that a difference between the two
// runs is the model's doing and not the cut's. (BEIR's and PyTerrier's rerankers drop the rest,
// search engines such as Vespa keep it; up to rank k both give the same figures.) Queries that
// the set lacks are left out.
// Throws std::invalid_argument on k < 1, on a document among the first k that the corpus lacks, on
// a run without any query of the set, and on a model's score that is not finite.
Run rerank(const RetrievalSet& set, const Run& first_stage, size_t k, const Scorer& score);

// "{name}_base_{metric}" of the first stage for each metric. Means are evaluate_run's, and so are
// complaints. Judgements that a metric refuses are refused here, before a model scores anything.
Evaluation evaluate_first_stage(const RetrievalSet& set, const Run& first_stage,
                                const std::vector<Metric>& metrics);

// "{name}_{metric}" of the reranked run for each metric, then the first stage's figures; the first
// metric of the reranked run is the primary one.
Evaluation compare_runs(const RetrievalSet& set, const Run& reranked, Evaluation first_stage,
                        const std::vector<Metric>& metrics);

}  // namespace lambdaforge::evaluators
