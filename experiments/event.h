// The few things that can happen in a run. The trainer emits them, sinks show or keep them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lambdaforge::experiments {

using Metrics = std::vector<std::pair<std::string, double>>;

struct RunStarted {
  std::string project;
  std::string name;
  std::string folder;         // runs/<project>/<name>
  std::string configuration;  // the effective recipe, TOML
  int world_size = 1;
  int64_t first_step = 0;  // > 0 after a resume
  int64_t max_steps = 0;
};

// Emitted after every optimizer step; `log` is set on logging steps.
struct StepFinished {
  int64_t step = 0;  // 1-based, of max_steps
  int64_t max_steps = 0;
  double epoch = 0;
  bool log = false;
  double loss = 0;           // mean over the steps since the last log
  double learning_rate = 0;  // the one used for this step
  double grad_norm = 0;      // before clipping
  double step_seconds = 0;   // mean over the steps since the last log
  double tokens_per_second = 0;
  double share_of_peak = 0;  // of the rate of plain matrix products, over all ranks; 0: not known
};

struct EvaluationFinished {
  int64_t step = 0;
  double epoch = 0;
  Metrics metrics;  // Hugging Face's names: eval_loss, eval_runtime,
                    // eval_NanoBEIR_R100_mean_ndcg@10, ...
  bool best_so_far = false;
  std::string metric_for_best_model;
};

struct CheckpointSaved {
  int64_t step = 0;
  std::string path;
};

struct RunFinished {
  int64_t step = 0;
  double epoch = 0;
  Metrics metrics;  // train_runtime, train_samples_per_second, train_steps_per_second, train_loss
  std::string best_checkpoint;  // empty: none
};

// A sentence for the person who watches: a resumed step, a deleted checkpoint, a fallback.
struct Notice {
  std::string text;
};

using Happening = std::variant<RunStarted, StepFinished, EvaluationFinished, CheckpointSaved,
                               RunFinished, Notice>;

struct Event {
  std::chrono::system_clock::time_point time;
  Happening what;
};

}  // namespace lambdaforge::experiments
