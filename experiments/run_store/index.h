// Thousands of runs at once: an index file remembers what their files said.
#pragma once

#include <filesystem>
#include <vector>

#include "experiments/run_store/summary.h"

namespace lambdaforge::experiments {

// Every run below `folder`, sorted by path; damaged files are listed as such. What the index in the
// folder (.lambdaforge-runs) knows under a file's time and size is not read again. An index that is
// missing, damaged or cannot be written costs time and nothing else. Throws std::runtime_error when
// there is no such folder.
std::vector<RunSummary> list_runs(const std::filesystem::path& folder);

// One run's, not through the index. Never throws for a damaged file: see RunSummary::damage.
RunSummary summarize_file(const std::filesystem::path& file);

// The folders below `folder` that hold a run's file, `folder` itself included, sorted; a run's own
// folders are not searched.
std::vector<std::filesystem::path> find_runs(const std::filesystem::path& folder);

}  // namespace lambdaforge::experiments
