// Two evaluations, query by query.
#pragma once

#include <string>
#include <vector>

#include "evaluators/evaluator.h"

namespace lambdaforge::evaluators {

// Per-query values and where they came from, for messages: a file, a folder.
struct EvaluatedRun {
  std::string source;
  PerQueryValues per_query;
};

// One metric on one data set: a[queries] and b[queries], the same queries in the order of a's.
struct PairedValues {
  std::string data_set;  // "NanoNQ_R100"
  std::vector<double> a, b;
};

// Every data set with values of `metric`: "NanoNQ_R100_ndcg@10" is ndcg@10 on NanoNQ_R100;
// "NanoNQ_R100_base_ndcg@10" beside it belongs to the first stage and is left out. Throws
// std::invalid_argument when a run has no such metric, and when a data set or a query is in one run
// only: the message names it and says how many there are.
std::vector<PairedValues> pair_runs(const EvaluatedRun& a, const EvaluatedRun& b,
                                    const std::string& metric);

}  // namespace lambdaforge::evaluators
