// What model cards tell, kept in the run's card.json: a card can be made again without the model
// and the data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lambdaforge::experiments {

struct CardColumn {
  std::string name;
  std::string type;                  // "string", "list"
  std::vector<std::string> details;  // "min: 5 tokens"
};

// A cell of a sample: one text, or the first elements of a list as Python would write them.
struct CardCell {
  std::vector<std::string> elements;
  bool is_list = false;
  bool is_text = true;  // elements are texts, not numbers
  bool is_cut = false;  // a list that goes on
};

struct CardDataset {
  std::string name;  // "squad-lists-3k"
  std::string id;    // of the Hugging Face Hub; may be empty
  int64_t size = 0;  // lists
  int64_t statistics_rows = 0;
  std::vector<CardColumn> columns;
  std::vector<std::vector<CardCell>> samples;  // [rows][columns]
};

// Figures of one kind: rows are metrics, columns data sets.
struct CardEvaluator {
  std::string class_name;             // of sentence-transformers: "CrossEncoderRerankingEvaluator"
  std::string description;            // "Cross Encoder Reranking"
  std::vector<std::string> datasets;  // "NanoNQ_R100": figures are eval_<dataset>_<metric>
  std::vector<std::string> metrics;   // "map", "mrr@10", "ndcg@10"
  std::string primary_metric;         // one of them
  std::string options;                // JSON
};

struct CardHyperparameter {
  std::string name;
  std::string value;  // as Python writes it
  bool is_default = true;
};

struct CardFacts {
  std::string model_name;  // the title; empty: made of base_model
  std::string model_id;    // "organisation/model": what the usage shows; may be empty
  std::string base_model;  // id on the Hub or the folder's name
  bool base_model_is_id = false;
  std::vector<std::string> languages;  // "en"
  std::string license;                 // "apache-2.0"
  int64_t max_length = 0;              // tokens
  int64_t num_labels = 1;
  std::string architecture;  // as CrossEncoder prints itself
  CardDataset training;
  std::optional<CardDataset> evaluation;
  std::string loss;          // "LambdaLoss"
  std::string loss_options;  // JSON
  std::vector<CardEvaluator> evaluators;
  std::vector<CardHyperparameter> hyperparameters;
  std::vector<std::pair<std::string, std::string>> versions;  // {"libtorch", "2.11.0"}
  std::string cpu_model;
  std::string gpu_model;  // "4 x NVIDIA H100"; empty: none
  double memory_gigabytes = 0;
  std::vector<std::string> usage_pairs;  // query, document, query, document, ...
};

struct CardEnergy {
  double kwh = 0;
  double emissions_kg = 0;  // CO2 equivalents
};

// What belongs to one of the run's models: a checkpoint or the final one.
struct CardSnapshot {
  int64_t step = 0;             // whose weights these are
  double training_seconds = 0;  // over all restarts, without evaluations
  double evaluation_seconds = 0;
  std::optional<CardEnergy> energy;  // none: not measured
  std::vector<double> usage_scores;  // of the usage's pairs [pairs * labels]; may be empty
};

// card.json of a run: all that `lambdaforge card` needs besides trainer_state.json.
struct CardFile {
  CardFacts facts;
  std::map<std::string, CardSnapshot> models;  // by folder: "checkpoint-500", "final"
};

// Throw std::runtime_error when the file cannot be written or read, load also
// std::invalid_argument when it is damaged.
void save_card_file(const std::filesystem::path& path, const CardFile& file);
CardFile load_card_file(const std::filesystem::path& path);

}  // namespace lambdaforge::experiments
