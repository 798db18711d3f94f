// The CSV files that sentence-transformers' evaluators leave behind, byte for byte in its format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "evaluators/evaluator.h"

namespace lambdaforge::evaluators {

enum class LineEnd { kLf, kCrLf };

// Adds the row epoch, step, {prefix}map, {prefix}mrr@k, {prefix}ndcg@k; a new file gets the header
// epoch,steps,MAP,MRR@k,NDCG@k first. Makes the folder where it is missing. Throws
// std::out_of_range when the evaluation lacks a metric and std::runtime_error when the file cannot
// be written.
void append_results(const std::filesystem::path& path, LineEnd line_end, int64_t at_k,
                    EvaluationPoint point, const Evaluation& evaluation, const std::string& prefix);

// A number as Python's repr writes it: the shortest digits that read back equal, "1.0" rather than
// "1".
std::string python_float(double value);

}  // namespace lambdaforge::evaluators
