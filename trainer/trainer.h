// Trains a reranker: one step after another, the same on every rank.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/tracker.h"
#include "experiments/trainer_state.h"
#include "trainer/config.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

// What the run was started with, for its records: {"command", "lambdaforge train ..."}, ...
using Environment = std::vector<std::pair<std::string, std::string>>;

struct TrainResult {
  experiments::TrainerState state;    // with every logged row
  std::filesystem::path final_model;  // the best checkpoint's weights, or the last ones
  std::string metric_for_best_model;  // "eval_NanoBEIR_R100_mean_ndcg@10"
};

// Runs the recipe from its start or its latest checkpoint to its end. Collective; `tracker` hears
// of everything on rank 0; on the others of the start, every step and the end. Throws
// std::invalid_argument for a recipe, a model or data that cannot be trained, before the first
// step; std::runtime_error when the outside world fails or the loss is not finite. What was saved
// stays.
TrainResult train(const Config& config, Communicator& communicator, experiments::Tracker& tracker,
                  const Environment& environment = {});

}  // namespace lambdaforge::trainer
