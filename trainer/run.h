// A run between its start and its end, in the folder that it has.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "trainer/run_folder.h"
#include "trainer/trainer.h"

namespace lambdaforge::trainer {

// Found before anything is loaded.
struct RunPlace {
  std::string name;
  RunFolder folder;
  std::optional<std::filesystem::path> resume;  // the checkpoint to go on from
};

// Does what train() promises, and throws: std::invalid_argument for a recipe, a model or data that
// cannot be trained, Diverged, std::runtime_error when the outside world fails. `result` tells then
// how far the run came.
void run_recipe(const Config& config, Communicator& communicator, experiments::Tracker& tracker,
                const RunPlace& place, const Environment& environment, TrainResult& result);

}  // namespace lambdaforge::trainer
