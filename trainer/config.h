// A recipe: plain structs with Hugging Face's names and defaults. TOML in, TOML out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/options.h"
#include "losses/options.h"

namespace lambdaforge::trainer {

struct RunConfig {
  std::string project = "default";
  std::string name;                 // empty: the time of the start, "2026-11-24_10-30-00"
  std::string output_dir = "runs";  // the run lives in <output_dir>/<project>/<name>

  bool operator==(const RunConfig&) const = default;
};

struct ModelConfig {
  std::string path;  // a Hugging Face directory (required)
  int64_t num_labels = 1;
  int64_t max_length = 0;  // 0: what the tokenizer and the position embeddings allow
  std::optional<int64_t> num_hidden_layers;   // keep the first N layers
  std::optional<double> hidden_dropout_prob;  // default: the model's own config.json
  std::optional<double> attention_probs_dropout_prob;
  std::optional<double> classifier_dropout;

  bool operator==(const ModelConfig&) const = default;
};

struct DataConfig {
  std::string
      train;  // a file of lists (.jsonl, .jsonl.gz, .parquet) or a token store (.h5) (required)
  std::string eval;      // held-out lists for eval_loss; empty: eval_size lists split off `train`
  double eval_size = 0;  // < 1: a share of the lists, >= 1: a number of lists
  bool shuffle = true;

  bool operator==(const DataConfig&) const = default;
};

// Defaults of transformers.TrainingArguments unless a comment says otherwise.
struct TrainingConfig {
  int64_t per_device_train_batch_size = 8;  // lists
  int64_t per_device_eval_batch_size = 8;   // lists for eval_loss
  int64_t gradient_accumulation_steps = 1;
  // Tokens whose activations are in memory at a time (gradient caching); 0: all of a batch. Costs
  // one more forward pass and changes no gradient.
  int64_t micro_batch_tokens = 0;
  double learning_rate = 5e-5;
  double weight_decay = 0.0;
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double max_grad_norm = 1.0;  // 0: no clipping
  double num_train_epochs = 3.0;
  int64_t max_steps = -1;                    // > 0 overrides num_train_epochs
  std::string lr_scheduler_type = "linear";  // linear, cosine, constant, constant_with_warmup
  double warmup_ratio = 0.0;
  int64_t warmup_steps = 0;  // > 0 overrides warmup_ratio
  uint64_t seed = 42;
  double logging_steps = 500;  // < 1: a share of max_steps, as eval_steps and save_steps
  bool logging_first_step = false;
  std::string eval_strategy = "no";  // no, steps, epoch
  double eval_steps = 0;             // 0: logging_steps
  bool eval_on_start = false;
  std::string save_strategy = "steps";  // no, steps, epoch, best
  double save_steps = 500;
  int64_t save_total_limit = 0;  // 0: keep all
  bool load_best_model_at_end = false;
  std::string metric_for_best_model;      // best_metric.h; empty: the last evaluator's, else loss
  std::optional<bool> greater_is_better;  // none: unless the figure's name ends in "loss"
  std::string resume_from_checkpoint;     // empty: start anew; "latest"; or a checkpoint's path
  std::string stop_when;        // "kwh > 0.5"; also emissions_kg and seconds; empty: never
  double min_gain_per_kwh = 0;  // stop when the best metric gains less since the evaluation before

  bool operator==(const TrainingConfig&) const = default;
};

// What is evaluated is what is named; the last one that is named picks the best model by default.
struct EvaluationConfig {
  std::string correlation;     // a file of labelled pairs (.jsonl, .tsv, either .gz, .parquet)
  std::string classification;  // the same; labels are classes
  std::string nano_beir;       // a folder in the NanoBEIR layout
  std::vector<std::string> dataset_names;  // empty: all but ArguAna and Touche2020
  int64_t rerank_k = 100;
  int64_t at_k = 10;
  std::vector<std::string> metrics;  // reported too: "ndcg@20", "recall@100", "rbp@0.8"
  // false: what the first stage missed is lost; only `metrics` count it (evaluators/reranking.h).
  bool always_rerank_positives = true;
  int64_t batch_tokens = 16384;  // tokens of one forward pass, over as many pairs as fit

  bool operator==(const EvaluationConfig&) const = default;
};

// What a model card tells that no program can find out; see experiments/report/model_card.h.
struct CardConfig {
  std::string model_name;     // the title; empty: "CrossEncoder based on <base model>"
  std::string model_id;       // "organisation/model", where the model will be on the Hub
  std::string base_model;     // its id on the Hub; empty: the folder's name, without a link
  std::string train_dataset;  // its id on the Hub; empty: the file's name, without a link
  std::string eval_dataset;
  std::vector<std::string> language;  // "en"
  std::string license;                // "apache-2.0"

  bool operator==(const CardConfig&) const = default;
};

struct Config {
  RunConfig run;
  ModelConfig model;
  DataConfig data;
  losses::LossOptions loss;
  TrainingConfig training;
  EvaluationConfig evaluation;
  experiments::TrackingOptions tracking;
  CardConfig card;

  bool operator==(const Config&) const = default;
};

// Reads a recipe and applies `--set section.key=value` overrides in order. A value is TOML; a bare
// word (`cosine`, `data/train.jsonl`) is a string. Relative paths are kept as they are written.
// Throws std::invalid_argument on an unknown key, a wrong type or an impossible value: the message
// names file, line, key, what came, what was expected, and for an unknown key the nearest known
// one; or that there is no such file. Throws std::runtime_error when the file cannot be read.
Config load_config(const std::filesystem::path& path,
                   const std::vector<std::string>& overrides = {});

// The same from text; `origin` stands for the file in messages.
Config parse_config(std::string_view toml, std::string_view origin,
                    const std::vector<std::string>& overrides = {});

// The effective configuration, every key written out (one that is not set as a comment): reads back
// to an equal Config.
std::string to_toml(const Config& config);

}  // namespace lambdaforge::trainer
