// The command line: what each command takes, as plain structs. The dispatcher reads it to answer
// --help and slips at once, the command's own program reads it again to do the work.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lambdaforge::launch {

struct TrainOptions {
  std::string recipe;
  std::vector<std::string> overrides;  // "section.key=value", in order
  bool json = false;
  bool check = false;  // the recipe only
};

inline const std::vector<std::string> kDefaultBeirMetrics = {"ndcg@10", "mrr@10", "map",
                                                             "recall@100", "precision@10"};

struct EvaluateOptions {
  std::string model;
  // One of the four is given.
  std::string nano;                        // a folder in the NanoBEIR layout
  std::string beir;                        // a folder in BEIR's layout
  std::string correlation;                 // a file of labelled pairs
  std::string classification;              // the same; labels are classes
  std::vector<std::string> dataset_names;  // empty: every set of the folder
  int64_t at_k = 10;
  bool always_rerank_positives = true;
  std::string split = "test";
  std::string first_stage;  // a run's file; empty: BM25
  int64_t rerank_k = 100;
  // As evaluators::parse_metric names them; --nano reports them behind its own, --beir instead of
  // kDefaultBeirMetrics.
  std::vector<std::string> metrics;
  std::optional<int64_t> max_length;  // none: what the model allows
  int64_t batch_tokens = 16384;       // of one forward pass
  std::string output;                 // folder for CSV and run files; empty: none
  bool json = false;
};

struct CompareOptions {
  std::string run_a, run_b;  // what load_evaluated_run takes
  std::string metric = "ndcg@10";
  std::string qrels;  // empty: both runs have values already; else they are TREC run files
  int64_t resamples = 100000;
  uint64_t seed = 42;
  double confidence = 0.95;
  bool json = false;
};

struct EnergyOptions {
  std::vector<std::string> command;
  std::string mode = "process";
  std::string country, region;             // empty: not given
  std::optional<double> carbon_intensity;  // g CO2e/kWh
  double pue = 1;
  std::string output;  // a CSV file; empty: none
  std::string project = "lambdaforge";
  bool json = false;
};

struct PredictOptions {
  std::string model;
  std::string pairs = "-";           // a file, or - for standard input; unless there is a query
  std::optional<std::string> query;  // rank `documents` for it
  std::string documents;             // a file, or - for standard input
  std::optional<int64_t> top_k;      // none: all
  bool return_documents = false;
  std::optional<int64_t> max_length;      // none: what the model allows
  int64_t batch_tokens = 16384;           // of one forward pass
  std::optional<std::string> activation;  // sigmoid or identity; none: the model's
  bool json = false;
};

struct CardOptions {
  std::string run;  // folder
};

struct PrepareWordnetOptions {
  std::string database = "/usr/share/wordnet";
  std::string output;  // folder
};

struct PrepareListsOptions {
  std::string lists;   // .jsonl, .jsonl.gz, .parquet
  std::string model;   // the folder whose tokenizer is used
  std::string output;  // token store, .h5
};

struct SyncOptions {
  std::string run_folder;
  std::string tracking_uri;  // empty: MLFLOW_TRACKING_URI, else the one of the run
};

using PrepareOptions = std::variant<PrepareWordnetOptions, PrepareListsOptions>;

// A RUN is a run's folder, its run.h5, or its path below `folder`.
struct RunsListOptions {
  std::string folder = "runs";
  std::vector<std::string> where;  // "training.learning_rate < 3e-5", in order
  std::string sort = "-start";
  std::optional<int64_t> limit;  // none: all
  bool json = false;
};

struct RunsShowOptions {
  std::string folder = "runs";
  std::string run;
};

struct RunsCompareOptions {
  std::string folder = "runs";
  std::vector<std::string> runs;  // two or more
  bool json = false;
};

struct RunsExportOptions {
  std::string folder = "runs";
  std::string run;
  std::string format = "csv";     // csv, json, jsonl, parquet
  std::string table = "scalars";  // scalars, per_query; of csv and parquet
  std::string output = "-";       // a file, or - for standard output
};

struct RunsTailOptions {
  std::string folder = "runs";
  std::string run;
  bool follow = false;
  int64_t lines = 10;
};

struct RunsRemoveOptions {
  std::string folder = "runs";
  std::vector<std::string> runs;
  bool yes = false;
  bool force = false;
};

struct RunsImportOptions {
  std::string folder = "runs";  // where the run comes to
  std::string source;           // an output folder of Hugging Face's Trainer
  std::string project = "imported";
  std::string name;  // empty: the source's name
};

using RunsOptions =
    std::variant<RunsListOptions, RunsShowOptions, RunsCompareOptions, RunsExportOptions,
                 RunsTailOptions, RunsRemoveOptions, RunsImportOptions>;

// Thrown when the arguments ask for words instead of work (--help), or cannot be understood.
class Answer : public std::exception {
 public:
  Answer(int exit_code, std::string text) : exit_code_(exit_code), text_(std::move(text)) {}

  // 0: to standard output; else to standard error.
  int exit_code() const { return exit_code_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  int exit_code_;
  std::string text_;
};

// The exit code of a command line that cannot be understood.
inline constexpr int kUsageError = 2;

// The arguments after the command's name. Throw Answer.
using Arguments = std::vector<std::string>;
TrainOptions parse_train(const Arguments& arguments);
EvaluateOptions parse_evaluate(const Arguments& arguments);
CompareOptions parse_compare(const Arguments& arguments);
EnergyOptions parse_energy(const Arguments& arguments);
PredictOptions parse_predict(const Arguments& arguments);
CardOptions parse_card(const Arguments& arguments);
PrepareOptions parse_prepare(const Arguments& arguments);
RunsOptions parse_runs(const Arguments& arguments);
SyncOptions parse_sync(const Arguments& arguments);

struct Command {
  std::string name;
  std::string summary;
  // Throws Answer for --help and slips; for `train` also what is wrong with the recipe
  // (std::invalid_argument, std::runtime_error). Null: a Python program, which reads its arguments
  // itself.
  void (*check)(const Arguments& arguments);
};

// Every command, in the order in which the help lists them.
const std::vector<Command>& commands();

}  // namespace lambdaforge::launch
