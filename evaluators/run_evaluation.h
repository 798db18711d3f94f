// The figures of a run of documents that somebody ranked: a first stage, a reranker, another
// program.
#pragma once

#include <string>
#include <vector>

#include "evaluators/evaluator.h"
#include "evaluators/named_metrics.h"
#include "evaluators/trec.h"

namespace lambdaforge::evaluators {

// Every metric as "{prefix}{metric}", with its value for each query in the order of `qrels`; the
// first metric is the primary one. A figure is the mean over the judged queries that have a
// relevant document; one of them that the run lacks counts 0, so a system gains nothing by not
// answering. trec_eval by default averages over the queries that stand in both files, with -c over
// all queries of the qrels: its -c is this figure unless a query has no relevant document, which
// no ranking can satisfy and -c counts 0. Queries of the run without judgements are passed over.
// Throws std::invalid_argument on no metrics, on qrels without a relevant document and on a score
// that is NaN.
Evaluation evaluate_run(const Run& run, const Qrels& qrels, const std::vector<Metric>& metrics,
                        const std::string& prefix = "");

}  // namespace lambdaforge::evaluators
