// trainer_state.json: where a run stands, in the file that Hugging Face's Trainer writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/event.h"

namespace lambdaforge::experiments {

// The fields and defaults of transformers.TrainerState.
struct TrainerState {
  std::optional<int64_t> best_global_step;
  std::optional<double> best_metric;
  std::optional<std::string> best_model_checkpoint;
  double epoch = 0;
  int64_t eval_steps = 500;
  int64_t global_step = 0;
  bool is_hyper_param_search = false;
  bool is_local_process_zero = true;
  bool is_world_process_zero = true;
  std::vector<Metrics> log_history;  // a row holds "epoch" and "step" besides its figures
  int64_t logging_steps = 500;
  int64_t max_steps = 0;
  int64_t num_input_tokens_seen = 0;
  int64_t num_train_epochs = 0;
  int64_t save_steps = 500;
  std::string stateful_callbacks = "{}";  // JSON, kept as it came
  double total_flos = 0;
  std::optional<int64_t> train_batch_size;
  std::optional<std::string> trial_name;
  std::string trial_params = "null";  // JSON, kept as it came

  bool operator==(const TrainerState&) const = default;
};

// As Python's json.dumps(indent=2, sort_keys=True) writes it, NaN and Infinity included, with a
// newline at the end. Doubles read back exactly; rows read back with their names sorted.
std::string to_json(const TrainerState& state);

// Fields that are absent keep their defaults, unknown ones are passed over: versions of
// transformers differ. Throws std::invalid_argument that names `origin` when the text is damaged.
TrainerState parse_trainer_state(std::string_view json, std::string_view origin);

// Throw std::runtime_error when the file cannot be written or read; load also throws as
// parse_trainer_state does.
void save_trainer_state(const std::filesystem::path& path, const TrainerState& state);
TrainerState load_trainer_state(const std::filesystem::path& path);

}  // namespace lambdaforge::experiments
