// Everything a run needs to go on with the very same bits.
//     config.json model.safetensors tokenizer files   what CrossEncoder(path) loads
//     trainer_state.json                              as Hugging Face writes it
//     optimizer.safetensors                           both moments and the step
//     resume.json                                     what the two others have no place for
#pragma once

#include <cstdint>
#include <filesystem>

#include "experiments/trainer_state.h"
#include "models/pretrained.h"
#include "trainer/optimizer.h"

namespace lambdaforge::trainer {

// What decides the sequence of batches and masks, and sums that a log line in progress needs. The
// generator's keys are (seed, step), the sampler's position is (seed, step): neither has a state of
// its own to be saved.
struct ResumePoint {
  uint64_t seed = 0;
  int64_t lists_per_step = 0;  // over all ranks and micro-steps
  int64_t num_train_lists = 0;
  double loss_since_log = 0;  // sum over steps_since_log steps
  int64_t steps_since_log = 0;
  double loss_total = 0;        // sum over all steps
  int64_t restarts = 0;         // how often the run went on from a checkpoint
  double seconds = 0;           // of the run so far, evaluations and earlier parts included
  bool evaluation_due = false;  // the run stopped before the evaluation after its last step
};

// Writes `folder` as a whole or not at all; `model_card` is its README.md. Throws
// std::runtime_error when the disk refuses.
void save_checkpoint(const std::filesystem::path& folder, const models::Pretrained& pretrained,
                     const AdamW& optimizer, const experiments::TrainerState& state,
                     const ResumePoint& point, const std::string& model_card);

struct Progress {
  experiments::TrainerState state;
  ResumePoint point;
};

// Fills the model and the optimizer and returns where the run stood. Throws std::invalid_argument
// when the checkpoint is damaged, or belongs to a run whose batches differ from those of `expected`
// (seed, lists a step, number of lists).
Progress load_checkpoint(const std::filesystem::path& folder, const models::CrossEncoder& model,
                         AdamW& optimizer, const ResumePoint& expected);

}  // namespace lambdaforge::trainer
