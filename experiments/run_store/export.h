// A run as text that other programs read.
#pragma once

#include <string>

#include "experiments/run_store/record.h"

namespace lambdaforge::experiments {

// step,time,name,value: one figure a row, in the order in which they came. RFC 4180.
std::string scalars_csv(const RunRows& rows);
// step,time,metric,query,value: every query's value of every evaluation.
std::string per_query_csv(const RunRows& rows);
// One object: everything that the file holds, and the status.
std::string to_json(const RunRecord& run);
// One object a step with all its figures, `_step` and `_timestamp`: what `wandb.Run.log` takes.
std::string scalars_jsonl(const RunRows& rows);

}  // namespace lambdaforge::experiments
