// The two sides of `lambdaforge compare`.
#pragma once

#include <string>

#include "evaluators/paired_runs.h"

namespace lambdaforge::launch {

// `path` is a file of per-query values, a folder with per_query.csv in it (what `evaluate --output`
// wrote), or a training run's folder: then the evaluation of the run's best step, or of its last
// one while there is no best. Throws std::invalid_argument when it is none of these, and what the
// readers throw.
evaluators::EvaluatedRun load_evaluated_run(const std::string& path);

// The same from a run file and its qrels, in what forms `evaluate --beir` reads them
// (trainer/data/beir_reader.h): the values of one metric by name, as the data set that the qrels
// file is called after. Throws as those readers.
evaluators::EvaluatedRun evaluate_run_file(const std::string& run, const std::string& qrels,
                                           const std::string& metric);

}  // namespace lambdaforge::launch
