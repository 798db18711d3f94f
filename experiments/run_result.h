// How a run ended, for whoever started it: result.json in the run's folder, and the last line of
// `lambdaforge train --json`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "experiments/event.h"

namespace lambdaforge::experiments {

enum class Outcome {
  kDone,
  kStopped,   // on request; there is a checkpoint to go on from
  kDiverged,  // the loss or the gradient norm was not finite
  kFailed,    // the machine's fault: another try may succeed
  kInvalid,   // the recipe's or the command line's fault: another try ends the same way
};

std::string name_of(Outcome outcome);  // "done", "stopped", "diverged", "failed", "invalid"
int exit_code(Outcome outcome);        // 0, 75 (EX_TEMPFAIL of sysexits.h), 3, 1, 2

struct RunResult {
  Outcome outcome = Outcome::kFailed;
  std::string reason;  // a sentence; empty when it is done
  // Empty texts are not known, or there is none.
  std::string project, name, folder;
  int64_t step = 0;  // the last one that was finished
  int64_t max_steps = 0;
  std::string metric_for_best_model;
  bool greater_is_better = true;
  std::optional<double> best_metric;
  std::optional<int64_t> best_step;
  std::string best_checkpoint, final_model, last_checkpoint;  // folders
  Metrics metrics;                                            // of the last evaluation
  // Of the whole run, its earlier parts included.
  std::optional<double> energy_kwh, emissions_kg;
  double train_seconds = 0;
};

// What is not known, empty or not finite is null.
nlohmann::ordered_json json_of(const RunResult& result);

// Writes `path` as a whole or not at all. Throws std::runtime_error when the disk refuses.
void save_result(const std::filesystem::path& path, const RunResult& result);

}  // namespace lambdaforge::experiments
