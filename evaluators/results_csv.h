// The CSV files that sentence-transformers' evaluators leave behind, byte for byte in its format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/evaluator.h"

namespace lambdaforge::evaluators {

enum class LineEnd { kLf, kCrLf };

// Adds the row epoch, steps, cells; a new file gets the header "epoch,steps,{columns}" first. Makes
// the folder where it is missing. Throws std::runtime_error when the file cannot be written.
void append_row(const std::filesystem::path& path, LineEnd line_end, std::string_view columns,
                EvaluationPoint point, const std::vector<std::string>& cells);

// The row {prefix}map, {prefix}mrr@k, {prefix}ndcg@k under MAP,MRR@k,NDCG@k. Throws
// std::out_of_range when the evaluation lacks a metric.
void append_results(const std::filesystem::path& path, LineEnd line_end, int64_t at_k,
                    EvaluationPoint point, const Evaluation& evaluation, const std::string& prefix);

// Takes the rows after `first_step` out of every file of this kind in a run's folder of
// evaluations, and torn ones: a run that goes on there repeats them. At 0 the run begins, and all
// of them go. A missing folder is an empty one. Throws std::runtime_error when a file cannot be
// written.
void drop_rows_after(const std::filesystem::path& folder, int64_t first_step);

// A number as Python's repr writes it: the shortest digits that read back equal, "1.0" rather than
// "1".
std::string python_float(double value);
// The same for a float32 of numpy, below a million: 0.1f is "0.1", not "0.10000000149011612".
std::string python_float32(float value);

}  // namespace lambdaforge::evaluators
