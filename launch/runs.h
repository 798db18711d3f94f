// What `lambdaforge runs` does, one function a subcommand. They print to standard output; they
// throw std::invalid_argument for what was asked wrongly, std::runtime_error when files cannot be
// read.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/run_store/summary.h"
#include "launch/options.h"

namespace lambdaforge::launch {

void run(const RunsListOptions& options);
void run(const RunsShowOptions& options);
void run(const RunsCompareOptions& options);
void run(const RunsExportOptions& options);
void run(const RunsTailOptions& options);
void run(const RunsRemoveOptions& options);
void run(const RunsImportOptions& options);

// The folder of a run: `run` itself, the folder of a run.h5, or a path below `folder`. Throws
// std::invalid_argument with the nearest path when there is none.
std::filesystem::path find_run(const std::string& folder, const std::string& run);

// For the eye. A time is local: "2026-11-24 10:30:00"; a duration "1:02:03"; a figure has as many
// digits as tell something.
std::string format_time(double seconds_since_1970);
std::string format_duration(double seconds);
std::string format_figure(double value);

}  // namespace lambdaforge::launch
