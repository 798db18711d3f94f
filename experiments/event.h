// The few things that can happen in a run. The trainer emits them, sinks show or keep them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lambdaforge::experiments {

using Metrics = std::vector<std::pair<std::string, double>>;

// A setting of the recipe under its full name, "training.learning_rate". Monostate: not set.
using ParameterValue =
    std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<std::string>>;
using Parameters = std::vector<std::pair<std::string, ParameterValue>>;

// What a metrics client must know of a rank to join it to the machine it runs on.
struct RankInfo {
  int rank = 0;
  int local_rank = 0;  // among the ranks of its host
  std::string host;
  std::string device;    // "cpu", "cuda:0"
  std::string gpu_uuid;  // "GPU-..."; empty on a CPU
  std::string gpu_name;  // "NVIDIA H100 80GB HBM3"; empty on a CPU
};

// Of the figure that picks the best model.
struct BestEvaluation {
  std::string metric;  // "eval_NanoBEIR_R100_mean_ndcg@10"
  double value = 0;
  int64_t step = 0;
};

struct RunStarted {
  std::string project;
  std::string name;
  std::string folder;                                            // runs/<project>/<name>
  std::string configuration;                                     // the effective recipe, TOML
  Parameters parameters;                                         // the same, key by key
  std::vector<std::pair<std::string, std::string>> environment;  // command, versions, commit, ...
  std::vector<RankInfo> ranks;                                   // of the whole world, by rank
  int rank = 0;                                                  // the one that tells
  int64_t first_step = 0;                                        // > 0 after a resume
  int64_t max_steps = 0;
  int64_t restarts = 0;                // how often the run went on from a checkpoint
  std::optional<BestEvaluation> best;  // of the run's earlier parts; none: they knew none
};

// What one rank did in one step. Seconds are wall time on the host; the parts leave a little out.
struct RankStep {
  double seconds = 0;     // the whole step, up to the next one's start
  double data_wait = 0;   // for the next batch
  double forward = 0;     // model and loss
  double backward = 0;    // with the sums of gradients that travel meanwhile
  double all_reduce = 0;  // waiting for the rest of the sums, and for slower ranks
  double optimizer = 0;
  double lists = 0;
  double pairs = 0;
  double tokens = 0;
  double memory_bytes = 0;  // resident, of the process
};

// Emitted after every optimizer step, on every rank; `log` is set on logging steps.
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
  // By rank, of the step before this one: what is known without one more exchange between ranks.
  // Empty in a process' first step.
  std::vector<RankStep> ranks;
};

// Metric ("NanoNQ_R100_ndcg@10") -> (query id, value), in the order of the data set.
using PerQueryValues = std::map<std::string, std::vector<std::pair<std::string, double>>>;

struct EvaluationFinished {
  int64_t step = 0;
  double epoch = 0;
  Metrics metrics;  // Hugging Face's names: eval_loss, eval_runtime,
                    // eval_NanoBEIR_R100_mean_ndcg@10, ...
  bool best_so_far = false;
  std::string metric_for_best_model;
  PerQueryValues per_query;
};

struct CheckpointSaved {
  int64_t step = 0;
  std::string path;
  double seconds = 0;
};

// Energy and emissions of the run so far, all nodes and earlier parts of a resumed run included.
struct EnergyMeasured {
  int64_t step = 0;
  double seconds = 0;
  double cpu_kwh = 0, gpu_kwh = 0, memory_kwh = 0;
  double cpu_watts = 0, gpu_watts = 0, memory_watts = 0;  // over the last interval
  double emissions_kg = 0;                                // CO2 equivalents
  Metrics phase_kwh;  // training, evaluation, checkpoint, idle; their sum is the total
};

struct RunFinished {
  int64_t step = 0;
  double epoch = 0;
  Metrics metrics;  // train_runtime, train_samples_per_second, train_steps_per_second, train_loss
  std::string best_checkpoint;  // empty: none
  std::string final_model;      // folder
  std::vector<RankStep> ranks;  // of the last step, which no later one tells of; empty: no step
};

// Somebody asked the run to stop; it goes on from the checkpoint when it is started again.
struct RunStopped {
  int64_t step = 0;
  double epoch = 0;
  std::string checkpoint;       // folder
  std::vector<RankStep> ranks;  // as RunFinished's
};

// The run ends by an error.
struct RunFailed {
  int64_t step = 0;       // the last one that was finished
  bool diverged = false;  // the loss or the gradient norm was not finite
  std::string reason;
};

// A sentence for the person who watches: a resumed step, a deleted checkpoint, a fallback.
struct Notice {
  std::string text;
};

using Happening = std::variant<RunStarted, StepFinished, EvaluationFinished, CheckpointSaved,
                               EnergyMeasured, RunFinished, RunStopped, RunFailed, Notice>;

struct Event {
  std::chrono::system_clock::time_point time;
  Happening what;
};

}  // namespace lambdaforge::experiments
