// Trains a reranker: one step after another, the same on every rank.
#pragma once

#include <string>

#include "experiments/run_result.h"
#include "experiments/tracker.h"
#include "experiments/trainer_state.h"
#include "trainer/config.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

// What the run was started with, for its records: {"command", "lambdaforge train ..."}, ...
using Environment = std::vector<std::pair<std::string, std::string>>;

struct TrainResult {
  experiments::RunResult end;       // what result.json holds
  experiments::TrainerState state;  // with every logged row
};

// Throws std::invalid_argument for what can be known to be wrong with a recipe before anything is
// loaded: a file that is missing, a loss that is not known or does not fit the rest.
void check_recipe(const Config& config);

// Runs the recipe from its start or its latest checkpoint to its end, or until SIGTERM or SIGUSR1
// asks one of the ranks to stop (see StopRequest), which saves a checkpoint. Collective; `tracker`
// hears of everything on rank 0; on the others of the start, every step and the end. How it ended
// is in the result, and in the run's folder when this returns: a recipe, a model or data that
// cannot be trained, a loss that is not finite and an outside world that fails are ends too, and
// nothing is thrown. After one of these the other ranks may be anywhere: abort the world. What was
// saved stays. A folder that belongs to another run keeps that run's result.
TrainResult train(const Config& config, Communicator& communicator, experiments::Tracker& tracker,
                  const Environment& environment = {});

}  // namespace lambdaforge::trainer
