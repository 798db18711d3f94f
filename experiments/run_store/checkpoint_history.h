// What a checkpoint knows of the figures before it.
#pragma once

#include "experiments/run_store/record.h"
#include "experiments/trainer_state.h"

namespace lambdaforge::experiments {

// Adds the figures of `state.log_history` that the rows lack, under `time`: a killed process may
// have saved a checkpoint and not yet what it had logged just before.
void add_missing(RunRows& rows, const TrainerState& state, double time);

}  // namespace lambdaforge::experiments
