// What a list of runs says of each.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "experiments/run_store/record.h"

namespace lambdaforge::experiments {

// The index holds them as numbers: a new one comes last.
enum class RunStatus { kRunning, kFinished, kFailed, kCrashed, kStopped };

struct Best {
  std::string metric;
  double value = 0;
  int64_t step = 0;
};

struct RunSummary {
  std::string path;    // the run's folder, relative to the folder that was listed
  std::string damage;  // why its file cannot be read; then the rest is empty
  std::string project, name;
  double started = 0;  // the first start; seconds since 1970
  Heartbeat heartbeat;
  int64_t max_steps = 0;
  std::optional<RunStatus> end;  // finished, stopped or failed; else the writer tells
  // Of the last process: see StartRow.
  std::string machine;
  int64_t process_id = 0, process_start = 0;
  std::optional<Best> best;
  Parameters parameters;
  Metrics metrics;  // every series' last value
};

RunSummary summarize(const RunRecord& run);

// "running", "finished", "stopped", "failed", "crashed", "corrupt". Finished, stopped and failed
// runs say so in their log; others are running while their last writer lives (see
// writer_process.h).
std::string status_name(const RunSummary& run);

// Higher figures of the run's best metric are better ones, as the trainer has it.
bool greater_is_better(const RunSummary& run);

// A parameter, a metric, or one of: best, best_step, duration (seconds), name, path, project,
// start, status, step. Monostate: the run has none.
using RunValue = std::variant<std::monostate, double, std::string>;
RunValue value_of(const RunSummary& run, const std::string& name);
const std::vector<std::string>& summary_fields();  // the names above

// "0.00003", "true", "a,b": as a person would write it. Empty: not set.
std::string to_text(const ParameterValue& value);

}  // namespace lambdaforge::experiments
