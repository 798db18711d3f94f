#include "trainer/card_facts.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "experiments/json_values.h"
#include "losses/registry.h"
#include "models/pair_scorer.h"
#include "trainer/card_datasets.h"
#include "trainer/config_fields.h"

namespace lambdaforge::trainer {
namespace {

using experiments::CardEvaluator;
using experiments::CardFacts;
using nlohmann::ordered_json;

// --- model ---

std::string architecture(const models::Pretrained& pretrained) {
  const models::BertConfig& bert = pretrained.model.config().bert;
  return fmt::format(
      "CrossEncoder(\n  (0): Transformer({{'transformer_task': 'sequence-classification', "
      "'architecture': 'BertForSequenceClassification', 'num_hidden_layers': {}, 'hidden_size': "
      "{}, 'num_attention_heads': {}, 'intermediate_size': {}, 'vocab_size': {}}})\n)",
      bert.num_hidden_layers, bert.hidden_size, bert.num_attention_heads, bert.intermediate_size,
      bert.vocab_size);
}

std::string folder_name(const std::filesystem::path& path) {
  const std::filesystem::path plain = path.lexically_normal();
  return plain.has_filename() ? plain.filename().string() : plain.parent_path().filename().string();
}

void add_model(const CardSources& sources, CardFacts& facts) {
  const CardConfig& card = sources.config.card;
  facts.model_name = card.model_name;
  facts.model_id = card.model_id;
  facts.base_model_is_id = !card.base_model.empty();
  facts.base_model =
      facts.base_model_is_id ? card.base_model : folder_name(sources.config.model.path);
  facts.languages = card.language;
  facts.license = card.license;
  facts.max_length = sources.pretrained.max_length;
  facts.num_labels = sources.pretrained.model.config().num_labels;
  facts.architecture = architecture(sources.pretrained);
}

// --- data ---

// "data/squad-lists-3k.jsonl.gz" -> "squad-lists-3k"
std::string dataset_name(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.substr(0, name.find('.', 1));
}

experiments::CardDataset dataset_of(const std::string& file, const std::string& id,
                                    const std::vector<RankedList>& first, int64_t size,
                                    const models::Pretrained& pretrained) {
  experiments::CardDataset dataset =
      describe_dataset(first, pretrained.tokenizer, pretrained.max_length);
  dataset.name = dataset_name(file);
  dataset.id = id;
  dataset.size = size;
  return dataset;
}

// Pairs for the usage: a query with its first documents.
std::vector<std::string> usage_pairs_of(const RankedList& list) {
  constexpr size_t kPairs = 5;
  std::vector<std::string> pairs;
  for (size_t i = 0; i < std::min(list.documents.size(), kPairs); ++i) {
    pairs.push_back(list.query);
    pairs.push_back(list.documents[i]);
  }
  return pairs;
}

void add_data(const CardSources& sources, CardFacts& facts) {
  const auto& [config, pretrained, data, metric_names, environment, ranks] = sources;
  const auto training = first_lists(config.data.train, data.train_store, pretrained.tokenizer,
                                    data.train_lists, kListsOfStatistics);
  facts.training = dataset_of(config.data.train, config.card.train_dataset, training,
                              std::ssize(data.train_lists), pretrained);
  if (!training.empty()) facts.usage_pairs = usage_pairs_of(training.front());
  if (data.eval_lists.empty()) return;
  const std::string& file = config.data.eval.empty() ? config.data.train : config.data.eval;
  const std::string& id =
      config.data.eval.empty() ? config.card.train_dataset : config.card.eval_dataset;
  const auto held_out = first_lists(file, data.held_out_store(), pretrained.tokenizer,
                                    data.eval_lists, kListsOfStatistics);
  facts.evaluation = dataset_of(file, id, held_out, std::ssize(data.eval_lists), pretrained);
}

// --- loss and hyperparameters ---

// As Python prints it. A count that may also be a share below 1, such as logging_steps, is a
// double.
std::string python_value(const Value& value, bool is_count) {
  if (std::holds_alternative<std::monostate>(value)) return "None";
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "True" : "False";
  if (const auto* text = std::get_if<std::string>(&value)) return text->empty() ? "None" : *text;
  const double* number = std::get_if<double>(&value);
  if (is_count && number && *number >= 1) return fmt::format("{:.0f}", *number);
  return experiments::json_of<ordered_json>(value).dump();
}

std::string loss_options(const Config& config) {
  const std::vector<std::string> read = losses::loss_options(config.loss.name);
  ordered_json options = ordered_json::object();
  for (const Field& field : config_fields())
    if (field.section == "loss" && std::ranges::find(read, field.key) != read.end())
      options[field.key] = experiments::json_of<ordered_json>(field.get(config));
  if (config.loss.activation_fn.empty())
    options["activation_fn"] =
        losses::loss_needs(config.loss.name).in_batch ? "sigmoid" : "identity";
  return options.dump(4);
}

// The [training] section, without what is of this machine only.
std::vector<experiments::CardHyperparameter> hyperparameters(const Config& config) {
  std::vector<experiments::CardHyperparameter> all;
  const Config defaults;
  for (const Field& field : config_fields())
    if (field.section == "training" && field.key != "resume_from_checkpoint")
      all.push_back({field.key, python_value(field.get(config), field.key.ends_with("_steps")),
                     field.get(config) == field.get(defaults)});
  return all;
}

// --- evaluators ---

// Metrics by data set, both in the order of `names`: those that begin with `data set` + "_".
struct MetricsOf {
  std::vector<std::string> datasets;
  std::vector<std::string> metrics;

