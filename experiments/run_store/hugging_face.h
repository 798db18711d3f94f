// Runs of Hugging Face's Trainer, sentence-transformers' among them, as runs of ours.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/run_store/record.h"

namespace lambdaforge::experiments {

// What `folder` (an output folder or one of its checkpoints) tells by its newest
// trainer_state.json: the log history as scalars and evaluations, checkpoints, the settings that
// the state holds under our names. A log history has no times: its rows are spread over
// train_runtime, up to the time of the file. Throws std::invalid_argument when there is no such
// file or it is damaged, std::runtime_error when it cannot be read.
RunRecord read_hugging_face_run(const std::filesystem::path& folder);

}  // namespace lambdaforge::experiments
