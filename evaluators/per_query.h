// Per-query values as a CSV file, so that two evaluations can be compared long after they ran:
//
//     metric,query,value
//     NanoNQ_R100_ndcg@10,q17,0.6309297535714575
//
// Values read back equal; a field with a comma, a quote or a line end is quoted (RFC 4180).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "evaluators/evaluator.h"

namespace lambdaforge::evaluators {

// Replaces the file and makes its folder where it is missing. Throws std::runtime_error when it
// cannot be written.
void write_per_query(const std::filesystem::path& path, const PerQueryValues& values);

// The same, but what the file has of other metrics stays: one folder takes data set after data set.
// Throws as both of the others.
void add_per_query(const std::filesystem::path& path, const PerQueryValues& values);

// Throws std::runtime_error when the file cannot be read, and std::invalid_argument that names the
// file and the line when it is something else: another header, a row without three fields, a value
// that is no finite number, a query that a metric has already.
PerQueryValues read_per_query(const std::filesystem::path& path);

// A training run keeps one file an evaluation, <evaluations>/per_query/step-<step>.csv.
std::filesystem::path per_query_path(const std::filesystem::path& evaluations, int64_t step);

// The steps of the files there, ascending; none where the folder is missing.
std::vector<int64_t> per_query_steps(const std::filesystem::path& evaluations);

}  // namespace lambdaforge::evaluators