  void add(const std::string& dataset, const std::string& metric) {
    if (std::ranges::find(datasets, dataset) == datasets.end()) datasets.push_back(dataset);
    if (std::ranges::find(metrics, metric) == metrics.end()) metrics.push_back(metric);
  }
};

void add_nano_beir(const EvaluationConfig& config, const std::vector<std::string>& names,
                   std::vector<CardEvaluator>& evaluators) {
  const std::string infix = fmt::format("_R{}_", config.rerank_k);
  MetricsOf sets, mean;
  for (const std::string& name : names) {
    const size_t place = name.find(infix);
    if (place == std::string::npos) continue;
    const std::string dataset = name.substr(0, place + infix.size() - 1);
    const std::string metric = name.substr(place + infix.size());
    if (metric.starts_with("base_") || metric.starts_with("mean_base_")) continue;
    if (metric.starts_with("mean_"))
      mean.add(dataset + "_mean", metric.substr(5));
    else
      sets.add(dataset, metric);
  }
  const std::string primary = fmt::format("ndcg@{}", config.at_k);
  ordered_json options = {{"at_k", config.at_k},
                          {"always_rerank_positives", config.always_rerank_positives}};
  evaluators.push_back({"CrossEncoderRerankingEvaluator", "Cross Encoder Reranking", sets.datasets,
                        sets.metrics, primary, options.dump(4)});
  ordered_json of_mean = {{"dataset_names", config.dataset_names}, {"rerank_k", config.rerank_k}};
  of_mean.update(options);
  evaluators.push_back({"CrossEncoderNanoBEIREvaluator", "Cross Encoder Nano BEIR", mean.datasets,
                        mean.metrics, primary, of_mean.dump(4)});
}

// Figures of labelled pairs are named after their file.
void add_pairs(const std::string& file, const std::vector<std::string>& names, CardEvaluator kind,
               std::vector<CardEvaluator>& evaluators) {
  if (file.empty()) return;
  const std::string prefix = dataset_name(file) + "_";
  MetricsOf found;
  for (const std::string& name : names)
    if (name.starts_with(prefix)) found.add(dataset_name(file), name.substr(prefix.size()));
  kind.datasets = found.datasets;
  kind.metrics = found.metrics;
  evaluators.push_back(std::move(kind));
}

std::vector<CardEvaluator> describe_evaluators(const CardSources& sources) {
  const EvaluationConfig& config = sources.config.evaluation;
  std::vector<std::string> names;
  for (const std::string& name : sources.metric_names)
    if (name.starts_with("eval_")) names.push_back(name.substr(5));
  std::vector<CardEvaluator> evaluators;
  const bool one_label = sources.pretrained.model.config().num_labels == 1;
  add_pairs(
      config.correlation, names,
      {"CrossEncoderCorrelationEvaluator", "Cross Encoder Correlation", {}, {}, "spearman", "{}"},
      evaluators);
  add_pairs(config.classification, names,
            {"CrossEncoderClassificationEvaluator",
             "Cross Encoder Classification",
             {},
             {},
             one_label ? "average_precision" : "f1_macro",
             "{}"},
            evaluators);
  if (!config.nano_beir.empty()) add_nano_beir(config, names, evaluators);
  return evaluators;
}

// --- machine ---

void add_machine(const CardSources& sources, CardFacts& facts) {
  constexpr std::string_view kVersion = "version.";
  for (const auto& [name, value] : sources.environment) {
    if (name.starts_with(kVersion))
      facts.versions.emplace_back(name.substr(kVersion.size()), value);
    else if (name == "processor")
      facts.cpu_model = value;
  }
  std::map<std::string, int> gpus;
  for (const experiments::RankInfo& rank : sources.ranks)
    if (!rank.gpu_name.empty()) ++gpus[rank.gpu_name];
  std::vector<std::string> described;
  for (const auto& [name, count] : gpus) described.push_back(fmt::format("{} x {}", count, name));
  facts.gpu_model = fmt::format("{}", fmt::join(described, ", "));
  facts.memory_gigabytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                           static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 30);
}

}  // namespace

CardFacts gather_card_facts(const CardSources& sources) {
  CardFacts facts;
  add_model(sources, facts);
  add_data(sources, facts);
  facts.loss = sources.config.loss.name;
  facts.loss_options = loss_options(sources.config);
  facts.hyperparameters = hyperparameters(sources.config);
  facts.evaluators = describe_evaluators(sources);
  add_machine(sources, facts);
  return facts;
}

std::vector<double> score_usage(const std::vector<std::string>& usage_pairs,
                                const models::Pretrained& pretrained) {
  std::vector<models::PairView> pairs;
  for (size_t i = 0; i + 1 < usage_pairs.size(); i += 2)
    pairs.push_back({usage_pairs[i], usage_pairs[i + 1]});
  if (pairs.empty()) return {};
  at::Tensor scores = models::score_pairs(pretrained, pairs);  // [pairs, labels]
  if (pretrained.activation == models::Activation::kSigmoid) scores = scores.sigmoid();
  scores = scores.to(at::kDouble).contiguous();
  return {scores.const_data_ptr<double>(), scores.const_data_ptr<double>() + scores.numel()};
}

}  // namespace lambdaforge::trainer
